"""A query service over the tests' Spark, and how to ask it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.runtime.spark import SparkRuntime
from sandbox.statements import StatementService, open_statements
from sandbox.tables import Tables
from tests.unit.sandbox.statements.told import Told, told_by
from wire.messages import Job, RunStatements, Statements, WatchJobs
from wire.settings import AgentSettings

Ask = Callable[..., Awaitable[Told]]

_numbers = itertools.count(1)
WAIT_S = 30.0


def statements(text: str, **more: Any) -> Statements:
    """What is to be run, with a number of its own."""
    given: dict[str, Any] = {
        "work_id": f"w{next(_numbers)}",
        "session": "spark",
        "timeout_s": 60.0,
        "max_bytes": 10**9,
    } | more
    return Statements(statement=text, **given)


async def ended(service: StatementService, *work_ids: str) -> dict[str, Job]:
    """These jobs, once all have ended."""
    found: dict[str, Job] = {}
    boot, seq = "", 0
    async with asyncio.timeout(WAIT_S):
        while not found.keys() >= set(work_ids):
            jobs = await service.watch(WatchJobs(boot=boot, after=seq, wait_s=5))
            boot, seq = jobs.boot, jobs.seq
            found |= {job.work_id: job for job in jobs.ended}
    return found


@pytest.fixture
def service(
    runtime: SparkRuntime, own_settings: AgentSettings, tables: Tables
) -> Iterator[StatementService]:
    """The query service of a scope with nothing in it."""
    made = open_statements(runtime, own_settings, tables)
    yield made
    made.close()


@pytest.fixture
def jobs_folder(own_settings: AgentSettings) -> Path:
    """Where jobs are kept."""
    return Path(own_settings.scope_dir) / "spool" / "jobs"


@pytest.fixture
async def spark_sql(service: StatementService) -> Ask:
    """Run Spark SQL and wait for all that comes of it."""

    async def ask(text: str, **more: Any) -> Told:
        return await told_by(
            service.run(RunStatements(statements=statements(text, dialect="spark", **more)))
        )

    return ask


@pytest.fixture
async def sqlpp(service: StatementService) -> Ask:
    """Run SQL++ and wait for all that comes of it."""

    async def ask(text: str, **more: Any) -> Told:
        return await told_by(service.run(RunStatements(statements=statements(text, **more))))

    return ask
