"""Work that goes on whatever becomes of the one who asked for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

from control.errors import EngineUnavailable, GeoscopeError
from control.scopes.wait import Clock

log = logging.getLogger(__name__)

T = TypeVar("T")

REST_S: Final = 5.0
CANCEL_S: Final = 10.0
"""How long a task that was cancelled may take before it is told again."""


class Tasks:
    """Tasks of ours; the mutable state is the set of those that are not done."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run_on(self, work: Coroutine[Any, Any, T]) -> T:
        """The work's result; it runs on to its end where the caller is cancelled."""
        return await asyncio.shield(self.spawn(work))

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin it in the background; what it raises is logged, as its caller may be gone."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def end(self, grace_s: float) -> None:
        """Give all of them `grace_s` to end, then cancel what is left."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_s)
        while self._tasks:
            # Again, where it was lost: a library may swallow a cancellation that meets a result.
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks, timeout=CANCEL_S)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, GeoscopeError):
            # The caller hears of it, and the log of what it means; here it is for bug hunts.
            log.debug("work ended: %s: %s", type(error).__name__, error)
        elif error is not None:
            log.error("work failed", exc_info=error)


async def keep(work: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Work that is to go on for ever: what ends it is logged, and it begins anew."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("background work failed, begun anew in %s s", REST_S)
            await clock.wait(asyncio.Event(), REST_S)
        else:
            return


async def until_one_ends(*works: Coroutine[Any, Any, None]) -> None:
    """Run them side by side until one ends or fails; then the others are cancelled."""
    # Not a TaskGroup: in Python 3.11 it can leave its parent marked as cancelled.
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def together(*works: Awaitable[None]) -> None:
    """Run all of them to their ends, then raise the first thing that one of them raised."""
    for result in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


async def tolerant(work: Awaitable[None], what: str) -> None:
    """Log a failure that concerns one of many; only an absent engine concerns them all."""
    try:
        await work
    except EngineUnavailable:
        raise
    except (GeoscopeError, OSError) as error:
        log.warning("%s: %s", what, error)
