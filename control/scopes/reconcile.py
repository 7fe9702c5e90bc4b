"""Makes the engine's world match the store's, as often as one likes."""

from __future__ import annotations

import logging
from collections import defaultdict

from control.engine.driver import SANDBOX_LABEL, VERSION_LABEL, ContainerState, ContainerStatus
from control.scopes.backing import Backing
from control.scopes.endings import BY_OPERATOR, ENGINE_WENT, KILLED, REMOVED, ending
from control.scopes.lifecycle import Lifecycle
from control.scopes.roster import Live, Roster
from control.scopes.scope import ScopeState
from control.scopes.signs import Signs
from control.scopes.tasks import together, tolerant

log = logging.getLogger(__name__)

ENGINE_GRACE_S = 20.0
"""How long before its own end an engine may stop containers; it gives them 15 s by default."""
HAD_CONTAINER = frozenset(
    {ScopeState.STARTING, ScopeState.IDLE, ScopeState.BUSY, ScopeState.PAUSED}
)


class Reconciler:
    """Compares scopes with containers and disks: adopts, finishes, notes ends, removes orphans."""

    def __init__(
        self, backing: Backing, roster: Roster, lifecycle: Lifecycle, signs: Signs
    ) -> None:
        self._backing = backing
        self._signs = signs
        self._roster = roster
        self._lifecycle = lifecycle

    async def everything(self, *, watched: bool) -> None:
        """Every scope, container and disk of this installation; raises EngineUnavailable.

        `watched`: whether we have followed the engine's events until now. If not, dead scopes
        are looked at anew too, and an end that was not seen is not blamed on the scope.
        """
        listed = await self._backing.driver.list(self._backing.store.installation)
        by_sandbox: dict[str, list[ContainerStatus]] = defaultdict(list)
        for status in listed:
            by_sandbox[status.labels.get(SANDBOX_LABEL, "")].append(status)
        # The roster is read after the engine: whatever began in between is in it.
        await self._remove_orphans(by_sandbox)
        lives = self._roster.all()
        matches = (self._match(live, by_sandbox[live.scope.sandbox_id], watched) for live in lives)
        await together(*(tolerant(match, "scope not reconciled") for match in matches))
        await self._remove_disks()

    async def settle(self, live: Live, *, revive: bool = False) -> None:
        """One scope: its unfinished move is finished, or its state is made true."""
        async with live.lock:
            await self.settle_locked(live, revive=revive)
            await self._weed(live, [])

    def blame_engine(self) -> None:
        """The engine is lost: what it stopped just before was no operator's wish."""
        for live in self._roster.all():
            scope = live.scope
            age_s = self._backing.clock.now() - scope.since
            was_stopped = scope.state is ScopeState.STOPPED and scope.reason == BY_OPERATOR
            if was_stopped and age_s < ENGINE_GRACE_S:
                self._lifecycle.ended(live, ScopeState.STOPPED, ENGINE_WENT)

    async def _match(self, live: Live, listed: list[ContainerStatus], watched: bool) -> None:
        async with live.lock:
            await self.settle_locked(live, revive=not watched, watched=watched)
            for status in listed:
                if status.id != live.scope.container_id:
                    await self._backing.driver.remove(status.id)
            await self._weed(live, listed)

    async def settle_locked(
        self, live: Live, *, revive: bool = False, watched: bool = True
    ) -> None:
        """`settle`, for one who holds the scope's lock; `revive`: a dead one may live again."""
        if not self._roster.has(live.scope.sandbox_id):
            return
        if live.scope.intent is not None:
            await self._lifecycle.finish(live)
            return
        status = await self._look(live)
        if status.state is ContainerState.RUNNING:
            await self._see_running(live, status, revive)
        elif status.state is ContainerState.PAUSED:
            self._see_paused(live)
        else:
            self._see_ended(live, status, watched)

    async def _look(self, live: Live) -> ContainerStatus:
        container_id = live.scope.container_id
        if container_id is None:
            return ContainerStatus(id="", state=ContainerState.ABSENT)
        return await self._backing.driver.status(container_id)

    async def _see_running(self, live: Live, status: ContainerStatus, revive: bool) -> None:
        scope = live.scope
        if scope.state is ScopeState.PAUSED and live.agent is not None:
            self._lifecycle.unpaused(live)
        elif scope.state is ScopeState.DEAD and not revive:
            return
        elif live.agent is None or not scope.is_running:
            limits = self._backing.limits
            was_ready = scope.is_running or scope.state is ScopeState.PAUSED
            timeout_s = limits.health_timeout_s if was_ready else limits.start_timeout_s
            await self._lifecycle.adopt(live, status, timeout_s)

    def _see_paused(self, live: Live) -> None:
        if live.scope.is_running:
            self._lifecycle.paused(live)

    def _see_ended(self, live: Live, status: ContainerStatus, watched: bool) -> None:
        gone = status.state is ContainerState.ABSENT
        if gone:
            live.scope.container_id = None
        if live.scope.state not in HAD_CONTAINER:
            if gone and live.scope.reason == KILLED:
                # `docker rm -f` kills first; now it is known that more was meant.
                self._lifecycle.ended(live, ScopeState.STOPPED, REMOVED)
            return
        state, reason = ending(status.exit_code, self._signs.seen(status.id, watched=watched))
        if gone:
            state, reason = ScopeState.STOPPED, REMOVED
        self._lifecycle.ended(live, state, reason)

    async def _weed(self, live: Live, listed: list[ContainerStatus]) -> None:
        """The pool keeps only what a new scope could have: running, and of this version."""
        scope = live.scope
        if not (scope.is_pooled and self._roster.has(scope.sandbox_id)):
            return
        limits = self._backing.limits
        versions = {s.labels.get(VERSION_LABEL) for s in listed if s.id == scope.container_id}
        is_current = scope.limits.same_container(limits.each) and versions <= {limits.version}
        if not (scope.is_running and is_current):
            await self._lifecycle.close(live)

    async def _remove_orphans(self, by_sandbox: dict[str, list[ContainerStatus]]) -> None:
        for sandbox_id, listed in by_sandbox.items():
            if not self._roster.has(sandbox_id):
                for status in listed:
                    log.warning("orphan removed container=%s name=%s", status.id[:12], status.name)
                    removal = self._backing.driver.remove(status.id)
                    await tolerant(removal, "orphan not removed")

    async def _remove_disks(self) -> None:
        for sandbox_id in await self._backing.berths.list():
            if not self._roster.has(sandbox_id):
                log.warning("disk without scope removed sandbox=%s", sandbox_id[:12])
                await tolerant(self._backing.berths.remove(sandbox_id), "disk not removed")
