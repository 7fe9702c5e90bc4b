"""A result between the last row and the last byte: in memory while small, then on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

MEMORY_BYTES = 8 * 1024**2
READ_BYTES = 1024**2


class Spool:
    """Pieces of bytes in the order of their coming, to be read in another."""

    def __init__(self, folder: Path, memory_bytes: int = MEMORY_BYTES) -> None:
        # The file has no name on disk: nothing is left of it, however the agent ends.
        self._file = tempfile.SpooledTemporaryFile(max_size=memory_bytes, dir=str(folder))  # noqa: SIM115
        self._lengths: list[int] = []
        self.size = 0

    @property
    def is_on_disk(self) -> bool:
        """Whether it has outgrown its memory."""
        return bool(getattr(self._file, "_rolled", False))

    def append(self, piece: bytes) -> None:
        """Take in one more piece."""
        # Whoever has read meanwhile has left off elsewhere.
        self._file.seek(self.size)
        self._file.write(piece)
        self._lengths.append(len(piece))
        self.size += len(piece)

    def read(self, order: Sequence[int], skip: int = 0) -> Iterator[bytes]:
        """The pieces in that order, without the first `skip` bytes, never much at a time."""
        starts = [0]
        for length in self._lengths:
            starts.append(starts[-1] + length)
        for number in (number for number in order if self._lengths[number]):
            start = starts[number] + skip
            skip = 0
            yield from self._span(start, starts[number + 1])

    def close(self) -> None:
        """Let go of memory and disk; closing twice is fine."""
        self._file.close()

    def _span(self, start: int, stop: int) -> Iterator[bytes]:
        while start < stop:
            self._file.seek(start)
            block = self._file.read(min(READ_BYTES, stop - start))
            start += len(block)
            yield block
