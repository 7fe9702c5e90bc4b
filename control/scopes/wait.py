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
    """The time of day, and how to wait for it; tests have their own."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> None:
        """Return when `event` is set, or after `timeout_s`."""
        ...


class WallClock:
    """The host's clock."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> None:
        """Return when `event` is set, or after `timeout_s`."""
        await pause(event, timeout_s)


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
