"""Follows the engine: what operators and the kernel do to containers, and whether it is there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from control.engine.driver import EngineEvent
from control.errors import EngineUnavailable, SandboxNotFound
from control.scopes.backing import Backing
from control.scopes.reconcile import Reconciler
from control.scopes.roster import Roster
from control.scopes.signs import Signs
from control.scopes.tasks import Tasks, until_one_ends

log = logging.getLogger(__name__)

CHANGES: Final = frozenset({"start", "pause", "unpause", "die", "destroy"})
FIRST_RETRY_S: Final = 0.5
LONGEST_RETRY_S: Final = 15.0
RESYNC_S: Final = 60.0
"""How often everything is compared anyway: an event may be lost while the engine reconnects."""


class Watch:
    """Keeps scopes true to the engine. `problem` says why the engine cannot be used now.

    The mutable state is `problem`.
    """

    def __init__(
        self,
        backing: Backing,
        roster: Roster,
        reconciler: Reconciler,
        signs: Signs,
        on_change: Callable[[], None],
    ) -> None:
        self._backing = backing
        self._roster = roster
        self._reconciler = reconciler
        self._signs = signs
        self._on_change = on_change
        self.problem: str | None = None

    async def run(self) -> None:
        """Follow the engine's events for ever, over its own restarts."""
        retry_s = FIRST_RETRY_S
        while True:
            try:
                await until_one_ends(self._follow(), self._resync())
            except Exception as error:
                # Also a bug of ours must not end the watch: the next round looks at all anew.
                self.problem = str(error)
                is_away = isinstance(error, EngineUnavailable)
                bug = None if is_away else error
                log.warning("engine lost, tried again in %s s: %s", retry_s, error, exc_info=bug)
                if is_away:
                    self._signs.engine_lost()
                    self._reconciler.blame_engine()
            await self._backing.clock.wait(asyncio.Event(), retry_s)
            retry_s = FIRST_RETRY_S if self.problem is None else min(retry_s * 2, LONGEST_RETRY_S)

    async def _follow(self) -> None:
        notes = Tasks()
        try:
            async for event in self._backing.driver.events(self._backing.store.installation):
                # In a task: to make a scope's state true may take as long as its agent's start.
                notes.spawn(self.note(event))
        finally:
            await notes.end(0.0)
        why = "its stream of events ended"
        raise EngineUnavailable(why)

    async def _resync(self) -> None:
        watched = False
        while True:
            await self._backing.driver.ping()
            await self._reconciler.everything(watched=watched)
            watched = True
            self.problem = None
            self._signs.engine_back()
            self._on_change()
            await self._backing.clock.wait(asyncio.Event(), RESYNC_S)

    async def note(self, event: EngineEvent) -> None:
        """One event: signs are remembered, changes make the scope's state true."""
        try:
            live = self._roster.by_id(event.sandbox_id)
        except SandboxNotFound:
            return
        # What is not about its container of now was our own doing, or is long past.
        if event.container_id != live.scope.container_id:
            return
        self._signs.note(event)
        if event.action in CHANGES:
            await self._reconciler.settle(live, revive=event.action == "start")
            self._on_change()
