"""The one way to wait: a deadline, a growing pause, and the last reason in the error."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from control.errors import DeadlineExceeded

FIRST_PAUSE_S = 0.01
LONGEST_PAUSE_S = 0.1
LEAST_JUMP_S = 1.0
"""A clock that is set by less is one that is kept right, and nothing is to be done."""


@dataclass(frozen=True)
class Deadline:
    """A moment, `timeout_s` seconds from when it was made."""

    timeout_s: float
    at: float

    @classmethod
    def after(cls, timeout_s: float) -> Deadline:
        """The moment `timeout_s` from now."""
        return cls(timeout_s, time.monotonic() + timeout_s)

    def remaining_s(self) -> float:
        """Seconds that are left, never less than 0."""
        return max(0.0, self.at - time.monotonic())


class Clock(Protocol):
    """The time of day, how it passes, and how to wait for it; tests have their own."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def elapsed(self) -> float:
        """Seconds since some moment: they pass evenly, whoever sets the time of day."""
        ...

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> None:
        """Return when `event` is set, or after `timeout_s`."""
        ...


class WallClock:
    """The host's clock."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def elapsed(self) -> float:
        """Seconds since the host came up."""
        return time.monotonic()

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> None:
        """Return when `event` is set, or after `timeout_s`."""
        await pause(event, timeout_s)


class Jumps:
    """Notices that the time of day was set; the mutable state is what it was at the last look.

    Moments are kept as times of day, which users see and the store keeps over restarts. Whoever
    measures from them must move them when the clock is set, or an hour ends in a second.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = self._begin()

    def taken(self) -> float:
        """By how many seconds it was set forward since the last look; back: less than 0."""
        before, self._began = self._began, self._begin()
        jump = self._began - before
        return jump if abs(jump) >= LEAST_JUMP_S else 0.0

    def _begin(self) -> float:
        return self._clock.now() - self._clock.elapsed()


async def pause(event: asyncio.Event, timeout_s: float | None) -> None:
    """Wait for `event`, at most `timeout_s`."""
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return


async def wait_until(
    probe: Callable[[], Awaitable[str | None]],
    deadline: Deadline,
    what: str,
    give_up: asyncio.Event | None = None,
) -> bool:
    """Ask `probe` until it has no reason (None) left to wait.

    True: it is so. False: `give_up` was set first. Raises DeadlineExceeded with the last reason.
    """
    stop = give_up or asyncio.Event()
    pause_s = FIRST_PAUSE_S
    while not stop.is_set():
        reason = await probe()
        if reason is None:
            return True
        if deadline.remaining_s() == 0.0:
            waited = f"{what} ({reason})"
            raise DeadlineExceeded(waited, deadline.timeout_s)
        await pause(stop, min(pause_s, deadline.remaining_s()))
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
    return False
