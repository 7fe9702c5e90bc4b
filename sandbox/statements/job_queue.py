"""Whose turn it is: jobs of a scope wait in the order of their coming, and a few run at once."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

AT_ONCE: Final = 4


class JobQueue:
    """Turns in fair order; used on the event loop only.

    The mutable state is `_running` (how many have a turn) and `_waiting`.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._running = 0
        self._waiting: deque[asyncio.Future[bool]] = deque()

    def enter(self) -> asyncio.Future[bool]:
        """A turn to wait for; False is its value if it was given up."""
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._call()
        return turn

    def leave(self) -> None:
        """Whoever had a turn has done."""
        self._running -= 1
        self._call()

    def give_up(self, turn: asyncio.Future[bool]) -> None:
        """Wait no longer; a turn that has come already stays."""
        if not turn.done():
            self._waiting.remove(turn)
            turn.set_result(False)

    def _call(self) -> None:
        while self._waiting and self._running < self._at_once:
            self._running += 1
            self._waiting.popleft().set_result(True)
