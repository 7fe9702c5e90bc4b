"""The keys that sign tokens: two in a file that only we may read, so that a new one ends no token.

The newest signs, both are believed. The file is read again when it is another: an operator's
`python -m control keys rotate` counts at once, without a restart.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Self

import msgspec

from control.errors import KeysUnusable
from control.logs import get_logger

log = get_logger(__name__)

FILE_NAME: Final = "signing-keys.json"
MODE: Final = 0o600
OTHERS: Final = 0o077
MAX_KEYS: Final = 2
LOOK_EVERY_S: Final = 1.0
SECRET_BYTES: Final = 32
MAX_FILE_BYTES: Final = 64 * 1024


class SigningKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key; tokens name it by its `id`. `created` in seconds since the epoch."""

    id: str
    secret: str
    created: float

    @classmethod
    def new(cls) -> Self:
        """A random one."""
        id, secret = secrets.token_hex(4), secrets.token_hex(SECRET_BYTES)
        return cls(id=id, secret=secret, created=time.time())


Keys = tuple[SigningKey, ...]
"""The newest first; never empty."""


def read_keys(path: Path) -> Keys:
    """The keys of the file; raises KeysUnusable."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if os.fstat(file.fileno()).st_mode & OTHERS:
                why = "others than its owner may read it: chmod 600"
                raise KeysUnusable(path, why)
            keys = msgspec.json.decode(file.read(MAX_FILE_BYTES), type=Keys)
    except OSError as error:
        raise KeysUnusable(path, error.strerror or str(error)) from error
    except msgspec.MsgspecError as error:
        # The decoder's words may show a piece of a key.
        why = "it is no list of keys"
        raise KeysUnusable(path, why) from error
    if not keys or any(len(key.secret) < SECRET_BYTES for key in keys):
        why = "it has no key, or one that is too short"
        raise KeysUnusable(path, why)
    return tuple(sorted(keys, key=lambda key: -key.created))


def write_keys(path: Path, keys: Sequence[SigningKey]) -> None:
    """Put the file in place, whole or not at all; raises OSError."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(list(keys))) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def rotate(path: Path) -> Keys:
    """A new key signs from now on; the one before it is still believed. Raises KeysUnusable."""
    keys = (SigningKey.new(), *read_keys(path))[:MAX_KEYS]
    write_keys(path, keys)
    return keys


def replace(path: Path) -> Keys:
    """One new key and no other: every token of everybody ends."""
    keys = (SigningKey.new(),)
    write_keys(path, keys)
    return keys


class KeyRing:
    """The keys as the file has them.

    The mutable state is `keys` and `version`, which grows when the file was another.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._seen = _fingerprint(path)
        self._looked = clock()
        self.keys = read_keys(path)
        self.version = 0

    @classmethod
    def open(cls, path: Path, inherited: Sequence[str] = ()) -> Self:
        """The ring of this file, made at the first start, with `inherited` secrets in it.

        Raises KeysUnusable.
        """
        if not os.path.lexists(path):
            older = [
                SigningKey(id=f"old{i}", secret=s, created=0.0) for i, s in enumerate(inherited)
            ]
            write_keys(path, (SigningKey.new(), *older)[:MAX_KEYS])
        return cls(path)

    def look(self) -> int:
        """The version, after a look at the file where the last one is a second ago."""
        now = self._clock()
        if now - self._looked >= LOOK_EVERY_S:
            self._looked = now
            self._read_again()
        return self.version

    def _read_again(self) -> None:
        seen = _fingerprint(self._path)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self.keys = read_keys(self._path)
        except KeysUnusable as error:
            log.error("signing keys not read again", why=error.message)
            return
        self.version += 1
        log.info("signing keys read again", keys=[key.id for key in self.keys])


def _fingerprint(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
