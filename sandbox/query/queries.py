"""Running SQL: a statement in, a complete result out."""

from __future__ import annotations

import time
from typing import Any, Final, Protocol

import msgspec
from pyspark.sql import DataFrame, SparkSession

from sandbox.failure import AgentFailure
from sandbox.query.columns import fields_of
from sandbox.query.results import Collector, Limits, Result
from sandbox.runtime.folders import ScopeFolders
from sandbox.runtime.spark import DEFAULT_SESSION, SparkRuntime
from sandbox.spatial.failures import RowFailures
from sandbox.sqlerrors import translate
from sandbox.work import Work
from wire.messages import QueryReply, QueryRequest
from wire.settings import AgentSettings

WARM_SQL: Final = (
    "select id, id * 0.5D as half, concat('row ', id) as text from range(0, 1000, 1, 2)"
)
"""Numbers and text of two tasks, as results often are."""


class Watched(Protocol):
    """The catalog's keeper: what is told before and after statements."""

    def refresh(self) -> None:
        """A statement is about to read."""

    def sync(self) -> None:
        """A statement may have made or dropped tables."""


class Queries:
    """Runs SQL on the sessions of the scope; `run` blocks."""

    def __init__(
        self, runtime: SparkRuntime, settings: AgentSettings, tables: Watched | None = None
    ) -> None:
        self._runtime = runtime
        self._collector = Collector(runtime.spark, ScopeFolders.of(settings).spool)
        self._direct = settings.render_direct
        self._failures = RowFailures(runtime.jvm)
        self._tables = tables

    def warm(self, work: Work) -> None:
        """Spare the first rows the loading of what they need: half a second of Spark's time."""
        timeout_s = work.remaining_s()
        request = QueryRequest(
            work_id=work.work_id, session=DEFAULT_SESSION, sql=WARM_SQL, timeout_s=timeout_s
        )
        self.run(request, work).close()

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
        warnings = self._failures.warnings(work.group)
        result.head = msgspec.structs.replace(result.head, elapsed_ms=elapsed_ms, warnings=warnings)
        return result

    def _result(
        self, request: QueryRequest, frame: DataFrame, is_command: bool, work: Work
    ) -> Result:
        if not request.collect:
            if not is_command:
                frame.write.format("noop").mode("overwrite").save()
            columns = [field.to_column() for field in fields_of(frame._jdf.schema())]
            return Result(QueryReply(num_rows=None, columns=columns, content_length=0))
        cap = _cap(request)
        limits = Limits(rows=cap, bytes=request.max_bytes, check=work.check)
        # What a command gives is here already; a plan on top of it would only run a job.
        limited = frame if cap is None or is_command else frame.limit(cap + 1)
        try:
            # With parameters or a limit the plan is another one than that of the text.
            plain = self._direct and request.params is None and limited is frame
            sql = request.sql if plain and not is_command else None
            return self._collector.collect(limited, request.format, limits, sql)
        except AgentFailure:
            self._stop_jobs(work)
            raise

    def _stop_jobs(self, work: Work) -> None:
        """End the jobs of a result that nobody wants any more."""
        if work.group:
            self._runtime.sc.cancelJobGroup(work.group)


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
