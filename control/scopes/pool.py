"""The pool: sandboxes of the usual limits, started before anybody asks."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable

from control.errors import GeoscopeError, ScopeNotFound
from control.scopes.backing import Backing
from control.scopes.lifecycle import Lifecycle
from control.scopes.limits import Limits
from control.scopes.roster import Live, Roster
from control.scopes.scope import Intent, Scope
from control.scopes.tasks import together, tolerant

log = logging.getLogger(__name__)

FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 60.0
HELD_BACK_S = 15.0
"""How soon a pool that is held back looks again, as nobody tells when memory is free."""


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
            uid=self._roster.free_uid(bounds.uid_first, bounds.uid_last, bounds.uid_start),
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
    """Keeps `pool_size` sandboxes ready, where nobody else needs the room.

    The mutable state is the roster's, and `held_back`: why there are fewer.
    """

    def __init__(
        self,
        backing: Backing,
        roster: Roster,
        lifecycle: Lifecycle,
        berthing: Berthing,
        why_not: Callable[[], str | None],
    ) -> None:
        """`why_not` says why there must be no more just now."""
        self._backing = backing
        self._roster = roster
        self._lifecycle = lifecycle
        self._berthing = berthing
        self._why_not = why_not
        self.held_back: str | None = None
        self.wanted = asyncio.Event()
        """Set when there may be room to fill."""

    def take(self, limits: Limits) -> Live | None:
        """A ready sandbox that serves `limits`. No await until the roster gives it an owner."""
        for live in self._roster.pooled():
            is_ready = live.scope.is_running and live.scope.intent is None
            if is_ready and not live.leaving.is_set() and live.scope.limits.same_container(limits):
                self.wanted.set()
                return live
        return None

    async def fill(self) -> None:
        """Make what is missing, one after the other, as long as there is room.

        What is more than that goes: an earlier control plane kept a larger pool.
        """
        await self.give_way(self._surplus())
        while self._may_grow():
            live = self._berthing.new(self._backing.limits.each)
            async with live.lock:
                await self._make(live)

    async def give_way(self, leaving: list[Live]) -> None:
        """These are gone when it returns, or as good as: what could not be removed is tried later.

        Raises EngineUnavailable.
        """
        await together(*(tolerant(self._close(live), "it did not give way") for live in leaving))

    async def run(self) -> None:
        """Fill whenever it is wanted; a failure is tried again, ever more seldom."""
        retry_s = FIRST_RETRY_S
        while True:
            try:
                self.wanted.clear()
                await self.fill()
                retry_s = FIRST_RETRY_S
                pause_s = None if self.held_back is None else HELD_BACK_S
                await self._backing.clock.wait(self.wanted, pause_s)
            except (GeoscopeError, OSError) as error:
                log.warning("pool not filled, again in %s s: %s", retry_s, error)
                await self._backing.clock.wait(asyncio.Event(), retry_s)
                retry_s = min(retry_s * 2, LONGEST_RETRY_S)

    def _surplus(self) -> list[Live]:
        surplus = self._roster.pooled()[self._backing.limits.pool_size :]
        for live in surplus:
            # From now on nobody takes it.
            live.leaving.set()
        return surplus

    def _may_grow(self) -> bool:
        before, self.held_back = self.held_back, None
        if len(self._roster.pooled()) >= self._backing.limits.pool_size:
            return False
        self.held_back = self._why_not()
        if self.held_back not in (None, before):
            log.info("the pool is not filled: %s", self.held_back)
        return self.held_back is None

    async def _make(self, live: Live) -> None:
        try:
            await self._lifecycle.open(live, Intent.FILL)
        except ScopeNotFound:
            # It gave way before it was ready, which is no failure.
            if not live.leaving.is_set():
                raise

    async def _close(self, live: Live) -> None:
        async with live.lock:
            if self._roster.has(live.scope.sandbox_id):
                log.info("pool sandbox=%s gives way", live.scope.sandbox_id[:12])
                await self._lifecycle.close(live)
