"""Stops what is idle, deletes what has ended, clears away what is dead."""

from __future__ import annotations

import asyncio
import logging

from control.scopes.backing import Backing
from control.scopes.endings import IDLE
from control.scopes.lifecycle import Lifecycle
from control.scopes.roster import Live, Roster
from control.scopes.scope import ScopeState
from control.scopes.tasks import together, tolerant
from control.scopes.wait import Jumps

log = logging.getLogger(__name__)

LONGEST_WAIT_S = 60.0
"""How often the times of last use are written at least; so much of them a crash may cost."""
RETRY_S = 1.0


class Reaper:
    """Acts on what is due by the clock; busy is what the control plane itself has in flight."""

    def __init__(self, backing: Backing, roster: Roster, lifecycle: Lifecycle) -> None:
        self._backing = backing
        self._roster = roster
        self._lifecycle = lifecycle
        self._written: dict[str, float] = {}
        self._jumps = Jumps(backing.clock)
        self._changed = asyncio.Event()
        self._planned = 0.0

    def next_due(self) -> float | None:
        """When there is something to do; None: nothing in sight."""
        times = [time for live in self._roster.all() for time in self._times(live)]
        return min(times, default=None)

    async def reap(self) -> None:
        """Do all that is due now."""
        self.notice_clock()
        now = self._backing.clock.now()
        due = [live for live in self._roster.all() if any(t <= now for t in self._times(live))]
        await together(*(tolerant(self._reap(live), "not reaped, tried again") for live in due))
        self.write_last_used()

    def notice_clock(self) -> None:
        """Move the scopes' times where the host's clock was set: nothing ends early or late."""
        jump_s = self._jumps.taken()
        if jump_s == 0.0:
            return
        log.warning("the host's clock was set by %.0f s; the scopes' times move with it", jump_s)
        scopes = [live.scope for live in self._roster.all()]
        for scope in scopes:
            scope.clock_was_set(jump_s, self._backing.clock.now())
        self._backing.store.retime(scopes)

    def write_last_used(self) -> None:
        """Write when scopes were last used, where that is news."""
        used = {live.scope.sandbox_id: live.scope.last_used for live in self._roster.all()}
        news = {key: at for key, at in used.items() if self._written.get(key) != at}
        if news:
            self._backing.store.touch(news)
        self._written = used

    async def run(self) -> None:
        """Reap whenever something is due, for ever."""
        while True:
            self._changed.clear()
            await self.reap()
            pause_s = self._pause_s()
            self._planned = self._backing.clock.now() + pause_s
            await self._backing.clock.wait(self._changed, pause_s)

    def expect(self, at: float | None) -> None:
        """Something is due at `at`, which may be earlier than was planned."""
        if at is not None and at < self._planned:
            self._changed.set()

    def _pause_s(self) -> float:
        due = self.next_due()
        if due is None:
            return LONGEST_WAIT_S
        # What is due already has just failed: again, but not at once.
        return min(max(due - self._backing.clock.now(), RETRY_S), LONGEST_WAIT_S)

    def _times(self, live: Live) -> list[float]:
        scope = live.scope
        if scope.is_pooled:
            return []
        return [
            t for t in (scope.ends, scope.idle_until(), self._dead_until(live)) if t is not None
        ]

    def _dead_until(self, live: Live) -> float | None:
        """Until when a dead scope's container is kept for its logs."""
        scope = live.scope
        if scope.state is not ScopeState.DEAD or scope.container_id is None:
            return None
        return scope.since + self._backing.limits.dead_keep_s

    async def _reap(self, live: Live) -> None:
        now = self._backing.clock.now()
        async with live.lock:
            scope = live.scope
            # Asked again under the lock: it may have been used, restarted or closed meanwhile.
            if not self._roster.has(scope.sandbox_id):
                return
            if scope.ends is not None and scope.ends <= now:
                await self._lifecycle.close(live)
            elif (idle_until := scope.idle_until()) is not None and idle_until <= now:
                await self._lifecycle.halt(live, IDLE)
            elif (dead_until := self._dead_until(live)) is not None and dead_until <= now:
                await self._lifecycle.drop_container(live)
