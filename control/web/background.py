"""Work that goes on when the client that asked for it has left."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """Tasks that belong to nobody's connection.

    The mutable state is the set of running tasks; a task leaves it when it ends.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin `work` and keep it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def shield(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for `work`, which runs to its end even if the waiter is cancelled."""
        return await asyncio.shield(self.spawn(work))

    async def stop(self, grace_s: float) -> None:
        """Let everything end within `grace_s`, then cancel the rest."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=grace_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # Whoever waited has seen it; asking marks it as seen for those who left.
            task.exception()
