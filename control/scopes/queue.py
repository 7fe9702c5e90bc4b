"""The command queue of a scope: one at a time, in order of arrival, few waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from control.errors import DeadlineExceeded, TooManyCommands
from control.scopes.wait import Deadline

MAX_WAITING: Final = 16


class CommandQueue:
    """Turns at a scope's kernel.

    The mutable state is the lock (asyncio's is fair: first come, first served) and the number
    of those who wait for it; both change only here.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return self._waiting

    @asynccontextmanager
    async def turn(self, name: str, deadline: Deadline | None = None) -> AsyncIterator[None]:
        """One's turn in scope `name`; raises TooManyCommands, or DeadlineExceeded."""
        await self._wait(name, deadline)
        try:
            yield
        finally:
            self._turn.release()

    async def _wait(self, name: str, deadline: Deadline | None) -> None:
        if self._turn.locked() and self._waiting >= MAX_WAITING:
            raise TooManyCommands(name, self._waiting)
        self._waiting += 1
        try:
            async with asyncio.timeout(deadline.remaining_s() if deadline else None):
                await self._turn.acquire()
        except TimeoutError as error:
            timeout_s = deadline.timeout_s if deadline else 0.0
            what = "waiting for the commands before it"
            raise DeadlineExceeded(what, timeout_s) from error
        finally:
            self._waiting -= 1
