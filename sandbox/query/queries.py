"""Running SQL: a statement in, a complete result out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from sandbox.failure import AgentFailure
from sandbox.query.batches import BatchStream, schema_of
from sandbox.query.encoders import Encoder, encoder_for
from sandbox.query.projection import carry, project
from sandbox.query.spool import Spool
from sandbox.runtime.spark import SparkRuntime
from sandbox.sqlerrors import translate
from sandbox.tables.columns import fields_of
from sandbox.work import Work
from wire.messages import QueryReply, QueryRequest
from wire.protocol import ErrorCode
from wire.settings import AgentSettings


class Watched(Protocol):
    """The catalog's keeper: what is told before and after statements."""

    def refresh(self) -> None:
        """A statement is about to read."""

    def sync(self) -> None:
        """A statement may have made or dropped tables."""


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


class Queries:
    """Runs SQL on the sessions of the scope; `run` blocks."""

    def __init__(
        self, runtime: SparkRuntime, settings: AgentSettings, tables: Watched | None = None
    ) -> None:
        self._runtime = runtime
        self._spool_dir = Path(settings.scope_dir) / "spool"
        self._tables = tables

    def run(self, request: QueryRequest, work: Work) -> Result:
        """The whole result of one statement; raises AgentFailure."""
        started = time.perf_counter()
        session = self._runtime.session(request.session)
        if self._tables is not None:
            self._tables.refresh()
        try:
            frame = _statement(session, request)
            is_command = _is_command(frame)
            result = self._result(request, frame, is_command, work)
        except Exception as error:
            raise translate(error) from error
        if is_command and self._tables is not None:
            self._tables.sync()
        elapsed_ms = (time.perf_counter() - started) * 1000
        result.head = msgspec.structs.replace(result.head, elapsed_ms=elapsed_ms)
        return result

    def _result(
        self, request: QueryRequest, frame: DataFrame, is_command: bool, work: Work
    ) -> Result:
        fields = fields_of(frame._jdf.schema())
        if not request.collect:
            if not is_command:
                frame.write.format("noop").mode("overwrite").save()
            columns = [field.to_column() for field in fields]
            return Result(QueryReply(num_rows=None, columns=columns, content_length=0))
        carried = [carry(field, as_text=request.format != "arrow") for field in fields]
        encoder = encoder_for(request.format, carried)
        cap = _cap(request)
        # What a command gives is here already; a plan on top of it would only run a job.
        limited = frame if cap is None or is_command else frame.limit(cap + 1)
        return self._collect(request, project(limited, carried), encoder, work)

    def _collect(
        self, request: QueryRequest, frame: DataFrame, encoder: Encoder, work: Work
    ) -> Result:
        cap = _cap(request)
        stream = BatchStream(frame, at_most=cap)
        spool = Spool(self._spool_dir)
        try:
            taken = _take(stream, encoder, spool, Limits(cap, request.max_bytes, work))
            schema = taken.schema
            if schema is None and request.format == "arrow":
                schema = schema_of(frame)
            return _finished(taken, encoder, spool, stream.order, encoder.head(schema))
        except BaseException as error:
            spool.close()
            if isinstance(error, AgentFailure):
                self._stop_jobs(work)
            raise

    def _stop_jobs(self, work: Work) -> None:
        """End the jobs of a result that nobody wants any more."""
        if work.group:
            self._runtime.sc.cancelJobGroup(work.group)


@dataclass(frozen=True)
class Limits:
    """Where a result ends."""

    rows: int | None
    bytes: int | None
    work: Work


@dataclass
class Taken:
    """What came of a stream."""

    rows: int = 0
    truncated: bool = False
    schema: pa.Schema | None = None


def _take(stream: BatchStream, encoder: Encoder, spool: Spool, limits: Limits) -> Taken:
    """Encode batch after batch into the spool; raises AgentFailure(RESULT_TOO_LARGE)."""
    taken = Taken()
    for batch in stream:
        limits.work.check()
        taken.schema = batch.schema
        if limits.rows is not None and taken.rows + batch.num_rows > limits.rows:
            batch = batch.slice(0, limits.rows - taken.rows)
            taken.truncated = True
        taken.rows += batch.num_rows
        spool.append(encoder.encode(batch) if batch.num_rows else b"")
        if limits.bytes is not None and spool.size > limits.bytes:
            raise AgentFailure(
                ErrorCode.RESULT_TOO_LARGE,
                f"the result is larger than {limits.bytes} bytes; ask for fewer rows or columns",
            )
    return taken


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


def _statement(session: SparkSession, request: QueryRequest) -> DataFrame:
    if request.params is None:
        return session.sql(request.sql)
    return session.sql(request.sql, args=request.params)


def _is_command(frame: DataFrame) -> bool:
    """Whether the statement was run as it was parsed: DDL, DML, SHOW, SET and the like."""
    plan: Any = frame._jdf.queryExecution().commandExecuted()
    return bool(plan.getClass().getSimpleName() == "CommandResult")


def _cap(request: QueryRequest) -> int | None:
    given = [cap for cap in (request.limit, request.max_rows) if cap is not None]
    return max(0, min(given)) if given else None
