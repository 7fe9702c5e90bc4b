"""A blocking stream of events, read by a thread of its own into an asyncio queue."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any, Protocol

from control.engine.translation import translate
from control.errors import EngineUnavailable, GeoscopeError

RawEvent = dict[str, Any]


class Stream(Protocol):
    """What the SDK gives: an iterator that another thread may close."""

    def __iter__(self) -> Iterator[RawEvent]:
        """Events, each when it happens."""
        ...

    def close(self) -> None:
        """End the iteration, wherever it waits."""
        ...


async def pump(open_stream: Callable[[], Stream]) -> AsyncGenerator[RawEvent, None]:
    """The stream's events; raises EngineUnavailable when it ends by itself."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[RawEvent | GeoscopeError] = asyncio.Queue()

    def emit(item: RawEvent | GeoscopeError) -> None:
        # The loop may be gone by the time the thread notices.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(queue.put_nowait, item)

    reader = _Reader(open_stream, emit)
    reader.start()
    try:
        while True:
            item = await queue.get()
            if isinstance(item, GeoscopeError):
                raise item
            yield item
    finally:
        reader.close()


class _Reader(threading.Thread):
    """The mutable state is the open stream and whether to stop, both under the lock."""

    def __init__(
        self,
        open_stream: Callable[[], Stream],
        emit: Callable[[RawEvent | GeoscopeError], None],
    ) -> None:
        super().__init__(name="engine-events", daemon=True)
        self._open_stream = open_stream
        self._emit = emit
        self._lock = threading.Lock()
        self._stream: Stream | None = None
        self._closed = False

    def run(self) -> None:
        try:
            for event in self._opened():
                self._emit(event)
            self._emit(EngineUnavailable("its stream of events ended"))
        except Exception as error:
            self._emit(translate("tell its events", error))

    def close(self) -> None:
        with self._lock:
            self._closed = True
            stream = self._stream
        if stream is not None:
            # A stream that ended by itself cannot be closed again.
            with contextlib.suppress(OSError, AttributeError):
                stream.close()

    def _opened(self) -> Iterator[RawEvent]:
        stream = self._open_stream()
        with self._lock:
            self._stream = stream
            closed = self._closed
        if closed:
            stream.close()
        return iter(stream)
