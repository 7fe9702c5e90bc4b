"""What only a real engine does: operators, labels, an engine that is not there, and attacks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import docker
import pytest

from control.agent_client import AgentClient
from control.engine.docker import DockerDriver
from control.engine.driver import ContainerState, EngineDriver
from control.errors import AgentUnreachable, EngineError, EngineUnavailable
from tests.docker.harness import SCOPE_UID, World, make_berth, pause, until
from wire.messages import HealthRequest

pytestmark = pytest.mark.docker


async def actions_until(world: World, last: str, act: Callable[[], Awaitable[None]]) -> list[str]:
    events = world.driver.events(world.installation)
    await act()
    seen = []
    async with asyncio.timeout(30):
        while last not in seen:
            seen.append((await anext(events)).action)
    return seen


async def test_an_operator_pauses_and_goes_on(world: World, engine: docker.DockerClient) -> None:
    id = await world.run()
    await pause(engine, id)
    paused = await world.driver.status(id)
    engine.containers.get(id).unpause()
    running = await world.driver.status(id)

    assert (paused.state, running.state) == (ContainerState.PAUSED, ContainerState.RUNNING)


async def test_a_paused_one_is_stopped(world: World, engine: docker.DockerClient) -> None:
    id = await world.run()
    await pause(engine, id)
    await world.driver.stop(id, 1)

    assert (await world.driver.status(id)).state is ContainerState.EXITED


async def test_a_paused_one_is_removed(world: World, engine: docker.DockerClient) -> None:
    id = await world.run()
    await pause(engine, id)
    await world.driver.remove(id)

    assert (await world.driver.status(id)).state is ContainerState.ABSENT


async def test_an_operator_kills_it(world: World, engine: docker.DockerClient) -> None:
    id = await world.run()
    container = engine.containers.get(id)
    seen = await actions_until(world, "die", lambda: asyncio.to_thread(container.kill))

    assert seen == ["kill", "die"]
    assert (await world.driver.status(id)).exit_code == 137


async def test_an_operator_removes_it(world: World, engine: docker.DockerClient) -> None:
    id = await world.run()
    container = engine.containers.get(id)
    seen = await actions_until(
        world, "destroy", lambda: asyncio.to_thread(container.remove, force=True)
    )

    assert seen == ["kill", "die", "destroy"]
    assert (await world.driver.status(id)).state is ContainerState.ABSENT


async def test_labels_are_all_that_adoption_needs(world: World) -> None:
    plan = world.plan()
    id = await world.driver.create(plan)
    await world.driver.start(id)
    heir = world.make_driver()
    [found] = await heir.list(world.installation)
    await heir.close()

    assert (found.id, found.name, found.state) == (id, plan.name, ContainerState.RUNNING)
    assert found.labels == plan.labels


async def test_two_scopes_live_side_by_side(world: World) -> None:
    await asyncio.gather(world.run("a", uid=20_001), world.run("b", uid=20_002, gid=20_002))
    make_berth(world.folder / "berths" / "b" / "disk", 20_002)
    await until(lambda: world.is_listening("a"), bool)
    client = AgentClient(world.socket("a"), uid=20_001)
    health = await client.call(HealthRequest(), 10)
    await client.close()

    assert health.ready


async def test_a_missing_image_is_said(world: World) -> None:
    plan = replace(world.plan(), image="geoscope-nobody-has-this:1")

    assert not await world.driver.has_image(plan.image)
    with pytest.raises(EngineError, match="geoscope-nobody-has-this"):
        await world.driver.create(plan)


async def test_a_missing_berth_is_said(world: World, tmp_path: Path) -> None:
    plan = replace(world.plan(), scope_dir=tmp_path / "gone")

    with pytest.raises(EngineError, match="gone"):
        await world.driver.create(plan)


ASKED: dict[str, Callable[[EngineDriver], Awaitable[object]]] = {
    "ping": lambda driver: driver.ping(),
    "has_image": lambda driver: driver.has_image("x"),
    "start": lambda driver: driver.start("x"),
    "stop": lambda driver: driver.stop("x", 0),
    "remove": lambda driver: driver.remove("x"),
    "status": lambda driver: driver.status("x"),
    "list": lambda driver: driver.list("x"),
    "rename": lambda driver: driver.rename("x", "y"),
    "logs": lambda driver: driver.logs("x", 1),
    "usage": lambda driver: driver.usage("x"),
    "events": lambda driver: anext(driver.events("x")),
}


@pytest.mark.parametrize("call", ASKED.values(), ids=ASKED)
async def test_an_engine_that_is_not_there_is_unavailable(
    tmp_path: Path, call: Callable[[EngineDriver], Awaitable[object]]
) -> None:
    driver = DockerDriver(tmp_path, address=f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(EngineUnavailable):
        await call(driver)

    await driver.close()


async def test_a_link_to_the_engines_socket_is_refused(world: World) -> None:
    await world.run(behaviour="links_socket", sandbox_id="/var/run/docker.sock")
    await until(lambda: asyncio.to_thread(world.socket().is_symlink), bool)
    client = AgentClient(world.socket(), uid=None)

    with pytest.raises(AgentUnreachable, match="not a socket"):
        await client.call(HealthRequest(), 5)
    await client.close()


async def test_a_link_to_another_scopes_socket_is_refused(world: World) -> None:
    await world.run("a")
    await until(lambda: world.is_listening("a"), bool)
    await world.run("b", behaviour="links_socket", sandbox_id=str(world.socket("a")))
    await until(lambda: asyncio.to_thread(world.socket("b").is_symlink), bool)
    client = AgentClient(world.socket("b"), uid=SCOPE_UID)

    with pytest.raises(AgentUnreachable, match="not a socket"):
        await client.call(HealthRequest(), 5)
    await client.close()


async def test_a_socket_of_another_user_is_refused(world: World) -> None:
    await world.run()
    await until(world.is_listening, bool)
    client = AgentClient(world.socket(), uid=SCOPE_UID + 1)

    with pytest.raises(AgentUnreachable, match=f"belongs to user {SCOPE_UID}"):
        await client.call(HealthRequest(), 5)
    await client.close()
