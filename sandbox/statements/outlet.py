"""Bytes on their way from the thread that makes them to the event loop that sends them."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable

FLUSH_BYTES = 64 * 1024
"""So much is worth a write of its own."""
FULL_BYTES = 8 * 1024**2
"""With so much waiting the thread waits, too."""
LINGER_S = 0.02
"""How long little bytes wait for company: a small result leaves in one write."""
CHECK_S = 0.5
IDLE_S = 5.0
"""After so long without news the reader gets nothing, to see whether there still is one."""


class Outlet:
    """A bounded pipe; one thread puts, one coroutine takes.

    The mutable state is `_waiting`, `_size` and `_is_done`, changed only under `_changed`.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._changed = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._is_done = False
        self._news = asyncio.Event()
        self._is_open = True

    def put(self, piece: bytes, check: Callable[[], None]) -> None:
        """Hand over a piece (blocks while the reader is slow); `check` raises to give up."""
        with self._changed:
            while self._is_open and self._size and self._size + len(piece) > FULL_BYTES:
                check()
                self._changed.wait(CHECK_S)
            if not self._is_open or self._is_done:
                return
            before = self._size
            self._waiting.append(piece)
            self._size += len(piece)
        if before == 0 or before < FLUSH_BYTES <= before + len(piece):
            self._tell()

    def finish(self, piece: bytes) -> None:
        """Hand over the last piece; whatever comes after it, another last one too, is nothing."""
        with self._changed:
            if self._is_done:
                return
            self._is_done = True
            if self._is_open:
                self._waiting.append(piece)
                self._size += len(piece)
        self._tell()

    @property
    def is_done(self) -> bool:
        """Whether the last piece has come."""
        return self._is_done

    @property
    def is_drained(self) -> bool:
        """Whether it has also been taken."""
        return self._is_done and not self._size

    def drop(self) -> None:
        """Nobody reads any more: what comes is thrown away."""
        with self._changed:
            self._is_open = False
            self._waiting.clear()
            self._size = 0
            self._changed.notify_all()

    async def take(self) -> bytes | None:
        """What has come, waiting a moment for more while it is little.

        None at the end; nothing (an empty piece) where nothing came for a while.
        """
        linger_until: float | None = None
        idle_until = time.monotonic() + IDLE_S
        while True:
            self._news.clear()
            with self._changed:
                size, is_done = self._size, self._is_done
            now = time.monotonic()
            if is_done or size >= FLUSH_BYTES or (linger_until and now >= linger_until):
                return self._emptied()
            if size and linger_until is None:
                linger_until = now + LINGER_S
            if not size and now >= idle_until:
                return b""
            await self._wait((linger_until or idle_until) - now)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    def _emptied(self) -> bytes | None:
        with self._changed:
            taken = b"".join(self._waiting)
            self._waiting.clear()
            self._size = 0
            self._changed.notify_all()
        return taken or None

    def _tell(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop may have ended before
            self._loop.call_soon_threadsafe(self._news.set)
