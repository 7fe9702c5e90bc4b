"""Who may come in: the host's room, what it has promised, and whoever waits in the pool."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from control.engine.host import Host, HostRoom
from control.errors import EngineError, EngineUnavailable, NoCapacity
from control.scopes.backing import Backing
from control.scopes.capacity import Promises, Rules, Verdict, at_start, decide
from control.scopes.drain import Drain
from control.scopes.limits import Limits
from control.scopes.roster import Live, Roster
from control.scopes.scope import Scope, ScopeState

log = logging.getLogger(__name__)

ROUND_S: Final = 60.0
"""How often the engine is asked for its machine's memory."""
HOLDING: Final = frozenset(
    {
        ScopeState.STARTING,
        ScopeState.IDLE,
        ScopeState.BUSY,
        ScopeState.PAUSED,
        ScopeState.STOPPING,
    }
)
"""States in which a scope has its memory, or is about to."""


@dataclass(frozen=True, kw_only=True)
class Occupancy:
    """How full the host is, in bytes."""

    promised: int
    promisable: int


class Admission:
    """Decides on new and waking scopes.

    The mutable state is what the engine last said of its machine's memory. What was promised is
    read from the roster, where a scope stands from the moment that it was let in.
    """

    def __init__(
        self, backing: Backing, roster: Roster, host: Host | None, rules: Rules, drain: Drain
    ) -> None:
        """Without a `host` everything fits."""
        self._backing = backing
        self._roster = roster
        self._host = host
        self._rules = rules
        self._drain = drain
        self._engine_memory_bytes: int | None = None

    def admit(self, limits: Limits) -> list[Live]:
        """The sandboxes of the pool that must go before a scope with `limits` is made.

        They are marked as leaving. Raises NoCapacity. No await until the scope is in the roster.
        """
        spare = self._spare()
        verdict = self._decide(limits, self._promises())
        if verdict.why is not None:
            raise NoCapacity(verdict.why)
        leaving = spare[: verdict.gives_way]
        for live in leaving:
            live.leaving.set()
        return leaving

    def why_not_spare(self) -> str | None:
        """Why the pool gets no sandbox more just now; None where it may."""
        if self._drain.is_on:
            return "the server is draining"
        if any(live.scope.state is ScopeState.STARTING for live in self._roster.scopes()):
            return "a scope is starting"
        held = self._promises()
        everybody = Promises(scopes=held.total, to_come=held.to_come)
        return self._decide(self._backing.limits.each, everybody).why

    def occupancy(self) -> Occupancy | None:
        """How full the host is; None where nobody looks."""
        host = self._look()
        if host is None:
            return None
        return Occupancy(promised=self._promises().total, promisable=self._rules.promisable(host))

    async def learn(self) -> None:
        """Ask the engine for its machine's memory; what is known stays where it does not answer."""
        try:
            self._engine_memory_bytes = await self._backing.driver.memory_bytes()
        except (EngineUnavailable, EngineError) as error:
            log.debug("the engine's memory is not known: %s", error)

    async def run(self) -> None:
        """Ask again and again: machines are resized."""
        while True:
            await self.learn()
            await self._backing.clock.wait(asyncio.Event(), ROUND_S)

    def _decide(self, limits: Limits, others: Promises) -> Verdict:
        host = self._look()
        if host is None:
            return Verdict()
        return decide(limits.memory_bytes, others, host, self._rules)

    def _look(self) -> HostRoom | None:
        return None if self._host is None else self._host.look(self._engine_memory_bytes)

    def _spare(self) -> list[Live]:
        """Who gives way, those first that are not ready yet."""
        waiting = [live for live in self._roster.pooled() if _may_go(live)]
        return sorted(waiting, key=lambda live: live.scope.is_running)

    def _promises(self) -> Promises:
        holding = [live for live in self._roster.all() if live.scope.state in HOLDING]
        spare = self._spare()
        going = [live for live in holding if live.scope.is_pooled and live not in spare]
        scopes = [live.scope for live in holding if live not in spare and live not in going]
        return Promises(
            scopes=sum(scope.limits.memory_bytes for scope in scopes),
            spare=tuple(live.scope.limits.memory_bytes for live in spare),
            to_come=sum(_to_come(live.scope) for live in holding),
        )


def _may_go(live: Live) -> bool:
    return live.scope.state in HOLDING and not live.leaving.is_set()


def _to_come(scope: Scope) -> int:
    is_starting = scope.state is ScopeState.STARTING
    return at_start(scope.limits.memory_bytes) if is_starting else 0
