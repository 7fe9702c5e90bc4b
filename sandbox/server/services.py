"""What the handlers serve from: the parts of an agent, as they come up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.failure import AgentFailure
from wire.protocol import ErrorCode
from wire.settings import AgentSettings

if TYPE_CHECKING:
    # pyspark and numba take a second to import: the agent answers health before.
    from sandbox.query import Queries
    from sandbox.render.maps import Maps
    from sandbox.runtime.files import Files
    from sandbox.runtime.notebook import Notebook
    from sandbox.runtime.spark import SparkRuntime
    from sandbox.statements import StatementService
    from sandbox.tables import Tables
    from sandbox.work import WorkBoard


@dataclass(frozen=True)
class SparkServices:
    """What exists once Spark is up."""

    runtime: SparkRuntime
    board: WorkBoard
    tables: Tables
    queries: Queries
    maps: Maps
    notebook: Notebook
    statements: StatementService


@dataclass
class Services:
    """Everything; the mutable state is `stage` and `spark`, set by the agent as it starts."""

    settings: AgentSettings
    files: Files
    stage: str = "jvm"
    spark: SparkServices | None = None
    shutdown: asyncio.Event = field(default_factory=asyncio.Event)

    def at(self, stage: str) -> None:
        """Its start has come that far."""
        self.stage = stage

    def ready(self) -> SparkServices:
        """The part that needs Spark; raises AgentFailure(NOT_READY)."""
        if self.spark is None:
            message = f"the scope is not ready yet (stage {self.stage})"
            raise AgentFailure(ErrorCode.NOT_READY, message)
        return self.spark
