"""What tests of the query service ask with, and the jobs of a scripted agent."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final

from control.scopes.wait import Deadline, wait_until
from tests.fakes.agent import Pieces, ScriptedAgent, read_result
from tests.service.client import Reply, User
from wire import messages as wire

PATH: Final = "/query/service"
ROWS: Final = b'[ { "$1": 1 }\n ]\n'
COUNTS: Final = wire.Counts(execution_ns=19_889_389, result_count=1, result_size=15)


def masked(text: bytes) -> str:
    """A reply without what differs each time."""
    ids = re.sub(r'"requestID": "[0-9a-f-]{36}"', '"requestID": "ID"', text.decode())
    return re.sub(r'Time": "[0-9.]+(ns|µs|ms|s)"', 'Time": "TIME"', ids)


def told(*rows: bytes, signature: Any = "*", **finished: Any) -> Pieces:
    """One result with these pieces of rows."""
    return Pieces(
        [
            wire.CompiledEvent(signature=signature, results=1),
            wire.ResultEvent(index=0, edge="begin"),
            *rows,
            wire.ResultEvent(index=0, edge="end", rows=1, size=15),
            wire.FinishedEvent(counts=finished.pop("counts", COUNTS), **finished),
        ]
    )


async def post(user: User, /, headers: dict[str, str] | None = None, **given: str) -> Reply:
    """A form; underlines of names stand for themselves."""
    given.setdefault("scope", "taxi")
    return await user.post(PATH, data=given, headers=headers or {})


class Desk:
    """The jobs of a scripted agent, which end when a test says so."""

    def __init__(self, agent: ScriptedAgent, boot: str = "one", page: int = 200) -> None:
        self.boot = boot
        self.page = page
        self.open: list[str] = []
        self.ended: list[wire.Job] = []
        self.dropped: list[str] = []
        self._news = asyncio.Event()
        agent.on(wire.SubmitStatements, self._submit)
        agent.on(wire.WatchJobs, self._watch)
        agent.on(wire.DropJob, self._drop)
        agent.on(wire.CancelRequest, self._cancel)

    def end(self, work_id: str, state: str = "success", **facts: Any) -> None:
        """The job has ended."""
        if state == "success":
            facts.setdefault("results", [wire.JobResult(index=0, rows=1, size=15)])
        if work_id in self.open:
            self.open.remove(work_id)
        self.ended.append(wire.Job(work_id=work_id, state=state, **facts))  # type: ignore[arg-type]
        self._tell()

    def start_anew(self, boot: str) -> None:
        """Another process, which knows of nothing that ran."""
        self.boot = boot
        self.open.clear()
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _submit(self, request: wire.SubmitStatements) -> wire.Submitted:
        self.open.append(request.statements.work_id)
        return wire.Submitted(compiled=wire.CompiledEvent(signature="*", results=1))

    async def _watch(self, request: wire.WatchJobs) -> wire.Jobs:
        after = request.after
        if request.boot != self.boot:
            after = 0
        elif after >= len(self.ended) and request.wait_s:
            await self._news.wait()
        told = self.ended[after : after + self.page]
        return wire.Jobs(boot=self.boot, seq=after + len(told), ended=told, open=list(self.open))

    def _drop(self, request: wire.DropJob) -> wire.Ok:
        self.dropped.append(request.work_id)
        return wire.Ok()

    def _cancel(self, request: wire.CancelRequest) -> wire.Interrupted:
        if request.work_id not in self.open:
            return wire.Interrupted(work=0)
        self.end(request.work_id, "cancelled")
        return wire.Interrupted(work=1)


def spooled(count: int = 1, **finished: Any) -> Pieces:
    """Statements whose results stay with the agent."""
    pieces: list[Any] = [wire.CompiledEvent(signature="*", results=count)]
    for index in range(count):
        pieces += [
            wire.ResultEvent(index=index, edge="begin"),
            wire.ResultEvent(index=index, edge="end", rows=1, size=15),
        ]
    counts = wire.Counts(execution_ns=11_948_343, result_count=count, result_size=15)
    return Pieces([*pieces, wire.FinishedEvent(counts=counts, **finished)])


async def follow(user: User, url: str, method: str = "GET", **more: Any) -> Reply:
    """Ask for what a handle says, wherever it says that we are."""
    return await user.ask(method, re.sub(r"^http://[^/]+", "", url), **more)


async def submitted(user: User, **given: str) -> str:
    """The status handle of a new job."""
    reply = await post(user, statement="select 1;", mode="async", **given)
    assert (reply.status, reply.body["status"]) == (200, "running"), reply.raw
    return str(reply.body["handle"])


async def until_status(user: User, handle: str, status: str) -> dict[str, Any]:
    """The status document, once it says so."""
    found: list[Reply] = []

    async def probe() -> str | None:
        found.append(await follow(user, handle))
        return None if found[-1].body["status"] == status else found[-1].body["status"]

    await wait_until(probe, Deadline.after(5.0), f"the status {status}")
    return found[-1].body


async def deferred(user: User, agent: ScriptedAgent, **given: str) -> str:
    """The result handle of a deferred request."""
    agent.on(wire.RunStatements, spooled())
    agent.on(wire.ReadResult, read_result(ROWS))
    reply = await post(user, statement="select 1;", mode="deferred", **given)
    assert reply.status == 200, reply.raw
    return str(reply.body["handle"])
