"""One suite over every engine driver: what the registry may rely on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from control.engine.driver import ContainerState, EngineEvent, Usage
from control.errors import EngineError, NameTaken
from tests.docker.harness import World

NOBODY = "0" * 64
LIFE = {"start", "rename", "die", "destroy"}


async def test_it_says_its_version(world: World) -> None:
    assert await world.driver.ping()


async def test_it_says_its_machines_memory_or_nothing(world: World) -> None:
    told = await world.driver.memory_bytes()

    assert told is None or told > 256 * 1024**2


async def test_it_has_the_image(world: World) -> None:
    assert await world.driver.has_image(world.image)


async def test_created_is_not_running(world: World) -> None:
    plan = world.plan()
    status = await world.driver.status(await world.driver.create(plan))

    assert status.state is ContainerState.CREATED
    assert (status.name, status.exit_code) == (plan.name, None)
    assert plan.labels.items() <= status.labels.items()


async def test_start_runs_it(world: World) -> None:
    before = time.time()
    status = await world.driver.status(await world.run())

    assert status.state is ContainerState.RUNNING
    assert status.started_at is not None
    assert before - 1 < status.started_at < time.time() + 1


async def test_start_twice_is_fine(world: World) -> None:
    id = await world.run()
    await world.driver.start(id)

    assert (await world.driver.status(id)).state is ContainerState.RUNNING


async def test_stop_ends_it(world: World) -> None:
    id = await world.run()
    await world.driver.stop(id, 5)
    status = await world.driver.status(id)

    assert status.state is ContainerState.EXITED
    assert status.exit_code is not None
    assert status.finished_at is not None


async def test_stop_twice_is_fine(world: World) -> None:
    id = await world.run()
    await world.driver.stop(id, 0)
    await world.driver.stop(id, 0)

    assert (await world.driver.status(id)).state is ContainerState.EXITED


async def test_stopping_what_never_ran_is_fine(world: World) -> None:
    await world.driver.stop(await world.driver.create(world.plan()), 0)


async def test_a_stopped_one_starts_again(world: World) -> None:
    id = await world.run()
    await world.driver.stop(id, 0)
    await world.driver.start(id)

    assert (await world.driver.status(id)).state is ContainerState.RUNNING


async def test_remove_makes_it_gone(world: World) -> None:
    id = await world.run()
    await world.driver.remove(id)

    assert (await world.driver.status(id)).state is ContainerState.ABSENT
    assert await world.driver.list(world.installation) == []


async def test_remove_twice_is_fine(world: World) -> None:
    id = await world.driver.create(world.plan())
    await world.driver.remove(id)
    await world.driver.remove(id)


async def test_removing_it_twice_at_once_is_fine(world: World) -> None:
    id = await world.run()
    await asyncio.gather(world.driver.remove(id), world.driver.remove(id))

    assert (await world.driver.status(id)).state is ContainerState.ABSENT


async def test_what_is_absent_is_no_error_to_end(world: World) -> None:
    await world.driver.stop(NOBODY, 0)
    await world.driver.remove(NOBODY)

    assert (await world.driver.status(NOBODY)).state is ContainerState.ABSENT
    assert await world.driver.logs(NOBODY, 10) == ""
    assert await world.driver.usage(NOBODY) == Usage()


async def test_what_is_absent_cannot_begin(world: World) -> None:
    with pytest.raises(EngineError):
        await world.driver.start(NOBODY)
    with pytest.raises(EngineError):
        await world.driver.rename(NOBODY, world.full_name("z"))


async def test_a_name_is_given_once(world: World) -> None:
    plan = world.plan()
    await world.driver.create(plan)

    with pytest.raises(NameTaken):
        await world.driver.create(plan)


async def test_a_removed_name_is_free(world: World) -> None:
    plan = world.plan()
    await world.driver.remove(await world.driver.create(plan))

    assert await world.driver.create(plan)


async def test_rename_keeps_the_rest(world: World) -> None:
    id = await world.run()
    before = await world.driver.status(id)
    await world.driver.rename(id, world.full_name("b"))
    after = await world.driver.status(id)

    assert (after.id, after.labels, after.state) == (before.id, before.labels, before.state)
    assert after.name == world.full_name("b")


async def test_renaming_to_a_taken_name_is_refused(world: World) -> None:
    await world.driver.create(world.plan("a"))
    id = await world.driver.create(world.plan("b"))

    with pytest.raises(NameTaken):
        await world.driver.rename(id, world.full_name("a"))


async def test_the_list_has_every_state_of_one_installation(world: World) -> None:
    created = await world.driver.create(world.plan("a"))
    running = await world.run("b")
    stopped = await world.run("c")
    await world.driver.stop(stopped, 0)
    labels = world.labels("d", installation="stranger")
    stranger = await world.driver.create(world.plan("d", labels=labels))
    found = {each.id: each.state for each in await world.driver.list(world.installation)}
    await world.driver.remove(stranger)

    assert found == {
        created: ContainerState.CREATED,
        running: ContainerState.RUNNING,
        stopped: ContainerState.EXITED,
    }


async def collect(events: AsyncIterator[EngineEvent], last: str) -> list[EngineEvent]:
    seen = []
    async with asyncio.timeout(30):
        async for event in events:
            if event.action in LIFE:
                seen.append(event)
            if event.action == last:
                break
    return seen


async def collecting(world: World, last: str) -> asyncio.Task[list[EngineEvent]]:
    """The events from now on, until one of that action."""
    task = asyncio.create_task(collect(world.driver.events(world.installation), last))
    await asyncio.sleep(0)
    return task


async def test_events_tell_a_life_in_order(world: World) -> None:
    plan = world.plan()
    events = await collecting(world, "destroy")
    id = await world.driver.create(plan)
    await world.driver.start(id)
    await world.driver.rename(id, world.full_name("b"))
    await world.driver.remove(id)
    seen = await events

    assert [event.action for event in seen] == ["start", "rename", "die", "destroy"]
    assert {(event.container_id, event.sandbox_id) for event in seen} == {(id, plan.sandbox_id)}


async def test_events_of_strangers_are_not_told(world: World) -> None:
    events = await collecting(world, "start")
    labels = world.labels("s", installation="stranger")
    stranger = await world.run("s", labels=labels)
    await world.driver.remove(stranger)
    id = await world.run("a")
    seen = await events

    assert [event.container_id for event in seen] == [id]


async def test_two_may_follow_at_once(world: World) -> None:
    both = [await collecting(world, "die") for _ in range(2)]
    id = await world.run("a")
    await world.driver.stop(id, 0)

    for events in both:
        assert [event.action for event in await events] == ["start", "die"]


async def test_waiting_for_events_can_be_given_up(world: World) -> None:
    events = world.driver.events(world.installation)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await anext(events)
