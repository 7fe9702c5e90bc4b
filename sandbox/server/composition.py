"""The parts that need Spark, put together; importing this takes a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.query import Queries
from sandbox.render.maps import Maps
from sandbox.runtime.notebook import Surroundings
from sandbox.runtime.spark import SparkRuntime
from sandbox.server.services import SparkServices
from sandbox.statements import open_statements
from sandbox.tables import Tables
from sandbox.work import WorkBoard, cancel_stray_jobs
from wire.settings import AgentSettings

if TYPE_CHECKING:
    from sandbox.runtime.notebook import Notebook


def compose(
    settings: AgentSettings, gateway: Any, notebook: Notebook, has_context: Callable[[], None]
) -> SparkServices:
    """Everything over a JVM that listens (blocking); `has_context`: the session comes next."""
    runtime = SparkRuntime.over(gateway, has_context)
    tables = Tables(runtime, settings)
    return SparkServices(
        runtime=runtime,
        board=WorkBoard(runtime.sc),
        tables=tables,
        queries=Queries(runtime, settings, tables),
        maps=Maps(runtime, settings),
        notebook=notebook,
        statements=open_statements(runtime, settings, tables),
    )


def open_notebook(spark: SparkServices) -> None:
    """Join the kernel with Spark, without waiting for it."""
    around = Surroundings(
        cancel_jobs=lambda: cancel_stray_jobs(spark.runtime.sc),
        end_statement=spark.runtime.end_statement,
        follows_files=spark.tables.follows_files,
        refresh=spark.tables.refresh,
        sync=spark.tables.sync,
    )
    spark.notebook.open(spark.runtime, around)
