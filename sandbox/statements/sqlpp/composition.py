"""The parts of SQL++ in a scope, put together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox.runtime.folders import ScopeFolders
from sandbox.statements.datasets.metadata import Metadata
from sandbox.statements.datasets.store import DatasetStore
from sandbox.statements.sqlpp.dialect import SqlppDialect
from sandbox.statements.sqlpp.executor import Executor
from sandbox.statements.sqlpp.memory import MemoryBounds
from sandbox.statements.sqlpp.reading import SparkReader
from sandbox.statements.sqlpp.request import Scope
from sandbox.statements.sqlpp.translation.translator import SparkTranslator
from sandbox.tables.paths import Paths

if TYPE_CHECKING:
    from sandbox.runtime.spark import SparkRuntime
    from sandbox.statements.spark_dialect import SparkDialect
    from sandbox.tables import Tables
    from wire.settings import AgentSettings

METADATA: Final = ".sqlpp"
"""No database is named so, and no table's file: the catalog's folder holds both."""


def open_sqlpp(
    runtime: SparkRuntime,
    settings: AgentSettings,
    tables: Tables,
    spark: SparkDialect,
    *,
    translates: bool,
) -> SqlppDialect:
    """The dialect; without `translates` everything is interpreted."""
    scope = Scope(
        runtime=runtime,
        tables=tables,
        store=DatasetStore(runtime, tables),
        metadata=Metadata(Path(settings.scope_dir) / "catalog" / METADATA),
        reader=SparkReader(runtime, ScopeFolders.of(settings).spool),
        paths=Paths(settings),
        memory=MemoryBounds(settings.memory_bytes),
    )
    translator = SparkTranslator(lambda: spark.stream) if translates else None
    return SqlppDialect(scope, Executor(translator))
