"""Where printed rows go: to the reader at once, or to the spool for whoever reads them later."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from sandbox.failure import AgentFailure
from sandbox.statements.outlet import Outlet
from wire.codec import event_piece, rows_piece
from wire.messages import CompiledEvent, FinishedEvent, JobResult, ResultEvent
from wire.messages.statements import MAX_ROWS_PIECE_BYTES
from wire.protocol import ErrorCode

SEPARATOR: Final = b", "
"""Between the rows of an array; every printed row has it in front, the first one loses it."""


class Sink(Protocol):
    """Takes the results of one request, one after the other."""

    is_array: bool
    """Whether rows are members of an array (each with SEPARATOR in front), or lines."""

    def compiled(self, event: CompiledEvent) -> None:
        """The statements make sense."""

    def write(self, rows: bytes, count: int) -> None:
        """Take printed rows of the present result; raises AgentFailure(RESULT_TOO_LARGE)."""

    def write_header(self, row: bytes) -> None:
        """Take a first row that is none of the result's rows."""

    def end(self) -> None:
        """The present result is complete."""


class _Measured:
    """Rows and bytes of the present result and of all."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._total = 0
        self.rows = 0
        self.size = 0
        self.results: list[JobResult] = []

    def _count(self, size: int, count: int) -> None:
        self.rows += count
        self.size += size
        self._total += size
        if self._total > self._max_bytes:
            raise AgentFailure(
                ErrorCode.RESULT_TOO_LARGE,
                f"the result is larger than {self._max_bytes} bytes; ask for fewer rows",
            )

    def _close(self) -> JobResult:
        result = JobResult(index=len(self.results), rows=self.rows, size=self.size)
        self.results.append(result)
        self.rows = self.size = 0
        return result

    @property
    def result_count(self) -> int:
        """Rows of all results, the present one with them."""
        return self.rows + sum(result.rows for result in self.results)

    @property
    def result_size(self) -> int:
        """Bytes of all results, the present one with them."""
        return self.size + sum(result.size for result in self.results)


class Pipe(_Measured):
    """Rows and events as pieces of an answer.

    What comes before the first row is held back, so that a statement which fails before it has
    given any leaves no half answer, and a small one leaves in one write.
    """

    is_array = True

    def __init__(self, outlet: Outlet, max_bytes: int, check: Callable[[], None]) -> None:
        super().__init__(max_bytes)
        self._outlet = outlet
        self._check = check
        self._held = b""
        self._has_begun = False

    def compiled(self, event: CompiledEvent) -> None:
        """Hold the event until there is something to send with it."""
        self._held += event_piece(event)

    def write(self, rows: bytes, count: int) -> None:
        """Send rows on; the first of a result opens it."""
        if not count:
            return
        self._count(len(rows) - len(SEPARATOR) * count, count)
        self._send(rows)

    def write_header(self, row: bytes) -> None:
        """Send it as the result's first row."""
        self._send(row)

    def _send(self, rows: bytes) -> None:
        if not self._has_begun:
            self._begin()
            rows = rows[len(SEPARATOR) :]
        for start in range(0, len(rows), MAX_ROWS_PIECE_BYTES):
            self._held += rows_piece(rows[start : start + MAX_ROWS_PIECE_BYTES])
            held, self._held = self._held, b""
            self._outlet.put(held, self._check)

    def end(self) -> None:
        """Close the result."""
        if not self._has_begun:
            self._begin()
        done = self._close()
        event = ResultEvent(index=done.index, edge="end", rows=done.rows, size=done.size)
        self._held += event_piece(event)
        self._has_begun = False

    def finish(self, event: FinishedEvent) -> None:
        """The last event; nothing comes after it."""
        self._outlet.finish(self._held + event_piece(event))

    def _begin(self) -> None:
        self._has_begun = True
        self._held += event_piece(ResultEvent(index=len(self.results), edge="begin"))


class Spooler(_Measured):
    """Rows as lines of files in a folder, `<index>.rows`."""

    is_array = False

    def __init__(self, folder: Path, max_bytes: int) -> None:
        super().__init__(max_bytes)
        self._folder = folder
        self._file: BinaryIO | None = None

    def compiled(self, event: CompiledEvent) -> None:
        """Whoever made the job knows it already."""

    def write(self, rows: bytes, count: int) -> None:
        """Append lines."""
        self._count(len(rows), count)
        self._opened().write(rows)

    def write_header(self, row: bytes) -> None:
        """Make it the first line."""
        self._opened().write(row)

    def end(self) -> None:
        """The file is complete."""
        self._opened().close()
        self._file = None
        self._close()

    def close(self) -> None:
        """Let go of a file that was not ended; closing twice is fine."""
        if self._file is not None:
            self._file.close()

    def _opened(self) -> BinaryIO:
        if self._file is None:
            self._file = (self._folder / f"{len(self.results)}.rows").open("wb")
        return self._file
