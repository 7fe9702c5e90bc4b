"""How real containers end: an agent that is asked, one that needs SIGTERM, one that needs more."""

from __future__ import annotations

import time

import docker
import pytest

from control.agent_client import AgentClient
from control.engine.driver import ContainerState
from control.scopes.farewell import ASK_S, farewell
from tests.docker.harness import World, pause, until

pytestmark = pytest.mark.docker
GRACE_S = 1.0
BOUND_S = ASK_S + 3 * GRACE_S + 5.0
"""What the three steps may take, and what the engine takes for them."""


async def ended(world: World, id: str) -> str:
    """Say farewell, within its bound, and see that it has ended."""
    agent = AgentClient(world.socket(), uid=world.uid)
    began = time.monotonic()
    try:
        took = await farewell(world.driver, id, agent, GRACE_S)
    finally:
        await agent.close()

    assert time.monotonic() - began < BOUND_S
    assert (await world.driver.status(id)).state is ContainerState.EXITED
    return took


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("polite", ""),
        ("good", "its agent did not end when it was asked to, SIGTERM was needed"),
        (
            "ignores_sigterm",
            "its agent did not end within 1 s of SIGTERM, it was killed (SIGKILL)",
        ),
    ],
)
async def test_no_more_force_is_used_than_is_needed(
    world: World, behaviour: str, words: str
) -> None:
    id = await world.run(behaviour=behaviour)
    await until(world.is_listening, bool)

    assert await ended(world, id) == words


async def test_a_paused_one_ends_too(world: World, engine: docker.DockerClient) -> None:
    id = await world.run(behaviour="polite")
    await until(world.is_listening, bool)
    await pause(engine, id)

    assert "SIG" in await ended(world, id)


async def test_one_that_has_ended_needs_nothing(world: World) -> None:
    id = await world.run(behaviour="crashes_on_start")
    await world.until_state(id, ContainerState.EXITED)

    assert await ended(world, id) == ""
