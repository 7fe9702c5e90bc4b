"""How a container is ended: asked, then told, then killed, each for so long; then it is gone."""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import Final

from control.agent_client import AgentClient
from control.engine.driver import ContainerState, EngineDriver
from control.errors import DeadlineExceeded, EngineUnavailable, GeoscopeError
from control.scopes.endings import SIGKILL_CODE
from control.scopes.wait import Deadline, wait_until
from wire.messages import ShutdownRequest

log = logging.getLogger(__name__)

ASK_S: Final = 2.0
"""How long an agent may take to say that it will end."""
ENDED: Final = frozenset({ContainerState.EXITED, ContainerState.ABSENT})


class Ending(StrEnum):
    """What it took, in the words of a scope's reason; nothing to say where asking was enough."""

    ASKED = ""
    TOLD = "its agent did not end when it was asked to, SIGTERM was needed"
    KILLED = "its agent did not end within {grace_s:g} s of SIGTERM, it was killed (SIGKILL)"


async def farewell(
    driver: EngineDriver, container_id: str, agent: AgentClient | None, grace_s: float
) -> str:
    """End the container within `ASK_S` and thrice `grace_s`; what it took, in words or none.

    An agent that has promised to end gets twice the time of one that is told to: its JVM must
    end before it, and may be at work.
    """
    if agent is not None and await _asked(driver, container_id, agent, grace_s):
        return Ending.ASKED.value
    before = await driver.status(container_id)
    if before.state in ENDED:
        return Ending.ASKED.value
    await driver.stop(container_id, grace_s)
    status = await driver.status(container_id)
    ending = Ending.KILLED if status.exit_code == SIGKILL_CODE else Ending.TOLD
    return ending.value.format(grace_s=grace_s)


async def _asked(
    driver: EngineDriver, container_id: str, agent: AgentClient, grace_s: float
) -> bool:
    async def ended() -> str | None:
        status = await driver.status(container_id)
        return None if status.state in ENDED else "it runs on"

    try:
        await agent.call(ShutdownRequest(), ASK_S)
        return await wait_until(ended, Deadline.after(2 * grace_s), "the end of the agent")
    except EngineUnavailable:
        raise
    except DeadlineExceeded as error:
        log.info("an agent did not end: %s", error)
    except GeoscopeError as error:
        log.info("an agent could not be asked to end: %s", error)
    return False
