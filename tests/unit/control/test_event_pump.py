from __future__ import annotations

import asyncio
import queue
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import pytest

from control.engine.event_pump import pump
from control.errors import EngineError, EngineUnavailable


class Scripted:
    """A blocking stream: events, errors, and None for its end."""

    def __init__(self, *script: Any) -> None:
        self.script: queue.Queue[Any] = queue.Queue()
        self.closed = False
        for item in script:
            self.script.put(item)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        while (item := self.script.get(timeout=10)) is not None:
            if isinstance(item, Exception):
                raise item
            yield item

    def close(self) -> None:
        self.closed = True
        self.script.put(None)


async def test_events_pass_in_order() -> None:
    stream = Scripted({"n": 1}, {"n": 2})
    async with aclosing(pump(lambda: stream)) as events:
        assert [await anext(events), await anext(events)] == [{"n": 1}, {"n": 2}]


async def test_a_stream_that_ends_means_that_the_engine_went() -> None:
    with pytest.raises(EngineUnavailable, match="ended"):
        await anext(pump(lambda: Scripted(None)))


@pytest.mark.parametrize(
    ("error", "expected"),
    [(ConnectionResetError("reset"), EngineUnavailable), (KeyError("Actor"), EngineError)],
)
async def test_its_errors_become_ours(error: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        await anext(pump(lambda: Scripted(error)))


async def test_a_stream_that_does_not_open_is_ours_too() -> None:
    def refuse() -> Scripted:
        raise ConnectionRefusedError

    with pytest.raises(EngineUnavailable):
        await anext(pump(refuse))


async def test_closing_closes_the_stream() -> None:
    stream = Scripted({"n": 1})
    events = pump(lambda: stream)
    await anext(events)
    await events.aclose()

    assert stream.closed


async def test_giving_up_the_wait_closes_the_stream() -> None:
    stream = Scripted()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await anext(pump(lambda: stream))

    assert stream.closed
