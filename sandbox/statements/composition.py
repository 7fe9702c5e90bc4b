"""The parts of the query service, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.runtime.folders import ScopeFolders
from sandbox.statements.job_store import JobStore
from sandbox.statements.late import LateDialect
from sandbox.statements.program import DialectCompiler
from sandbox.statements.service import StatementService, Surroundings
from sandbox.statements.spark_dialect import SparkDialect
from sandbox.work import WorkBoard

if TYPE_CHECKING:
    from sandbox.runtime.spark import SparkRuntime
    from sandbox.tables import Tables
    from wire.messages import Dialect
    from wire.settings import AgentSettings

THREADS: Final = 32
"""Statements have threads of their own: a reader who is slow holds one."""


def open_statements(
    runtime: SparkRuntime, settings: AgentSettings, tables: Tables, *, translates: bool = True
) -> StatementService:
    """The query service of a scope; without `translates` all SQL++ is interpreted."""
    spool = ScopeFolders.of(settings).spool
    spark = SparkDialect(runtime, spool, tables)

    def sqlpp() -> DialectCompiler:
        from sandbox.statements.sqlpp.composition import open_sqlpp

        return open_sqlpp(runtime, settings, tables, spark, translates=translates)

    late = LateDialect(sqlpp)
    dialects: dict[Dialect, DialectCompiler] = {"spark": spark, "sqlpp": late}
    return StatementService(
        dialects=dialects,
        board=WorkBoard(runtime.sc, THREADS),
        store=JobStore(spool / "jobs"),
        around=Surroundings(warm=late.warm, check_session=runtime.session),
    )
