"""The moves of one scope, each write-ahead: intent in the store, act on the engine, done.

Every method is called with the scope's lock held. A crash anywhere leaves an intent in the store
that `finish` (at the next start, or when the engine is back) completes or undoes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from control.agent_client import AgentClient
from control.engine.driver import PROTOCOL_LABEL, ContainerStatus
from control.errors import EngineUnavailable, GeoscopeError, NoCapacity, ScopeNotFound
from control.scopes.backing import Backing
from control.scopes.containers import Containers
from control.scopes.endings import PAUSED, TOO_OLD
from control.scopes.farewell import farewell
from control.scopes.readiness import Readiness, understood
from control.scopes.roster import Live, Roster
from control.scopes.scope import Intent, ScopeState
from control.scopes.stages import Stage, Stages

log = logging.getLogger(__name__)

UNFINISHED = "its start was not finished"
LAST_WORDS_LINES = 20
FAILURES = (GeoscopeError, OSError)
"""What engine, agents and disks may raise; anything else is a bug."""


class Lifecycle:
    """Makes, wakes, halts and closes scopes."""

    def __init__(self, backing: Backing, roster: Roster) -> None:
        self._backing = backing
        self._roster = roster
        self._containers = Containers(backing)

    async def open(self, live: Live, intent: Intent = Intent.OPEN) -> None:
        """Make a scope (or a sandbox of the pool) that is in the roster already, or none of it."""
        try:
            self._intend(live, intent)
        except GeoscopeError:
            # Nothing is begun that the store does not know of: so nobody has the name.
            if live.scope.container_id is None:
                self._roster.drop(live)
            raise
        try:
            with self._staged(live) as stages:
                await self._renew(live)
                stages.begin(Stage.DISK)
                scope_dir = await self._containers.make_disk(live.scope)
                await self._boot(live, scope_dir, stages)
            self._running(live, "pooled" if live.scope.is_pooled else "opened")
        except FAILURES as error:
            await self._undo(live, error)
            raise

    async def claim(self, live: Live) -> None:
        """Make a scope of a sandbox of the pool, whose owner is in the roster already.

        One that turns out to be no good is made anew in the same berth.
        """
        scope = live.scope
        scope.from_pool = True
        try:
            self._intend(live, Intent.OPEN)
        except GeoscopeError:
            self._give_back(live)
            raise
        try:
            with self._staged(live) as stages:
                stages.begin(Stage.CLAIM)
                await self._ready(live, self._backing.limits.health_timeout_s, stages)
                await self._containers.rename(scope, scope.container_id or "")
        except GeoscopeError as error:
            log.warning("pool sandbox=%s refused: %s", scope.sandbox_id[:12], error)
            scope.from_pool = False
            await self.open(live)
            return
        try:
            self._running(live, "opened")
        except GeoscopeError as error:
            await self._undo(live, error)
            raise

    async def wake(self, live: Live) -> None:
        """Give a stopped or dead scope a new container; its files and tables are kept."""
        self._intend(live, Intent.START, ScopeState.STARTING)
        try:
            with self._staged(live) as stages:
                await self._clear(live)
                stages.begin(Stage.DISK)
                scope_dir = await self._backing.berths.attach(live.scope.sandbox_id)
                await self._boot(live, scope_dir, stages)
        except EngineUnavailable as error:
            # The intent stays: what the engine holds of this start is unknown until it is back.
            live.scope.move(ScopeState.STOPPED, error.message)
            raise
        except NoCapacity as error:
            self._done(live, ScopeState.STOPPED, "stopped", error.message)
            raise
        except FAILURES as error:
            self._done(live, ScopeState.DEAD, "died", f"it did not start: {error}")
            raise
        self._running(live, "started")

    async def halt(self, live: Live, reason: str) -> None:
        """Stop and remove the container; berth and name stay. What it took is in the reason."""
        asked = live.agent if live.scope.is_running else None
        self._intend(live, Intent.STOP, ScopeState.STOPPING, reason)
        took = await self._say_farewell(live, asked)
        await self._clear(live)
        self._done(live, ScopeState.STOPPED, "stopped", "; ".join(filter(None, (reason, took))))

    async def close(self, live: Live) -> None:
        """Make everything of it gone: container, disk, then name and uid."""
        scope = live.scope
        live.leaving.set()
        self._intend(live, Intent.CLOSE, ScopeState.STOPPING)
        # What an agent could bring into order goes with its disk.
        await self._let_go(live)
        await self._containers.clear(scope, grace_s=None)
        await self._backing.berths.remove(scope.sandbox_id)
        event = None if scope.is_pooled else "closed"
        self._backing.store.forget(scope, event, self._backing.clock.now())
        self._roster.drop(live)

    async def finish(self, live: Live) -> None:
        """Complete or undo the move that was begun and not finished."""
        scope = live.scope
        # A container made since is not in the store: so look for all that have its label.
        scope.container_id = None
        if scope.intent in (Intent.OPEN, Intent.FILL, Intent.CLOSE):
            await self.close(live)
        elif scope.intent is Intent.STOP:
            await self.halt(live, scope.reason or UNFINISHED)
        elif scope.intent is Intent.START:
            await self.halt(live, UNFINISHED)

    async def adopt(self, live: Live, status: ContainerStatus, timeout_s: float) -> None:
        """Take over a container that runs; the scope is dead where its agent is no good."""
        if not understood(status.labels.get(PROTOCOL_LABEL)):
            self._done(live, ScopeState.DEAD, "died", TOO_OLD)
            return
        scope = live.scope
        if scope.state in (ScopeState.STOPPED, ScopeState.DEAD):
            scope.move(ScopeState.STARTING)
        scope.container_id = status.id
        try:
            await self._let_go(live)
            scope_dir = await self._backing.berths.attach(scope.sandbox_id)
            live.agent = await self._backing.agent(scope, scope_dir)
            await self._ready(live, timeout_s, Stages(self._backing.clock.elapsed))
        except EngineUnavailable:
            raise
        except FAILURES as error:
            self._done(live, ScopeState.DEAD, "died", str(error))
            return
        self._running(live, "adopted")

    def ended(self, live: Live, state: ScopeState, reason: str) -> None:
        """Note that its container ended without us."""
        self._done(live, state, "died" if state is ScopeState.DEAD else "stopped", reason)

    def paused(self, live: Live) -> None:
        """Note that an operator paused it."""
        self._done(live, ScopeState.PAUSED, "paused", PAUSED)

    def unpaused(self, live: Live) -> None:
        """Note that it runs again, as it was."""
        self._running(live, "unpaused")

    async def drop_container(self, live: Live) -> None:
        """Remove what is left of a dead scope's container; the scope stays as it is."""
        await self._clear(live)
        self._backing.save(live.scope)

    def _intend(
        self, live: Live, intent: Intent, state: ScopeState | None = None, reason: str | None = None
    ) -> None:
        scope = live.scope
        scope.intent = intent
        if state is not None:
            scope.move(state, reason)
        self._backing.save(scope)

    def _done(self, live: Live, state: ScopeState, event: str, reason: str) -> None:
        live.scope.intent = None
        live.scope.move(state, reason)
        self._report(live, event)

    def _running(self, live: Live, event: str) -> None:
        live.scope.intent = None
        live.scope.now_running()
        self._report(live, event)

    def _report(self, live: Live, event: str) -> None:
        scope = live.scope
        self._backing.save(scope, None if scope.is_pooled else event)
        facts = (event, scope.owner, scope.name, scope.sandbox_id[:12], scope.reason)
        log.info("scope %s owner=%s scope=%s sandbox=%s reason=%s", *facts)

    async def _renew(self, live: Live) -> None:
        """Before a scope is made in a berth whose container was no good: without it."""
        scope = live.scope
        if scope.state is ScopeState.STARTING:
            return
        scope.move(ScopeState.STOPPING)
        await self._clear(live)
        scope.move(ScopeState.STOPPED)
        scope.move(ScopeState.STARTING)

    def _give_back(self, live: Live) -> None:
        """A sandbox that was not claimed after all waits in the pool again."""
        live.scope.intent, live.scope.from_pool = None, False
        self._roster.take_back(live)

    @contextmanager
    def _staged(self, live: Live) -> Iterator[Stages]:
        """The stages of a start; however it ends, what they took is the scope's."""
        stages = live.stages or Stages(self._backing.clock.elapsed)
        try:
            yield stages
        finally:
            stages.end()
            live.scope.stages_ms = stages.took_ms()

    async def _boot(self, live: Live, scope_dir: Path, stages: Stages) -> None:
        """Container made, started, ready; raises ScopeNotFound where it was closed meanwhile."""
        stages.begin(Stage.CONTAINER)
        await self._containers.start(live.scope, scope_dir)
        stages.begin(Stage.AGENT)
        live.agent = await self._backing.agent(live.scope, scope_dir)
        if not await self._ready(live, self._backing.limits.start_timeout_s, stages):
            raise ScopeNotFound(live.scope.name)

    async def _ready(self, live: Live, timeout_s: float, stages: Stages) -> bool:
        if live.agent is None:
            raise ScopeNotFound(live.scope.name)
        container_id = live.scope.container_id or ""
        readiness = Readiness(self._backing.driver, container_id, live.agent, stages.agent_is_at)
        return await readiness.wait(timeout_s, live.leaving)

    async def _say_farewell(self, live: Live, agent: AgentClient | None) -> str:
        container_id = live.scope.container_id
        if container_id is None:
            return ""
        grace_s = self._backing.limits.stop_grace_s
        return await farewell(self._backing.driver, container_id, agent, grace_s)

    async def _clear(self, live: Live) -> None:
        await self._let_go(live)
        await self._containers.clear(live.scope, self._backing.limits.stop_grace_s)

    async def _let_go(self, live: Live) -> None:
        agent, live.agent = live.agent, None
        if agent is not None:
            await agent.close()

    async def _show_last_words(self, live: Live) -> None:
        """Why it did not start is in its log, which goes with it; no tenant's code has run yet."""
        if live.scope.container_id is not None:
            words = await self._backing.driver.logs(live.scope.container_id, LAST_WORDS_LINES)
            log.warning("its last words: %s", words.strip() or "none")

    async def _undo(self, live: Live, why: Exception) -> None:
        """Leave nothing of a failed open; what cannot be undone now is left to `finish`."""
        log.warning("scope not made sandbox=%s: %s", live.scope.sandbox_id[:12], why)
        try:
            await self._show_last_words(live)
            await self.close(live)
        except FAILURES as error:
            log.warning("its removal is put off: %s", error)
