"""The parts of the query service, put together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox.statements.datasets.metadata import Metadata
from sandbox.statements.datasets.store import DatasetStore
from sandbox.statements.job_store import JobStore
from sandbox.statements.program import DialectCompiler
from sandbox.statements.service import StatementService
from sandbox.statements.spark_dialect import SparkDialect
from sandbox.statements.sqlpp.dialect import SqlppDialect
from sandbox.statements.sqlpp.executor import Executor
from sandbox.statements.sqlpp.reading import SparkReader
from sandbox.statements.sqlpp.request import Scope
from sandbox.statements.sqlpp.translation.translator import SparkTranslator
from sandbox.tables.paths import Paths
from sandbox.work import WorkBoard

if TYPE_CHECKING:
    from sandbox.runtime.spark import SparkRuntime
    from sandbox.tables import Tables
    from wire.messages import Dialect
    from wire.settings import AgentSettings

METADATA: Final = ".sqlpp"
"""No database is named so, and no table's file: the catalog's folder holds both."""
THREADS: Final = 32
"""Statements have threads of their own: a reader who is slow holds one."""


def open_statements(
    runtime: SparkRuntime, settings: AgentSettings, tables: Tables, *, translates: bool = True
) -> StatementService:
    """The query service of a scope; without `translates` all SQL++ is interpreted."""
    spool = Path(settings.scope_dir) / "spool"
    spark = SparkDialect(runtime, spool, tables)
    executor = Executor(SparkTranslator(lambda: spark.stream) if translates else None)
    dialects: dict[Dialect, DialectCompiler] = {
        "spark": spark,
        "sqlpp": SqlppDialect(_scope(runtime, settings, tables), executor),
    }
    return StatementService(
        dialects=dialects,
        board=WorkBoard(runtime.sc, THREADS),
        store=JobStore(spool / "jobs"),
    )


def _scope(runtime: SparkRuntime, settings: AgentSettings, tables: Tables) -> Scope:
    return Scope(
        runtime=runtime,
        tables=tables,
        store=DatasetStore(runtime, tables),
        metadata=Metadata(Path(settings.scope_dir) / "catalog" / METADATA),
        reader=SparkReader(runtime),
        paths=Paths(settings),
    )
