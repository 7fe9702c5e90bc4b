"""Where the kernel does not bound the disks, a watcher does: a scope that is over is stopped."""

from __future__ import annotations

import asyncio
from typing import Final

from control.scopes.backing import Backing
from control.scopes.lifecycle import Lifecycle
from control.scopes.roster import Live, Roster
from control.scopes.tasks import together, tolerant

ROUND_S: Final = 10.0


class DiskWatch:
    """Looks at the disks of running scopes; needed only where `berths.is_hard` is false."""

    def __init__(self, backing: Backing, roster: Roster, lifecycle: Lifecycle) -> None:
        self._backing = backing
        self._roster = roster
        self._lifecycle = lifecycle

    async def run(self) -> None:
        """Look at all of them for ever."""
        while not self._backing.berths.is_hard:
            await self.look()
            await self._backing.clock.wait(asyncio.Event(), ROUND_S)

    async def look(self) -> None:
        """Stop whoever is over now."""
        running = [live for live in self._roster.all() if live.scope.is_running]
        await together(*(tolerant(self._check(live), "disk not looked at") for live in running))

    async def _check(self, live: Live) -> None:
        scope = live.scope
        used = await self._backing.berths.used_bytes(scope.sandbox_id)
        if used is None or used <= scope.limits.disk_bytes:
            return
        async with live.lock:
            if scope.is_running and self._roster.has(scope.sandbox_id):
                why = f"its disk is over: {used} bytes, {scope.limits.disk_bytes} allowed"
                await self._lifecycle.halt(live, why)
