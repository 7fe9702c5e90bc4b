"""One suite over the drivers whose agents are real processes: output, ends, use, adoption."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from control.agent_client import AgentClient
from control.engine.driver import ContainerState, Usage
from control.errors import AgentMisbehaved, AgentUnreachable
from tests.docker.harness import World, until
from wire.messages import Health, HealthRequest


@asynccontextmanager
async def agent_of(world: World) -> AsyncIterator[AgentClient]:
    """A client of the agent, which listens by now."""
    client = AgentClient(world.socket(), uid=await world.driver.host_uid(world.uid))
    await until(world.is_listening, bool)
    try:
        yield client
    finally:
        await client.close()


async def health_of(world: World) -> Health:
    async with agent_of(world) as client:
        return await client.call(HealthRequest(), 5)


async def test_the_agent_answers_on_its_socket(real_world: World) -> None:
    await real_world.run()
    health = await health_of(real_world)

    assert (health.version, health.ready) == ("stub", True)


async def test_it_may_never_be_ready(real_world: World) -> None:
    await real_world.run(behaviour="never_ready")
    health = await health_of(real_world)

    assert (health.ready, health.stage) == (False, "spark")


async def test_another_protocol_is_told_as_it_is(real_world: World) -> None:
    await real_world.run(behaviour="wrong_protocol")

    assert (await health_of(real_world)).protocol == 99


@pytest.mark.parametrize("behaviour", ["garbage_reply", "huge_reply", "huge_head"])
async def test_a_reply_that_is_none_is_refused(real_world: World, behaviour: str) -> None:
    await real_world.run(behaviour=behaviour)

    with pytest.raises(AgentMisbehaved):
        await health_of(real_world)


@pytest.mark.parametrize("behaviour", ["hangs", "slow"])
async def test_a_deadline_holds(real_world: World, behaviour: str) -> None:
    await real_world.run(behaviour=behaviour)

    async with agent_of(real_world) as client:
        with pytest.raises(AgentUnreachable, match="in time"):
            await client.call(HealthRequest(), 0.5)


async def test_a_crash_leaves_its_code_and_last_words(real_world: World) -> None:
    id = await real_world.run(behaviour="crashes_on_start")
    status = await real_world.until_state(id, ContainerState.EXITED)

    assert status.exit_code == 69
    assert "cannot listen on agent.sock" in await real_world.driver.logs(id, 10)


async def test_the_end_is_an_event(real_world: World) -> None:
    events = real_world.driver.events(real_world.installation)
    id = await real_world.run(behaviour="crashes_on_start")
    actions = []
    async with asyncio.timeout(30):
        while "die" not in actions:
            actions.append((await anext(events)).action)

    assert actions[-2:] == ["start", "die"]
    assert (await real_world.driver.status(id)).exit_code == 69


async def test_asked_to_end_it_ends_by_itself(real_world: World) -> None:
    id = await real_world.run()
    await health_of(real_world)
    await real_world.driver.stop(id, 20)

    assert (await real_world.driver.status(id)).exit_code == 143


async def test_who_does_not_end_is_killed(real_world: World) -> None:
    id = await real_world.run(behaviour="ignores_sigterm")
    await health_of(real_world)
    await real_world.driver.stop(id, 1)

    assert (await real_world.driver.status(id)).exit_code == 137


async def test_the_log_has_a_tail(real_world: World) -> None:
    id = await real_world.run(behaviour="chatty")
    await health_of(real_world)
    tail = await until(
        lambda: real_world.driver.logs(id, 2), lambda seen: seen.endswith("last line\n")
    )

    assert len(tail.splitlines()) == 2
    assert len(await real_world.driver.logs(id, 10**9)) <= 1024**2


async def test_a_stopped_one_keeps_its_log(real_world: World) -> None:
    id = await real_world.run(behaviour="crashes_on_start")
    await real_world.until_state(id, ContainerState.EXITED)

    assert "stub agent: crashes_on_start" in await real_world.driver.logs(id, 10)


async def test_use_is_measured(real_world: World) -> None:
    id = await real_world.run()
    await health_of(real_world)
    usage = await real_world.driver.usage(id)

    assert usage.memory_bytes is not None
    assert 1024**2 < usage.memory_bytes < 128 * 1024**2
    assert usage.cpu_seconds is not None
    assert usage.pids is not None
    assert usage.pids >= 1


async def test_a_stopped_one_uses_nothing(real_world: World) -> None:
    id = await real_world.run()
    await real_world.driver.stop(id, 0)

    assert await real_world.driver.usage(id) == Usage()


async def test_another_driver_adopts_what_runs(real_world: World) -> None:
    id = await real_world.run()
    await health_of(real_world)
    heir = real_world.make_driver()
    events = heir.events(real_world.installation)
    await real_world.driver.close()

    assert [each.id for each in await heir.list(real_world.installation)] == [id]
    assert (await health_of(real_world)).ready
    await heir.stop(id, 5)
    async with asyncio.timeout(30):
        while (event := await anext(events)).action != "die":
            pass

    assert event.container_id == id
    assert (await heir.status(id)).exit_code == 143
    await heir.remove(id)
    await heir.close()
