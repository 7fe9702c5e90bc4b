"""What an answer by pieces told, for tests to look at."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.statements.answers import Answer
from wire.codec import decode_statement_event, piece_length
from wire.messages import CompiledEvent, FinishedEvent, ResultEvent
from wire.messages.statements import EVENT_PIECE


@dataclass
class Told:
    """The pieces of one answer, put together."""

    compiled: CompiledEvent | None = None
    rows: dict[int, bytes] = field(default_factory=dict)
    ends: dict[int, ResultEvent] = field(default_factory=dict)
    finished: FinishedEvent | None = None
    writes: int = 0
    _index: int = 0

    @property
    def problem(self) -> str | None:
        assert self.finished is not None
        return None if self.finished.problem is None else self.finished.problem.text

    @property
    def kind(self) -> str | None:
        assert self.finished is not None
        return None if self.finished.problem is None else self.finished.problem.kind

    def values(self, index: int = 0) -> list[Any]:
        """The rows of one result, as JSON."""
        found: list[Any] = json.loads(b"[" + self.rows[index] + b"]")
        return found

    def take(self, body: bytes) -> None:
        """Read whole pieces."""
        at = 0
        while at < len(body):
            assert self.finished is None
            kind, length = piece_length(body[at : at + 5])
            payload = body[at + 5 : at + 5 + length]
            assert len(payload) == length
            self._piece(kind, payload)
            at += 5 + length

    def _piece(self, kind: bytes, payload: bytes) -> None:
        if kind != EVENT_PIECE:
            self.rows[self._index] += payload
            return
        event = decode_statement_event(payload)
        if isinstance(event, CompiledEvent):
            assert self.compiled is None
            self.compiled = event
        elif isinstance(event, FinishedEvent):
            self.finished = event
        elif event.edge == "begin":
            self._index = event.index
            assert event.index not in self.rows
            self.rows[event.index] = b""
        else:
            self.ends[event.index] = event


async def told_by(answer: Answer) -> Told:
    """Everything that comes of an answer."""
    told = Told()
    while (body := await answer.take()) is not None:
        told.writes += bool(body)
        told.take(body)
    assert told.finished is not None
    return told


async def until(claim: Callable[[], bool], wait_s: float = 30.0) -> None:
    """Wait for what nobody tells about; raises TimeoutError."""
    end = time.monotonic() + wait_s
    while not claim():
        if time.monotonic() > end:
            raise TimeoutError
        await asyncio.sleep(0.01)
