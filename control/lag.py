"""How late the event loop is: what every request waits for when something holds it up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

ROUND_S: Final = 0.5


class LoopLag:
    """Sleeps for a known time, and tells by how much longer it was. The state is its task."""

    def __init__(self, late: Callable[[float], None]) -> None:
        self._late = late
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to measure."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Measure no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + ROUND_S
            await asyncio.sleep(ROUND_S)
            self._late(max(0.0, loop.time() - due))
