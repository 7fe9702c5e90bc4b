"""A frame's rows as a complete result: encoded as they come, spooled, read in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from sandbox.failure import AgentFailure
from sandbox.parquet.give_up import NotTaken
from sandbox.query.batches import BatchStream, Converters
from sandbox.query.columns import fields_of
from sandbox.query.direct import DirectRows, direct_rows
from sandbox.query.encoders import Encoder, encoder_for
from sandbox.query.projection import Carried, carry, project
from sandbox.query.spool import Spool
from wire.messages import QueryReply
from wire.protocol import ErrorCode

Stream = BatchStream | DirectRows


@dataclass
class Result:
    """A complete result; whoever takes it closes it."""

    head: QueryReply
    before: bytes = b""
    spool: Spool | None = None
    order: Sequence[int] = ()
    skip: int = 0
    after: bytes = b""

    def chunks(self) -> Iterator[bytes]:
        """The payload, `head.content_length` bytes all in all."""
        if self.before:
            yield self.before
        if self.spool is not None:
            yield from self.spool.read(self.order, self.skip)
        if self.after:
            yield self.after

    def close(self) -> None:
        """Let go of the rows; closing twice is fine."""
        if self.spool is not None:
            self.spool.close()


@dataclass(frozen=True)
class Limits:
    """Where a result ends; `check` raises when nobody wants it any more."""

    rows: int | None = None
    bytes: int | None = None
    check: Callable[[], None] = lambda: None


class Collector:
    """Makes results of frames, spooled in one folder."""

    def __init__(self, spark: SparkSession, spool_dir: Path) -> None:
        self._converters = Converters(spark)
        self._spool_dir = spool_dir

    def collect(self, frame: DataFrame, fmt: str, limits: Limits, sql: str | None = None) -> Result:
        """All rows of the frame in a format of the contract; raises AgentFailure.

        A frame with one row more than `limits.rows` allows gives a truncated result. The rows of
        `sql`, where it is given, are those of the frame, and may come from files without Spark.
        """
        fields = fields_of(frame._jdf.schema())
        carried = [carry(f, as_text=fmt != "arrow") for f in fields]
        ready = None
        if sql is not None and all(column.expression is None for column in carried):
            # First, for it is the cheaper look: the smallest queries have their rows already.
            ready = self._converters.ready_rows(frame._jdf.queryExecution())
            direct = direct_rows(frame, sql, fields) if ready is None else None
            if direct is not None:
                with suppress(NotTaken):
                    return self._spooled(direct, frame, fmt, carried, limits)
        projected = project(frame, carried)
        stream = BatchStream(self._converters, projected, at_most=limits.rows, ready=ready)
        return self._spooled(stream, projected, fmt, carried, limits)

    def _spooled(
        self,
        stream: Stream,
        projected: DataFrame,
        fmt: str,
        carried: list[Carried],
        limits: Limits,
    ) -> Result:
        encoder = encoder_for(fmt, carried)
        spool = Spool(self._spool_dir)
        try:
            taken = _take(stream, encoder, spool, limits)
            schema = taken.schema
            if schema is None and fmt == "arrow":
                schema = self._converters.schema(projected)
            return _finished(taken, encoder, spool, stream.order, encoder.head(schema))
        except BaseException:
            spool.close()
            raise


@dataclass
class Taken:
    """What came of a stream."""

    rows: int = 0
    truncated: bool = False
    schema: pa.Schema | None = None


def _take(stream: Stream, encoder: Encoder, spool: Spool, limits: Limits) -> Taken:
    """Encode batch after batch into the spool; raises AgentFailure(RESULT_TOO_LARGE)."""
    taken = Taken()
    # Closed at once when a limit is met: Spark writes into this stream until then.
    with closing(iter(stream)) as batches:
        for batch in batches:
            limits.check()
            taken.schema = batch.schema
            if limits.rows is not None and taken.rows + batch.num_rows > limits.rows:
                batch = batch.slice(0, limits.rows - taken.rows)
                taken.truncated = True
            taken.rows += batch.num_rows
            spool.append(encoder.encode(batch) if batch.num_rows else b"")
            if limits.bytes is not None and spool.size > limits.bytes:
                raise _too_large(limits.bytes)
    return taken


def _too_large(limit: int) -> AgentFailure:
    return AgentFailure(
        ErrorCode.RESULT_TOO_LARGE,
        f"the result is larger than {limit} bytes; ask for fewer rows or columns",
    )


def _finished(
    taken: Taken, encoder: Encoder, spool: Spool, order: Sequence[int], before: bytes
) -> Result:
    after = encoder.tail()
    skip = encoder.overlap if taken.rows else 0
    head = QueryReply(
        num_rows=taken.rows,
        columns=encoder.columns(),
        content_length=len(before) + spool.size - skip + len(after),
        truncated=taken.truncated,
    )
    return Result(head, before, spool, order, skip, after)
