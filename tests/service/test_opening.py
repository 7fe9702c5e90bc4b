"""POST /scope as events, how long each stage took, and when a scope will end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from control.engine.driver import ContainerPlan
from control.errors import EngineError
from control.scopes.limits import GIB
from tests.fakes.agent import ScriptedAgent
from tests.fakes.engine import FakeEngine, World
from tests.fakes.scopes import FakeHost
from tests.service.client import Server, User, until
from tests.service.conftest import ROOMY, ServerFactory, running
from wire import messages as wire

EVENTS = {"Accept": "text/event-stream"}
Event = tuple[str, dict[str, Any]]


def events_of(raw: bytes) -> list[Event]:
    """Name and members of each event."""
    found = []
    for block in raw.decode().removesuffix("\n\n").split("\n\n"):
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


class SlowStart:
    """Agents that are at each of these stages until a test lets them go on."""

    def __init__(self, *stages: str) -> None:
        self.stages = list(stages)

    def __call__(self, socket: Path, _: ContainerPlan) -> ScriptedAgent:
        agent = ScriptedAgent(socket)
        agent.on(wire.HealthRequest, self.health)
        return agent

    def health(self, _: Any) -> wire.Health:
        """Not ready at the first stage that is left; each is seen once, `hold` for ever."""
        if not self.stages:
            return wire.Health(ready=True, stage="ready")
        stage = self.stages[0]
        if stage != "hold":
            self.stages.pop(0)
        return wire.Health(ready=False, stage=stage)


@asynccontextmanager
async def a_server(
    folder: Path, *stages: str, **settings: str
) -> AsyncIterator[tuple[Server, SlowStart]]:
    agents = SlowStart(*stages)
    async with running(folder, World(), ROOMY, agents, **settings) as server:
        yield server, agents


async def test_each_stage_is_told_and_the_last_event_is_the_usual_reply(tmp_path: Path) -> None:
    async with a_server(tmp_path, "jvm", "jvm", "<b>evil</b>", "spark", "catalog") as (server, _):
        ann = await server.user("ann")
        reply = await ann.post("/scope", {"scope": "taxi"}, headers=EVENTS)
        events = events_of(reply.raw)

        assert reply.headers["Content-Type"] == "text/event-stream"
        stages = ["disk", "container", "agent", "jvm", "spark", "catalog"]
        assert [m["stage"] for name, m in events if name == "state"] == stages
        assert {m["state"] for name, m in events if name == "state"} == {"starting"}
        times = [m["at_ms"] for name, m in events if name == "state"]
        assert times == sorted(times)
        name, last = events[-1]
        assert (name, last["status"], last["scope"]) == ("scope", "success", "taxi")
        assert list(last["opened"]["stages_ms"]) == stages
        assert all(ms >= 0 for ms in last["opened"]["stages_ms"].values())
        looked = (await ann.get("/scope/taxi")).good()
        assert looked["opened"] == last["opened"]


async def test_a_claim_from_the_pool_is_one_stage(make_server: ServerFactory) -> None:
    server = await make_server(pool_size="1")
    await until(lambda: server.services.registry.pool_size() == 1, "a filled pool")
    reply = await (await server.user("ann")).post("/scope", headers=EVENTS)
    events = events_of(reply.raw)

    assert [m.get("stage") for _, m in events] == ["claim", None]
    assert events[-1][1]["from_pool"] is True
    assert list(events[-1][1]["opened"]["stages_ms"]) == ["claim"]


async def test_the_pool_that_gives_way_is_a_stage(tmp_path: Path) -> None:
    host = FakeHost(4 * GIB)
    async with running(tmp_path, World(), host, pool_size="1", scope_memory="2GiB") as server:
        await until(lambda: server.services.registry.pool_size() == 1, "a filled pool")
        ann = await server.user("ann")
        body = {"memory": "1.5GiB"}
        reply = await ann.post("/scope", body, headers=EVENTS)

        assert events_of(reply.raw)[0][1]["stage"] == "room"


async def test_a_refusal_before_the_first_stage_is_an_error_as_ever(
    ann: User, agent: ScriptedAgent
) -> None:
    reply = await ann.post("/scope", {"scope": "taxi"}, headers=EVENTS)

    assert reply.error == (409, 409, "scope_exists")


async def test_a_failure_on_the_way_is_the_last_event_and_leaves_nothing(
    server: Server, ann: User
) -> None:
    engine = driver_of(server)
    engine.fails["start"] = [EngineError("start", "no room in the test")]

    reply = await ann.post("/scope", {"scope": "taxi"}, headers=EVENTS)

    name, last = events_of(reply.raw)[-1]
    assert (reply.status, name, last["type"]) == (200, "error", "no_capacity")
    assert "no room in the test" in last["message"]
    assert server.world.containers == {}
    assert (await ann.get("/scope")).good()["scopes"] == []


async def test_a_client_that_leaves_does_not_stop_the_opening(tmp_path: Path) -> None:
    async with a_server(tmp_path, "jvm", "hold") as (server, agents):
        ann = await server.user("ann")
        headers = {**EVENTS, "Authorization": f"Token {ann.token}"}
        async with aiohttp.ClientSession() as session:
            reply = await session.post(
                f"{server.url}/scope", json={"scope": "taxi"}, headers=headers
            )
            await reply.content.readuntil(b'"jvm"')
            reply.close()
        agents.stages.clear()

        await until(is_idle(server, "ann", "taxi"), "an idle scope")
        assert (await ann.post("/command", {"scope": "taxi", "command": "1"})).status == 200


async def test_reply_and_look_say_when_it_is_stopped_and_deleted(ann: User) -> None:
    before = datetime.now(UTC)
    body = {"scope": "taxi", "idle_timeout": 60, "ttl": 600}
    made = (await ann.post("/scope", body)).good()
    looked = (await ann.get("/scope/taxi")).good()
    [listed] = (await ann.get("/scope")).good()["scopes"]

    for found in (made, looked, listed):
        assert (found["idle_timeout_s"], found["ttl_s"]) == (60, 600)
        assert 50 < found["stops_in_s"] <= 60
        assert 590 < found["ends_in_s"] <= 600
        stops = datetime.fromisoformat(found["stops"]) - before
        assert 50 < stops.total_seconds() < 70


async def test_a_busy_scope_is_not_about_to_be_stopped(ann: User, agent: ScriptedAgent) -> None:
    go_on = asyncio.Event()

    async def slow(_: Any) -> list[wire.ExecuteEvent]:
        await go_on.wait()
        return [wire.DoneEvent(reply=wire.ExecuteReply(status="ok"))]

    agent.on(wire.ExecuteRequest, slow)
    command = asyncio.create_task(ann.post("/command", {"scope": "taxi", "command": "1"}))
    await until(lambda: bool(agent.asked_for(wire.ExecuteRequest)))
    [busy] = (await ann.get("/scope")).good()["scopes"]
    go_on.set()
    (await command).good()
    [idle] = (await ann.get("/scope")).good()["scopes"]

    assert (busy["state"], busy["stops"], busy["stops_in_s"]) == ("busy", None, None)
    assert (idle["state"], idle["ends"], idle["ends_in_s"]) == ("idle", None, None)
    assert 3590 < idle["stops_in_s"] <= 3600


def is_idle(server: Server, owner: str, name: str) -> Callable[[], bool]:
    """Whether the scope is idle."""
    return lambda: server.services.registry.get(owner, name).state.value == "idle"


def driver_of(server: Server) -> FakeEngine:
    """The engine that the server rests on."""
    driver = server.services.readiness.driver
    assert isinstance(driver, FakeEngine)
    return driver


async def test_an_open_async_request_is_work(ann: User, agent: ScriptedAgent) -> None:
    body = {"scope": "taxi", "statement": "select 1", "mode": "async"}
    assert (await ann.post("/query/service", body)).body["status"] == "running"
    [scope] = (await ann.get("/scope")).good()["scopes"]

    assert (scope["state"], scope["stops"]) == ("busy", None)
