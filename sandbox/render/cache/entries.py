"""The rows of one map's SQL: in memory, or in a file that is mapped into it."""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import pyarrow as pa

FORGET_EVERY: Final = 64
"""After so many batches of a file the pages that were read are given back."""


class Entry(Protocol):
    """Rows that may be read many times, by several threads."""

    @property
    def memory_bytes(self) -> int:
        """What it holds in memory."""

    @property
    def disk_bytes(self) -> int:
        """What it holds on disk."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows."""


class InMemory:
    """Rows in memory."""

    disk_bytes = 0

    def __init__(self, rows: list[pa.RecordBatch]) -> None:
        self._rows = rows
        self.memory_bytes = sum(batch.nbytes for batch in rows)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows."""
        return iter(self._rows)

    def moved(self, folder: Path) -> OnDisk:
        """The same rows on disk; raises OSError."""
        with Spill(folder) as spill:
            for batch in self._rows:
                spill.write(batch)
            return spill.finish()


class OnDisk:
    """Rows in a file without a name: nobody else opens it, and it is gone when nobody reads."""

    memory_bytes = 0

    def __init__(self, file: BinaryIO) -> None:
        self._map = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        self.disk_bytes = len(self._map)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows; the pages behind the reader do not stay in memory."""
        reader = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(self._map)))
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number)
            if number % FORGET_EVERY == FORGET_EVERY - 1:
                self._map.madvise(mmap.MADV_DONTNEED)


class Spill:
    """A file of rows in the making; left without `finish`, it is gone."""

    def __init__(self, folder: Path) -> None:
        descriptor, name = tempfile.mkstemp(dir=folder)
        self._file = os.fdopen(descriptor, "w+b")
        Path(name).unlink()
        self._writer: pa.RecordBatchFileWriter | None = None

    def __enter__(self) -> Spill:
        """The file is open already."""
        return self

    def __exit__(self, *_: object) -> None:
        """What is mapped stays so."""
        self._file.close()

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._file.tell()

    def write(self, batch: pa.RecordBatch) -> None:
        """Some rows; raises OSError."""
        if self._writer is None:
            self._writer = pa.ipc.new_file(self._file, batch.schema)
        self._writer.write_batch(batch)

    def finish(self) -> OnDisk:
        """All rows were written; raises OSError."""
        assert self._writer is not None  # noqa: S101  (nothing is spilled for no rows)
        self._writer.close()
        self._file.flush()
        return OnDisk(self._file)
