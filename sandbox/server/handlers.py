"""One function per request type: take the request, call the part that does it, answer."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol

from sandbox.server.services import Services
from wire import messages as wire

if TYPE_CHECKING:
    from sandbox.statements import Answer
    from sandbox.work import Work

FACTS_TIMEOUT_S: Final = 10.0

Handler = Callable[[Services, Any], Awaitable[wire.Message]]


class Payload(Protocol):
    """What follows a frame's head; closed when it was sent or nobody takes it any more."""

    def chunks(self) -> Iterator[bytes]:
        """The bytes, in pieces (blocking)."""

    def close(self) -> None:
        """Let go of what it holds."""


class Picture:
    """A payload that is in memory."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def chunks(self) -> Iterator[bytes]:
        """The picture, at once."""
        yield self._body

    def close(self) -> None:
        """Nothing to let go of."""


RelayedHead = wire.QueryReply | wire.RenderReply | wire.ResultHead
Relayed = tuple[RelayedHead, Payload]
Relay = Callable[[Services, Any], Awaitable[Relayed]]


async def health(services: Services, _request: wire.HealthRequest) -> wire.Health:
    """Always answered."""
    spark = services.spark
    return wire.Health(
        version=services.settings.version,
        ready=spark is not None,
        stage=services.stage,
        kernel_alive=spark is not None and spark.notebook.is_alive,
    )


async def shutdown(services: Services, _request: wire.ShutdownRequest) -> wire.Ok:
    """Answered, then done."""
    services.shutdown.set()
    return wire.Ok()


async def facts(services: Services, _request: wire.FactsRequest) -> wire.Facts:
    """Sessions, tables, variables and disk."""
    spark = services.ready()
    request = wire.ListTables(session="spark", timeout_s=FACTS_TIMEOUT_S)
    tables = await list_tables(services, request)
    used, total = await asyncio.to_thread(disk_of, services.settings.scope_dir)
    return wire.Facts(
        sessions=list(spark.runtime.sessions),
        tables=tables.tables,
        variables=await spark.notebook.variables(),
        disk_used_bytes=used,
        disk_total_bytes=total,
    )


def disk_of(scope_dir: str) -> tuple[int | None, int | None]:
    """(used, total) bytes where the scope has a disk of its own; else nobody here knows."""
    if not os.path.ismount(scope_dir):
        return None, None
    disk = os.statvfs(scope_dir)
    return (disk.f_blocks - disk.f_bfree) * disk.f_frsize, disk.f_blocks * disk.f_frsize


async def interrupt(services: Services, request: wire.InterruptRequest) -> wire.Interrupted:
    """The running statement; with `all`, everything."""
    spark = services.ready()
    command = await spark.notebook.interrupt()
    work = 0
    if request.all:
        work = await spark.board.cancel_all() + await spark.statements.cancel_all()
    return wire.Interrupted(command=command, work=work)


async def cancel(services: Services, request: wire.CancelRequest) -> wire.Interrupted:
    """One piece of work, whatever it is."""
    spark = services.ready()
    command = spark.notebook.cancel(request.work_id)
    work = 0 if command else await spark.board.cancel(request.work_id)
    if not command and not work:
        work = await spark.statements.cancel(request.work_id)
    return wire.Interrupted(command=command, work=work)


async def create_session(services: Services, request: wire.CreateSession) -> wire.Session:
    """A session, and a variable of its name."""
    spark = services.ready()
    made = await asyncio.to_thread(spark.runtime.create, request)
    session = spark.runtime.session(request.name)
    await spark.notebook.session_made(request.name, session, request.envs)
    return made


async def delete_session(services: Services, request: wire.DeleteSession) -> wire.Ok:
    """A session and its variable."""
    spark = services.ready()
    spark.runtime.remove(request.name)
    await spark.notebook.session_gone(request.name)
    return wire.Ok()


async def load(services: Services, request: wire.LoadTables) -> wire.Message:
    """Tables from files or SQL."""
    spark = services.ready()
    return await spark.board.run(
        request.work_id, request.timeout_s, lambda work: spark.tables.load(request, work)
    )


async def save(services: Services, request: wire.SaveTables) -> wire.Message:
    """Files from SQL."""
    spark = services.ready()
    return await spark.board.run(
        request.work_id, request.timeout_s, lambda work: spark.tables.save(request, work)
    )


async def describe(services: Services, request: wire.DescribeTable) -> wire.Message:
    """One table."""
    spark = services.ready()
    return await spark.board.run(
        _work_id(), request.timeout_s, lambda work: spark.tables.describe(request, work)
    )


async def list_tables(services: Services, request: wire.ListTables) -> wire.TablesReply:
    """All tables."""
    spark = services.ready()
    return await spark.board.run(
        _work_id(), request.timeout_s, lambda work: spark.tables.list(request, work)
    )


async def query(services: Services, request: wire.QueryRequest) -> Relayed:
    """Rows."""
    spark = services.ready()
    result = await spark.board.run(
        request.work_id, request.timeout_s, lambda work: spark.queries.run(request, work)
    )
    return result.head, result


async def render(services: Services, request: wire.RenderRequest) -> Relayed:
    """A picture."""
    spark = services.ready()

    def draw(work: Work) -> tuple[wire.RenderReply, bytes]:
        spark.tables.refresh()
        return spark.maps.render(request, work)

    head, picture = await spark.board.run(request.work_id, request.timeout_s, draw)
    return head, Picture(picture)


async def submit_statements(services: Services, request: wire.SubmitStatements) -> wire.Submitted:
    """A job that was taken, or why not."""
    return await services.ready().statements.submit(request)


async def watch_jobs(services: Services, request: wire.WatchJobs) -> wire.Jobs:
    """Jobs that ended."""
    return await services.ready().statements.watch(request)


async def drop_job(services: Services, request: wire.DropJob) -> wire.Ok:
    """A job less."""
    return await services.ready().statements.drop(request)


async def read_result(services: Services, request: wire.ReadResult) -> Relayed:
    """The rows that a job left."""
    rows = await services.ready().statements.read(request)
    return rows.head, rows


def run_statements(services: Services, request: wire.RunStatements) -> Answer:
    """Statements, run now."""
    return services.ready().statements.run(request)


HANDLERS: Final[dict[type[wire.Request], Handler]] = {
    wire.HealthRequest: health,
    wire.ShutdownRequest: shutdown,
    wire.FactsRequest: facts,
    wire.InterruptRequest: interrupt,
    wire.CancelRequest: cancel,
    wire.CreateSession: create_session,
    wire.DeleteSession: delete_session,
    wire.LoadTables: load,
    wire.SaveTables: save,
    wire.DescribeTable: describe,
    wire.ListTables: list_tables,
    wire.SubmitStatements: submit_statements,
    wire.WatchJobs: watch_jobs,
    wire.DropJob: drop_job,
}
RELAYS: Final[dict[type[wire.RelayRequest], Relay]] = {
    wire.QueryRequest: query,
    wire.RenderRequest: render,
    wire.ReadResult: read_result,
}


def _work_id() -> str:
    return f"own-{secrets.token_hex(8)}"
