"""A data frame's rows as Arrow batches, each as soon as a task of Spark's has computed it."""

from __future__ import annotations

import struct
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any, BinaryIO, Final, NamedTuple

import pyarrow as pa
from pyspark.errors.exceptions.captured import unwrap_spark_exception
from pyspark.sql import DataFrame
from pyspark.util import local_connect_and_auth

ZONE: Final = "UTC"
"""What times are labelled with, whatever the session's zone: so text says them, too."""
BATCH_BYTES: Final = 4 * 1024**2
"""So much of a partition is held, by Spark's own measure of rows."""
_INTEGER: Final = struct.Struct(">i")
_ALL: Final = -1


class Piece(NamedTuple):
    """A batch of a partition; None: that partition has ended."""

    partition: int
    batch: pa.RecordBatch | None


def pieces(frame: DataFrame, batch_bytes: int = BATCH_BYTES) -> Generator[Piece, None, None]:
    """Run the frame's plan: pieces as they come, those of one partition in the order of its rows.

    A reader that stops early ends Spark's job. A reader that is slow slows it down. Raises what
    the query failed with, as pyspark does.
    """
    jvm: Any = frame.sparkSession._jvm
    port, secret, server = jvm.geoscope.rows.RowPush.serve(frame._jdf, ZONE, batch_bytes)
    file, sock = local_connect_and_auth(port, secret)
    # Spark works as long as it works; whoever watches the deadline cancels its job, and that
    # ends this stream.
    sock.settimeout(None)
    with closing(sock), closing(file):
        try:
            yield from _read(file)
        except (pa.ArrowInvalid, OSError, EOFError):
            _raise_failure_of(server)
            raise
    _raise_failure_of(server)


def batches(frame: DataFrame) -> Iterator[pa.RecordBatch]:
    """The batches alone, in the order in which they come."""
    with closing(pieces(frame)) as coming:
        for piece in coming:
            if piece.batch is not None:
                yield piece.batch


def _read(file: BinaryIO) -> Iterator[Piece]:
    while True:
        partition = _integer(file)
        if partition == _ALL:
            return
        length = _integer(file)
        yield Piece(partition, _batch(_exactly(file, length)) if length else None)


def _integer(file: BinaryIO) -> int:
    value: int = _INTEGER.unpack(_exactly(file, _INTEGER.size))[0]
    return value


def _exactly(file: BinaryIO, length: int) -> pa.Buffer:
    """So many bytes, in memory of Arrow's own; raises EOFError where the stream ends before."""
    buffer = pa.allocate_buffer(length)
    view = memoryview(buffer)
    while view.nbytes:
        count = file.readinto(view)  # type: ignore[attr-defined]
        if not count:
            raise EOFError(length)
        view = view[count:]
    return buffer


def _batch(buffer: pa.Buffer) -> pa.RecordBatch:
    with pa.ipc.open_stream(buffer) as reader:
        return reader.read_next_batch()


def _raise_failure_of(server: Any) -> None:
    """Wait for Spark's writing thread; raises what the query failed with."""
    with unwrap_spark_exception():
        server.getResult()
