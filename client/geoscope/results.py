"""What the server answers, as values."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    """How a command ended: the last expression's value, what it wrote, what it displayed."""

    result: Any
    stdout: str = ""
    stderr: str = ""
    display: tuple[dict[str, Any], ...] = ()

    @classmethod
    def of(cls, reply: Mapping[str, Any]) -> CommandResult:
        """From the server's reply."""
        return cls(
            result=reply.get("result"),
            stdout=reply.get("stdout") or "",
            stderr=reply.get("stderr") or "",
            display=tuple(reply.get("display") or ()),
        )


@dataclass(frozen=True, kw_only=True)
class QueryResult:
    """Rows as dicts by column; `truncated` where the server stopped at its limit."""

    rows: list[dict[str, Any]]
    num_rows: int | None
    columns: list[dict[str, Any]]
    truncated: bool = False
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, reply: Mapping[str, Any]) -> QueryResult:
        """From the server's reply."""
        return cls(
            rows=reply.get("result") or [],
            num_rows=reply.get("num_rows"),
            columns=reply.get("columns") or [],
            truncated=bool(reply.get("truncated")),
            warnings=tuple(reply.get("warnings") or ()),
        )

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The rows."""
        return iter(self.rows)

    def __len__(self) -> int:
        """How many rows are here."""
        return len(self.rows)


@dataclass(frozen=True, kw_only=True)
class StatementResult:
    """What statements of the query service gave: one list of values for each result."""

    request_id: str
    results: list[list[Any]]
    metrics: dict[str, Any]
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, reply: Mapping[str, Any]) -> StatementResult:
        """From the server's reply."""
        names = [name for name in reply if name == "results" or name.startswith("results-")]
        return cls(
            request_id=str(reply.get("requestID", "")),
            results=[reply[name] for name in names],
            metrics=dict(reply.get("metrics") or {}),
            warnings=tuple(str(warning["msg"]) for warning in reply.get("warnings") or ()),
        )

    @property
    def rows(self) -> list[Any]:
        """The values of the last result; none where no statement has one."""
        return self.results[-1] if self.results else []


@dataclass(frozen=True, kw_only=True)
class ArrowResult:
    """An Arrow IPC stream, as it came; `table` needs pyarrow, `frame` pandas too."""

    content: bytes
    truncated: bool = False

    def table(self) -> Any:
        """The rows as a pyarrow Table."""
        from pyarrow import ipc

        return ipc.open_stream(io.BytesIO(self.content)).read_all()

    def frame(self) -> Any:
        """The rows as a pandas DataFrame; geometries are WKB."""
        return self.table().to_pandas()


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A map: the encoded picture, and how it came about."""

    content: bytes
    content_type: str
    rows: int | None = None
    drawn: int | None = None
    dropped: dict[str, int]
    ms: dict[str, float]

    @classmethod
    def of(cls, content: bytes, headers: Mapping[str, str]) -> Picture:
        """From the body and its X-Render-* headers."""
        return cls(
            content=content,
            content_type=headers.get("Content-Type", ""),
            rows=_whole(headers.get("X-Render-Rows")),
            drawn=_whole(headers.get("X-Render-Drawn")),
            dropped=json.loads(headers.get("X-Render-Dropped") or "{}"),
            ms=json.loads(headers.get("X-Render-Ms") or "{}"),
        )

    def save(self, path: str | Path) -> Path:
        """Write the picture to a file."""
        target = Path(path)
        target.write_bytes(self.content)
        return target

    def _repr_png_(self) -> bytes | None:
        return self.content if self.content_type == "image/png" else None


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event of a running command: stdout, stderr, display, state, and last `done`."""

    name: str
    members: dict[str, Any]


def events_of(lines: Iterable[str]) -> Iterator[Event]:
    """Server-sent events from the lines of a stream."""
    name = ""
    for line in lines:
        if line.startswith("event:"):
            name = line.removeprefix("event:").strip()
        elif line.startswith("data:"):
            yield Event(name=name, members=json.loads(line.removeprefix("data:")))


def _whole(text: str | None) -> int | None:
    return int(text) if text else None
