"""What becomes of work whose client leaves, and of a server that is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.fakes.agent import ScriptedAgent, drawn, executed, queried
from tests.service.client import Server, User, until
from wire import messages as wire

MAP = {"width": 1, "height": 1, "bounding_box": [0, 0, 1, 1]}


class Gate:
    """Holds an agent's answer back, and knows whether it was given."""

    def __init__(self, answer: Callable[[Any], Any]) -> None:
        self.opened = asyncio.Event()
        self.given = False
        self._answer = answer

    async def __call__(self, request: Any) -> Any:
        await self.opened.wait()
        self.given = True
        return self._answer(request)


async def leave(asking: Awaitable[Any], begun: Callable[[], bool]) -> None:
    """Ask, wait until the agent has it, and close the connection."""
    task = asyncio.ensure_future(asking)
    await until(begun)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(
    ("path", "body", "kind", "answer"),
    [
        ("/query", {"sql": "x"}, wire.QueryRequest, queried([])),
        ("/pointmap", {"sql": "x", "params": MAP}, wire.RenderRequest, drawn()),
    ],
)
async def test_queries_and_maps_are_cancelled_in_the_agent(
    ann: User, agent: ScriptedAgent, path: str, body: dict[str, Any], kind: Any, answer: Any
) -> None:
    agent.on(kind, Gate(lambda _: answer))

    await leave(ann.post(path, {"scope": "taxi", **body}), lambda: bool(agent.asked_for(kind)))

    await until(lambda: bool(agent.asked_for(wire.CancelRequest)))
    [asked] = agent.asked_for(kind)
    assert agent.asked_for(wire.CancelRequest) == [wire.CancelRequest(work_id=asked.work_id)]


async def test_those_who_left_are_not_counted_as_under_way(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    agent.on(wire.QueryRequest, Gate(lambda _: queried([])))

    asking = ann.post("/query", {"scope": "taxi", "sql": "x"})
    await leave(asking, lambda: bool(agent.asked_for(wire.QueryRequest)))

    await until(lambda: b"geoscope_requests_in_flight 0.0" in server.services.metrics.text())


@pytest.mark.parametrize("stream", [False, True])
async def test_commands_run_on(ann: User, agent: ScriptedAgent, stream: bool) -> None:
    gate = Gate(lambda _: executed(1))
    agent.on(wire.ExecuteRequest, gate)
    body = {"scope": "taxi", "command": "1", "stream": stream}

    await leave(ann.post("/command", body), lambda: bool(agent.asked_for(wire.ExecuteRequest)))
    assert (await ann.get("/scope")).good()["scopes"][0]["state"] == "busy"
    gate.opened.set()

    await until(lambda: gate.given)
    (await ann.post("/command", {"scope": "taxi", "command": "2"})).good()
    assert agent.asked_for(wire.CancelRequest) == []


async def test_loads_run_on(ann: User, agent: ScriptedAgent) -> None:
    gate = Gate(lambda _: wire.TablesReply(tables=[]))
    agent.on(wire.LoadTables, gate)

    await leave(
        ann.post("/loadfile", {"scope": "taxi", "tables": []}),
        lambda: bool(agent.asked_for(wire.LoadTables)),
    )
    gate.opened.set()

    await until(lambda: gate.given)
    assert agent.asked_for(wire.CancelRequest) == []


async def test_an_open_runs_on(server: Server, ann: User) -> None:
    await leave(
        ann.post("/scope", {"scope": "late"}), lambda: bool(server.services.registry.list("ann"))
    )

    await until(lambda: [s.state for s in server.services.registry.list("ann")] == ["idle"])


async def test_a_client_that_leaves_in_mid_upload_changes_nothing(
    ann: User, agent: ScriptedAgent
) -> None:
    agent.files["a"] = b"old"
    sent = asyncio.Event()

    async def pieces():  # type: ignore[no-untyped-def]
        yield b"x" * 1000
        sent.set()
        await asyncio.Event().wait()

    await leave(ann.put("/scope/taxi/files/a", data=pieces()), sent.is_set)

    (await ann.post("/command", {"scope": "taxi", "command": "1"})).good()
    assert agent.files["a"] == b"old"
