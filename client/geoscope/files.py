"""The files of a scope."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote

from geoscope.transport import Transport

CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True)
class Files:
    """Files by their path relative to the scope's own folder (`/scope/files`)."""

    transport: Transport
    scope: str

    def list(self, folder: str = "") -> list[dict[str, Any]]:
        """Entries of a folder: name, bytes, modified, is_dir."""
        found: list[dict[str, Any]] = self.transport.ask("GET", self._path(folder))["files"]
        return found

    def put(self, path: str, content: bytes | IO[bytes] | Path) -> int:
        """Put a file in place, streamed; how many bytes it has. Missing folders are made."""
        if isinstance(content, Path):
            with content.open("rb") as file:
                return self.put(path, file)
        return int(self.transport.ask("PUT", self._path(path), data=content)["bytes"])

    def get(self, path: str) -> bytes:
        """A file's bytes."""
        return self.transport.send("GET", self._path(path)).content

    def save(self, path: str, target: str | Path) -> int:
        """Write a file of the scope to one here, streamed; how many bytes it has."""
        written = 0
        with (
            self.transport.stream("GET", self._path(path)) as reply,
            Path(target).open("wb") as file,
        ):
            for chunk in reply.iter_content(CHUNK_BYTES):
                written += file.write(chunk)
        return written

    def delete(self, path: str) -> None:
        """Delete a file or an empty folder."""
        self.transport.ask("DELETE", self._path(path))

    def _path(self, path: str) -> str:
        below = f"/{quote(path)}" if path else ""
        return f"/scope/{quote(self.scope, safe='')}/files{below}"
