"""How a CSV quotes, found by looking: what Spark must know before it splits the file by lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CHUNK_BYTES = 16 * 1024**2
COMPRESSED = (".gz", ".bz2", ".zst", ".lz4", ".snappy", ".deflate")
_BACKSLASH, _NEWLINE = ord("\\"), ord("\n")

Bytes = NDArray[np.uint8]
Positions = NDArray[np.int64]


@dataclass
class Quoting:
    """What quotes were seen doing; a compressed file is not looked into."""

    spans_lines: bool = False
    """A newline follows an odd number of quotes: a value may hold it."""
    doubles: bool = False
    """A quote in a value is written twice, as RFC 4180 has it."""
    escapes: bool = False
    """A quote comes after a backslash."""

    @property
    def escape(self) -> str:
        """The character before a quote that belongs to the value."""
        return "\\" if self.escapes and not self.doubles else '"'


def look(files: Iterable[str], quote: str = '"', delimiter: str = ",") -> Quoting:
    """Read the files once, at the speed of the disk."""
    seen = Quoting()
    for name in files:
        if name.endswith(COMPRESSED):
            seen.spans_lines = True
        else:
            _look_into(name, ord(quote), ord(delimiter), seen)
    return seen


def _look_into(name: str, quote: int, delimiter: int, seen: Quoting) -> None:
    parity = {"all": 0, "plain": 0}
    tail = np.full(2, _NEWLINE, np.uint8)
    for block in _chunks(name):
        chunk = np.concatenate([tail, block])
        quotes = np.flatnonzero(block == quote) + 2
        before = chunk[quotes - 1]
        plain = quotes[before != _BACKSLASH]
        seen.escapes |= len(plain) < len(quotes)
        seen.doubles |= _doubled(chunk, quotes, quote, delimiter)
        newlines = np.flatnonzero(block == _NEWLINE) + 2
        for kind, found in (("all", quotes), ("plain", plain)):
            inside = (np.searchsorted(found, newlines) + parity[kind]) & 1
            seen.spans_lines |= bool(inside.any())
            parity[kind] = (parity[kind] + len(found)) & 1
        tail = chunk[-2:]


def _doubled(chunk: Bytes, quotes: Positions, quote: int, delimiter: int) -> bool:
    """Whether two quotes stand together, and are neither an empty value nor `\\""`."""
    second = quotes[chunk[quotes - 1] == quote]
    return bool(np.any(~np.isin(chunk[second - 2], [delimiter, _NEWLINE, _BACKSLASH])))


def _chunks(name: str) -> Iterator[Bytes]:
    with Path(name).open("rb") as file:
        while block := file.read(CHUNK_BYTES):
            yield np.frombuffer(block, np.uint8)
