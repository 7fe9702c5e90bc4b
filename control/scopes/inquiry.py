"""What became of a scope whose agent went away in the middle of an answer."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from control.agent_client import AgentClient
from control.errors import DeadlineExceeded, GeoscopeError
from control.scopes.reconcile import Reconciler
from control.scopes.roster import Live
from control.scopes.wait import Deadline, wait_until
from wire.messages import HealthRequest

EVENTS_S: Final = 0.5
"""How long the engine's word of a container's end may take."""
END_S: Final = 5.0
"""How long a container may take to end whose agent has gone: its JVM goes with it."""
ANSWER_S: Final = 1.0


async def find_out(live: Live, reconciler: Reconciler) -> None:
    """Make the scope's state true: the engine's events say best why, so they come first."""

    async def ended() -> str | None:
        return "its container runs" if live.scope.is_running else None

    async def ended_or_answers() -> str | None:
        await reconciler.settle(live)
        gone = await ended()
        return None if gone is None or await _answers(live.agent) else gone

    for look, patience_s in ((ended, EVENTS_S), (ended_or_answers, END_S)):
        with suppress(DeadlineExceeded):
            await wait_until(look, Deadline.after(patience_s), "the end of the container")
            return


async def _answers(agent: AgentClient | None) -> bool:
    if agent is None:
        return False
    try:
        await agent.call(HealthRequest(), ANSWER_S)
    except GeoscopeError:
        return False
    return True
