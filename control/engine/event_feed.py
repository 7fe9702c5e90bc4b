"""Events of a driver that sees them itself: published once, followed by any number."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from itertools import islice
from typing import Final, Generic, TypeVar

T = TypeVar("T")
KEPT: Final = 1000
"""How far a follower may be behind."""


class EventFeed(Generic[T]):
    """The mutable state: the latest events and how many there were; one event loop only."""

    def __init__(self) -> None:
        self._latest: deque[T] = deque(maxlen=KEPT)
        self._count = 0
        self._more = asyncio.Event()

    def publish(self, event: T) -> None:
        """Tell every follower."""
        self._latest.append(event)
        self._count += 1
        self._more.set()
        self._more = asyncio.Event()

    def follow(self) -> AsyncIterator[T]:
        """Events from this call on."""
        return self._from(self._count)

    async def _from(self, seen: int) -> AsyncIterator[T]:
        while True:
            more = self._more
            missed = min(self._count - seen, len(self._latest))
            seen = self._count
            for event in list(islice(self._latest, len(self._latest) - missed, None)):
                yield event
            if seen == self._count:
                await more.wait()
