"""The scope's own files: read, written and listed below one folder, and never outside it.

Every part of a path is opened relative to its parent without following links, so that a link in
there leads nowhere, whenever it is put in place.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from sandbox.failure import AgentFailure
from wire.messages import FileFacts, FileListing
from wire.protocol import ErrorCode

MAX_LISTED: Final = 10_000
MAX_PARTS: Final = 64
UPLOAD_PREFIX: Final = ".upload-"
LEFTOVER: Final = re.compile(r"\.upload-[0-9a-f]{16}")
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CODES: Final = {
    errno.ELOOP: ErrorCode.BAD_PATH,
    errno.ENAMETOOLONG: ErrorCode.BAD_PATH,
    errno.EINVAL: ErrorCode.BAD_PATH,
    errno.EACCES: ErrorCode.BAD_PATH,
    errno.ENOENT: ErrorCode.FILE_NOT_FOUND,
    errno.ENOTDIR: ErrorCode.FILE_NOT_FOUND,
    errno.EISDIR: ErrorCode.FILE_EXISTS,
    errno.ENOTEMPTY: ErrorCode.FILE_EXISTS,
    errno.ENOSPC: ErrorCode.DISK_FULL,
    errno.EDQUOT: ErrorCode.DISK_FULL,
    errno.EFBIG: ErrorCode.DISK_FULL,
}
_WORDS: Final = {
    ErrorCode.BAD_PATH: "leads out of the scope's files",
    ErrorCode.FILE_NOT_FOUND: "is not there",
    ErrorCode.FILE_EXISTS: "is a folder",
    ErrorCode.DISK_FULL: "does not fit: the scope's disk is full",
}


@dataclass
class Upload:
    """A file on its way in: written beside its target, renamed onto it by `commit`."""

    path: str
    _parent: int
    _name: str
    _temporary: str
    _stream: BinaryIO
    size: int = 0

    def write(self, piece: bytes) -> None:
        """Take the next piece (blocking); raises AgentFailure(DISK_FULL)."""
        with _worded(self.path):
            self._stream.write(piece)
        self.size += len(piece)

    def commit(self) -> None:
        """Put the file in place of what was there."""
        with _worded(self.path):
            self._stream.flush()
            folder = self._parent
            os.replace(self._temporary, self._name, src_dir_fd=folder, dst_dir_fd=folder)


class Files:
    """The folder that the files endpoint shows (blocking calls).

    The mutable state is the names of files on their way in.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._under_way: set[str] = set()

    def drop_leftovers(self) -> int:
        """Remove what uploads left that an earlier agent did not finish; how many there were."""
        dropped = 0
        for _, _, names, folder in os.fwalk(self._root):
            for name in names:
                if LEFTOVER.fullmatch(name) and name not in self._under_way:
                    with contextlib.suppress(OSError):
                        os.unlink(name, dir_fd=folder)
                        dropped += 1
        return dropped

    def open(self, path: str) -> BinaryIO | FileListing:
        """The file, open to read, or the folder's listing; raises AgentFailure."""
        with self._parent(path) as (parent, name), _worded(path):
            descriptor = os.open(name, _FILE, dir_fd=parent)
            kind = os.fstat(descriptor).st_mode
            if stat.S_ISDIR(kind):
                return _listing(descriptor)
            if not stat.S_ISREG(kind):
                os.close(descriptor)
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            return os.fdopen(descriptor, "rb")

    @contextmanager
    def receive(self, path: str) -> Iterator[Upload]:
        """A file to be written; what was there stays until `commit`."""
        with self._parent(path, make=True) as (parent, name):
            if name == ".":
                raise AgentFailure(ErrorCode.BAD_PATH, "a file needs a name")
            temporary = f"{UPLOAD_PREFIX}{secrets.token_hex(8)}"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            self._under_way.add(temporary)
            try:
                with _worded(path):
                    descriptor = os.open(temporary, flags, 0o600, dir_fd=parent)
                with os.fdopen(descriptor, "wb", 0) as stream:
                    yield Upload(path, parent, name, temporary, stream)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(temporary, dir_fd=parent)
                self._under_way.discard(temporary)

    def delete(self, path: str) -> None:
        """Remove a file, a link or a folder with all that is in it."""
        with self._parent(path) as (parent, name), _worded(path):
            if name == ".":
                raise AgentFailure(ErrorCode.BAD_PATH, "the scope's files themselves stay")
            if stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
                shutil.rmtree(name, dir_fd=parent)
            else:
                os.unlink(name, dir_fd=parent)

    @contextmanager
    def _parent(self, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """The open folder that holds `path`, and its last part (`.` for the root itself)."""
        parts = _parts(path)
        with contextlib.ExitStack() as opened, _worded(path):
            folder = os.open(self._root, _FOLDER)
            opened.callback(os.close, folder)
            for part in parts[:-1]:
                folder = _step(folder, part, make=make)
                opened.callback(os.close, folder)
            yield folder, parts[-1] if parts else "."


def _step(folder: int, part: str, *, make: bool) -> int:
    if make:
        with contextlib.suppress(FileExistsError):
            os.mkdir(part, 0o700, dir_fd=folder)
    try:
        return os.open(part, _FOLDER, dir_fd=folder)
    except NotADirectoryError:
        # Linux says ENOTDIR for a link opened with O_DIRECTORY|O_NOFOLLOW.
        if stat.S_ISLNK(os.stat(part, dir_fd=folder, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
        raise


def _parts(path: str) -> list[str]:
    if path.startswith("/") or "\0" in path:
        raise _bad(path)
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts or len(parts) > MAX_PARTS:
        raise _bad(path)
    return parts


def _bad(path: str) -> AgentFailure:
    return AgentFailure(ErrorCode.BAD_PATH, f"{path[:200]!r} leads out of the scope's files")


def _listing(folder: int) -> FileListing:
    found: list[FileFacts] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(UPLOAD_PREFIX):
                    continue
                if len(found) == MAX_LISTED:
                    return FileListing(files=_sorted(found), truncated=True)
                found.append(_facts(entry))
    finally:
        os.close(folder)
    return FileListing(files=_sorted(found))


def _facts(entry: os.DirEntry[str]) -> FileFacts:
    facts = entry.stat(follow_symlinks=False)
    is_dir = entry.is_dir(follow_symlinks=False)
    name = entry.name.encode(errors="replace").decode()
    size = 0 if is_dir else facts.st_size
    return FileFacts(name=name, bytes=size, modified=facts.st_mtime, is_dir=is_dir)


def _sorted(found: list[FileFacts]) -> list[FileFacts]:
    return sorted(found, key=lambda facts: facts.name)


@contextmanager
def _worded(path: str) -> Iterator[None]:
    """The system's errors in the contract's words."""
    try:
        yield
    except OSError as error:
        code = _CODES.get(error.errno or 0, ErrorCode.INTERNAL)
        words = _WORDS.get(code, "could not be reached")
        raise AgentFailure(code, f"{path[:200]} {words}") from error
