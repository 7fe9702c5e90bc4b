"""Paths of a request: where they lie on the scope's disk, which files they mean, what changed."""

from __future__ import annotations

import glob
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sandbox.failure import AgentFailure
from wire.protocol import FILES_FOLDER, ErrorCode
from wire.settings import AgentSettings

_GLOB = frozenset("*?[{")


@dataclass(frozen=True)
class Found:
    """What a path of a request means: `location` is what it says, `files` what is there now."""

    location: str
    files: tuple[str, ...]
    is_pattern: bool

    @property
    def size_bytes(self) -> int:
        """All files together."""
        return sum(Path(name).stat().st_size for name in self.files)


class Paths:
    """Resolves the paths of requests; relative ones lie in the scope's files."""

    def __init__(self, settings: AgentSettings) -> None:
        self._scope = Path(settings.scope_dir)
        self._files = self._scope / FILES_FOLDER
        # The names that a path has in the container hold for an agent without one, too.
        data = msgspec.json.decode(settings.data_dirs, type=dict[str, str])
        self._mounts = {"/scope": str(self._scope), "/samples": settings.samples_dir, **data}

    def resolve(self, path: str) -> str:
        """The absolute path; raises AgentFailure(BAD_PATH) for a relative one that leaves."""
        if not path or "\0" in path:
            raise AgentFailure(ErrorCode.BAD_PATH, f"{path!r} is no path")
        if not path.startswith("/"):
            inside = os.path.normpath(self._files / path)
            if inside != str(self._files) and not inside.startswith(f"{self._files}/"):
                raise AgentFailure(ErrorCode.BAD_PATH, f"{path} leaves the scope's files")
            return inside
        absolute = os.path.normpath(path)
        for mount, real in self._mounts.items():
            if absolute == mount or absolute.startswith(mount + "/"):
                return real + absolute.removeprefix(mount)
        return absolute

    def find(self, table: str, path: str) -> Found:
        """The files that a path (file, folder, glob) means; LOAD_FAILED if there are none."""
        location = self.resolve(path)
        is_pattern = not Path(location).exists() and bool(_GLOB & set(location))
        files = files_under(location, is_pattern=is_pattern)
        if not files:
            raise AgentFailure(ErrorCode.LOAD_FAILED, f"table {table}: no such file: {path}")
        return Found(location, tuple(files), is_pattern)

    def shown(self, path: str | Path) -> str:
        """A path as a tenant knows it: relative to the files where it lies there."""
        text = str(path)
        return text.removeprefix(f"{self._files}/")


def files_under(location: str, *, is_pattern: bool = False) -> list[str]:
    """The data files at a location, sorted; names that begin with `_` or `.` are not data."""
    roots = sorted(_expand(location)) if is_pattern else [location]
    return [name for root in roots for name in _walk(root)]


def fingerprint(files: list[str]) -> str:
    """One word for the list of (path, size, time): another list, another word."""
    digest = hashlib.blake2b(digest_size=16)
    for name in files:
        try:
            facts = Path(name).stat()
        except FileNotFoundError:
            continue
        digest.update(f"{name}\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def _expand(pattern: str) -> list[str]:
    """Shell patterns, and Spark's `{a,b}`."""
    start, end = pattern.find("{"), pattern.find("}")
    if 0 <= start < end:
        head, tail = pattern[:start], pattern[end + 1 :]
        options = pattern[start + 1 : end].split(",")
        return [name for option in options for name in _expand(head + option + tail)]
    return glob.glob(pattern)  # noqa: PTH207  (the pattern is absolute: Path.glob takes none)


def _walk(root: str) -> list[str]:
    if not Path(root).is_dir():
        return [root] if Path(root).is_file() else []
    found: list[str] = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if _is_data(name) or "=" in name)
        found += [f"{folder}/{name}" for name in sorted(names) if _is_data(name)]
    return found


def _is_data(name: str) -> bool:
    return not name.startswith(("_", "."))
