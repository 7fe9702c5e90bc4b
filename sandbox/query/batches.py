"""A frame's rows as Arrow batches: in one stream, or at once where Spark needs no job."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from sandbox.rows import ZONE, Piece, pieces

SMALL_ROWS = 1_000
"""A result that is limited to so many rows is fetched as Spark's own `take` does it."""

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
        payload = self._arrow.createEmptyArrowBatch(frame._jdf.schema(), ZONE, False, False)
        return pa.ipc.open_stream(payload).schema

    def batches(self, frame: DataFrame, rows: Any) -> Iterator[pa.RecordBatch]:
        """Rows (a Scala Seq) as batches."""
        payloads = self._arrow.toBatchWithSchemaIterator(
            rows.iterator(), frame._jdf.schema(), _BATCH_ROWS, _BATCH_BYTES, ZONE, False, False
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
    """The batches of one frame, in the order in which they come.

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
        self._partitions: list[int] = []

    @property
    def order(self) -> list[int]:
        """Numbers of batches: partition after partition, and within one as they came."""
        return sorted(range(len(self._partitions)), key=self._partitions.__getitem__)

    def __iter__(self) -> Generator[pa.RecordBatch, None, None]:
        """Run the plan; it stops when the reader does."""
        with closing(self.pieces()) as coming:
            for piece in coming:
                if piece.batch is not None:
                    self._partitions.append(piece.partition)
                    yield piece.batch

    def pieces(self) -> Generator[Piece, None, None]:
        """The same with the partitions that they are of, and where those end."""
        rows = self._at_hand()
        if rows is None:
            yield from pieces(self._frame)
            return
        for batch in self._converters.batches(self._frame, rows):
            yield Piece(0, batch)
        yield Piece(0, None)

    def _at_hand(self) -> Any:
        if self._ready is not None:
            return self._ready
        execution = self._frame._jdf.queryExecution()
        rows = self._converters.ready_rows(execution)
        if rows is None and self._at_most is not None and self._at_most <= SMALL_ROWS:
            rows = self._converters.taken_rows(execution)
        return rows


def _is_literal(expression: Any) -> bool:
    kind = expression.getClass().getSimpleName()
    if kind == "Alias":
        kind = expression.child().getClass().getSimpleName()
    return bool(kind == "Literal")
