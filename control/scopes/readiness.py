"""Whether an agent serves: asked until it does, or until it is plain that it never will."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from control.agent_client import AgentClient
from control.engine.driver import ContainerState, EngineDriver
from control.errors import AgentFailed, AgentMisbehaved, AgentUnreachable
from control.scopes.endings import TOO_OLD, exit_words
from control.scopes.wait import Deadline, wait_until
from wire.messages import Health, HealthRequest, Message
from wire.protocol import SUPPORTED_PROTOCOLS

PROBE_TIMEOUT_S = 2.0


def understood(protocol: str | None) -> bool:
    """Whether this control plane speaks that protocol."""
    return protocol in {str(number) for number in SUPPORTED_PROTOCOLS}


@dataclass(frozen=True)
class Readiness:
    """One container's agent, to be asked."""

    driver: EngineDriver
    container_id: str
    agent: AgentClient
    at_stage: Callable[[str], None]
    """Hears what the agent is at while it is not ready."""

    async def wait(self, timeout_s: float, give_up: asyncio.Event) -> bool:
        """True: it serves. False: `give_up` was set.

        Raises DeadlineExceeded with the last reason, AgentUnreachable where its container ended,
        AgentMisbehaved where it speaks another protocol.
        """
        what = "the start of the scope's agent"
        return await wait_until(self._reason, Deadline.after(timeout_s), what, give_up)

    async def _reason(self) -> str | None:
        try:
            health = await self.agent.call(HealthRequest(), timeout_s=PROBE_TIMEOUT_S)
        except (AgentUnreachable, AgentMisbehaved, AgentFailed) as error:
            await self._check_container()
            return error.message
        verdict = _verdict(health)
        if verdict is not None:
            self.at_stage(health.stage)
        return verdict

    async def _check_container(self) -> None:
        """A container that ended never answers: say so now, not at the deadline."""
        status = await self.driver.status(self.container_id)
        if status.state in (ContainerState.EXITED, ContainerState.ABSENT):
            raise AgentUnreachable(exit_words(status.exit_code))


def _verdict(health: Message) -> str | None:
    if not isinstance(health, Health):
        why = f"{type(health).__name__} where health was asked for"
        raise AgentMisbehaved(why)
    if not understood(str(health.protocol)):
        why = f"{TOO_OLD}, it speaks {health.protocol}"
        raise AgentMisbehaved(why)
    return None if health.ready else f"it is at: {health.stage[:40]}"
