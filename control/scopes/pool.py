"""The pool: sandboxes of the usual limits, started before anybody asks."""

from __future__ import annotations

import asyncio
import logging
import uuid

from control.errors import GeoscopeError
from control.scopes.backing import Backing
from control.scopes.lifecycle import Lifecycle
from control.scopes.limits import Limits
from control.scopes.roster import Live, Roster
from control.scopes.scope import Intent, Scope

log = logging.getLogger(__name__)

FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 60.0


class Berthing:
    """Hands out berths: a new sandbox id, and a uid that nobody has."""

    def __init__(self, backing: Backing, roster: Roster) -> None:
        self._backing = backing
        self._roster = roster

    def new(self, limits: Limits, owner: str = "", name: str = "") -> Live:
        """A new scope in the roster, nothing made yet; raises ScopeExists, NoCapacity."""
        now = self._backing.clock.now()
        bounds = self._backing.limits
        scope = Scope(
            sandbox_id=uuid.uuid4().hex,
            uid=self._roster.free_uid(bounds.uid_first, bounds.uid_last),
            owner=owner,
            name=name,
            created=now,
            last_used=now,
            since=now,
            limits=limits,
        )
        live = Live(scope)
        self._roster.add(live)
        return live


class Pool:
    """Keeps `pool_size` sandboxes ready; the mutable state is the roster's."""

    def __init__(
        self, backing: Backing, roster: Roster, lifecycle: Lifecycle, berthing: Berthing
    ) -> None:
        self._backing = backing
        self._roster = roster
        self._lifecycle = lifecycle
        self._berthing = berthing
        self.wanted = asyncio.Event()
        """Set when there may be room to fill."""

    def take(self, limits: Limits) -> Live | None:
        """A ready sandbox that serves `limits`. No await until the roster gives it an owner."""
        for live in self._roster.pooled():
            is_ready = live.scope.is_running and live.scope.intent is None
            if is_ready and live.scope.limits.same_container(limits):
                self.wanted.set()
                return live
        return None

    async def fill(self) -> None:
        """Make what is missing, one after the other."""
        while len(self._roster.pooled()) < self._backing.limits.pool_size:
            live = self._berthing.new(self._backing.limits.each)
            async with live.lock:
                await self._lifecycle.open(live, Intent.FILL)

    async def run(self) -> None:
        """Fill whenever it is wanted; a failure is tried again, ever more seldom."""
        retry_s = FIRST_RETRY_S
        while True:
            try:
                self.wanted.clear()
                await self.fill()
                retry_s = FIRST_RETRY_S
                await self._backing.clock.wait(self.wanted, None)
            except (GeoscopeError, OSError) as error:
                log.warning("pool not filled, again in %s s: %s", retry_s, error)
                await self._backing.clock.wait(asyncio.Event(), retry_s)
                retry_s = min(retry_s * 2, LONGEST_RETRY_S)
