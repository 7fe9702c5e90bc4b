"""Reading frames within the reading of others, on the one thread of a statement.

Tasks wait for their reader. A reader that reads another frame meanwhile would let them wait for
as long, and if they hold every slot of Spark's, the other frame's tasks never begin.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame

from sandbox.query.batches import BatchStream, Converters
from sandbox.query.spool import Spool


class Scans:
    """Scans of frames; of those open on one thread, only the latest keeps Spark waiting."""

    def __init__(self, spool_dir: Path) -> None:
        self._spool_dir = spool_dir
        # The mutable state: by thread, the scans that are open, outermost first.
        self._of_thread = threading.local()

    def read(
        self, converters: Converters, frame: DataFrame
    ) -> Generator[pa.RecordBatch, None, None]:
        """The frame's batches, as they come."""
        opened = self._open()
        for outer in opened:
            outer.put_aside()
        scan = _Scan(BatchStream(converters, frame), self._spool_dir)
        opened.append(scan)
        with closing(scan):
            try:
                yield from scan
            finally:
                opened.remove(scan)

    def _open(self) -> list[_Scan]:
        opened: list[_Scan] = self._of_thread.__dict__.setdefault("opened", [])
        return opened


class _Scan:
    """One frame's batches; `put_aside` fetches all that are left, and so frees Spark of it."""

    def __init__(self, stream: BatchStream, spool_dir: Path) -> None:
        self._coming = iter(stream)
        self._spool_dir = spool_dir
        self._aside: Spool | None = None
        self._schema: pa.Schema = None
        self._kept = 0

    def __iter__(self) -> Generator[pa.RecordBatch, None, None]:
        """What comes, then what was put aside."""
        while self._aside is None:
            batch = next(self._coming, None)
            if batch is None:
                return
            yield batch
        for number in range(self._kept):
            yield self._read_back(number)

    def put_aside(self) -> None:
        """Fetch the rest; twice is fine. Raises what the query failed with."""
        if self._aside is not None:
            return
        self._aside = Spool(self._spool_dir)
        for batch in self._coming:
            self._schema = batch.schema
            self._aside.append(batch.serialize().to_pybytes())
            self._kept += 1

    def close(self) -> None:
        """End Spark's job, and let go of what was kept."""
        self._coming.close()
        if self._aside is not None:
            self._aside.close()

    def _read_back(self, number: int) -> pa.RecordBatch:
        assert self._aside is not None  # noqa: S101 - it was put there
        written = b"".join(self._aside.read([number]))
        return pa.ipc.read_record_batch(pa.py_buffer(written), self._schema)
