"""A frame's rows as Arrow batches: in one stream, or at once where Spark needs no job."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any, BinaryIO

import pyarrow as pa
from pyspark.errors.exceptions.captured import unwrap_spark_exception
from pyspark.serializers import read_int
from pyspark.sql import DataFrame, SparkSession
from pyspark.util import local_connect_and_auth

SMALL_ROWS = 1_000
"""A result that is limited to so many rows is fetched as Spark's own `take` does it."""

# Text says times in UTC whatever the session's zone; Arrow's label then says so too.
_UTC = "UTC"
_BATCH_ROWS = 100_000
_BATCH_BYTES = 64 * 1024**2


class Converters:
    """What the JVM has to turn rows into Arrow; looked up once, for each look is many calls."""

    def __init__(self, spark: SparkSession) -> None:
        jvm: Any = spark._jvm
        arrow = jvm.org.apache.spark.sql.execution.arrow
        expressions = jvm.org.apache.spark.sql.catalyst.expressions
        self._arrow = getattr(getattr(arrow, "ArrowConverters$"), "MODULE$")
        self._projection = expressions.InterpretedProjection
        self._sequence = jvm.PythonUtils.toSeq
        self._wrapped = jvm.scala.collection.immutable.ArraySeq.unsafeWrapArray

    def schema(self, frame: DataFrame) -> pa.Schema:
        """The Arrow schema of a frame, for a result without any batch."""
        payload = self._arrow.createEmptyArrowBatch(frame._jdf.schema(), _UTC, False, False)
        return pa.ipc.open_stream(payload).schema

    def batches(self, frame: DataFrame, rows: Any) -> Iterator[pa.RecordBatch]:
        """Rows (a Scala Seq) as batches."""
        payloads = self._arrow.toBatchWithSchemaIterator(
            rows.iterator(), frame._jdf.schema(), _BATCH_ROWS, _BATCH_BYTES, _UTC, False, False
        )
        while payloads.hasNext():
            with pa.ipc.open_stream(payloads.next()) as reader:
                yield from reader

    def ready_rows(self, execution: Any) -> Any:
        """The rows (a Scala Seq) where the optimised plan holds them already, else None."""
        plan = execution.optimizedPlan()
        match plan.getClass().getSimpleName():
            case "LocalRelation":
                return plan.data()
            case "CommandResult":
                return plan.rows()
            case "Project":
                return self._constant_row(plan)
            case _:
                return None

    def taken_rows(self, execution: Any) -> Any:
        """The rows (a Scala Seq) of a small result, by as few tasks as give them."""
        return self._wrapped(execution.executedPlan().executeCollect())

    def _constant_row(self, plan: Any) -> Any:
        """The one row of a SELECT of literals without FROM."""
        if plan.child().getClass().getSimpleName() != "OneRowRelation":
            return None
        expressions = plan.projectList()
        if not all(_is_literal(expressions.apply(i)) for i in range(expressions.size())):
            return None
        return self._sequence([self._projection(expressions).apply(None)])


class BatchStream:
    """The batches of one frame, in the order in which its partitions finish.

    `order` tells, once all have come, in which order they belong.
    """

    def __init__(
        self,
        converters: Converters,
        frame: DataFrame,
        at_most: int | None = None,
        ready: Any = None,
    ) -> None:
        """`ready` are the frame's `ready_rows`, where somebody has asked for them before."""
        self._converters = converters
        self._frame = frame
        self._at_most = at_most
        self._ready = ready
        self.order: list[int] = []

    def __iter__(self) -> Generator[pa.RecordBatch, None, None]:
        """Run the plan; it stops when the reader does."""
        execution = self._frame._jdf.queryExecution()
        rows = self._ready
        if rows is None:
            rows = self._converters.ready_rows(execution)
        if rows is None and self._at_most is not None and self._at_most <= SMALL_ROWS:
            rows = self._converters.taken_rows(execution)
        if rows is None:
            yield from self._streamed()
            return
        for number, batch in enumerate(self._converters.batches(self._frame, rows)):
            self.order.append(number)
            yield batch

    def _streamed(self) -> Iterator[pa.RecordBatch]:
        port, secret, server = self._frame._jdf.collectAsArrowToPython()
        file, sock = local_connect_and_auth(port, secret)
        # Spark works as long as it works; whoever watches the deadline cancels its job, and
        # that ends this stream.
        sock.settimeout(None)
        with closing(sock), closing(file):
            try:
                yield from self._read(file)
            except (pa.ArrowInvalid, OSError, EOFError):
                _raise_failure_of(server)
                raise
            _raise_failure_of(server)

    def _read(self, file: BinaryIO) -> Iterator[pa.RecordBatch]:
        with pa.ipc.open_stream(file) as reader:
            yield from reader
        count = read_int(file)
        if count < 0:
            # The reason follows as text; asking the server raises it as Spark's exception.
            raise EOFError(count)
        self.order = [read_int(file) for _ in range(count)]


def _is_literal(expression: Any) -> bool:
    kind = expression.getClass().getSimpleName()
    if kind == "Alias":
        kind = expression.child().getClass().getSimpleName()
    return bool(kind == "Literal")


def _raise_failure_of(server: Any) -> None:
    """Wait for Spark's writing thread; raises what the query failed with."""
    with unwrap_spark_exception():
        server.getResult()
