"""A data frame's rows as they come: one Arrow batch at a time, never all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, BinaryIO

import pyarrow as pa
from pyspark.errors.exceptions.captured import unwrap_spark_exception
from pyspark.serializers import read_int
from pyspark.sql import DataFrame
from pyspark.util import local_connect_and_auth


def batches(frame: DataFrame) -> Iterator[pa.RecordBatch]:
    """Run the frame's plan and yield its batches in the order in which partitions finish.

    `DataFrame.toArrow` reads the same stream, but holds every batch until the last has come. A
    reader that stops early closes the socket, and with it Spark's writing.
    """
    port, secret, server = frame._jdf.collectAsArrowToPython()
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


def _read(file: BinaryIO) -> Iterator[pa.RecordBatch]:
    """Batches, then the tail that Spark writes behind them; without one the rows are not all."""
    with pa.ipc.open_stream(file) as reader:
        for batch in reader:
            if batch.num_rows:
                yield batch
    # The order of the batches, one number each, or -1 and the reason of a failure.
    following = read_int(file)
    file.read(4 * following if following > 0 else -1)


def _raise_failure_of(server: Any) -> None:
    """Wait for Spark's writing thread; raises what the query failed with."""
    with unwrap_spark_exception():
        server.getResult()
