"""Pieces of an answer, however they are cut on their way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import StreamReader
from hypothesis import given, settings
from hypothesis import strategies as st

from control.agent_answer import moment
from control.agent_pieces import MAX_EVENTS, read_pieces
from control.errors import AgentMisbehaved, AgentUnreachable
from wire.codec import event_piece, rows_piece
from wire.messages import CompiledEvent, Counts, FinishedEvent, ResultEvent
from wire.protocol import MAX_HEAD_BYTES

FINISHED = FinishedEvent(counts=Counts(result_count=3))
ANSWER = [
    CompiledEvent(signature="*", results=1),
    ResultEvent(index=0, edge="begin"),
    b"first",
    b"x" * 1000,
    ResultEvent(index=0, edge="end", rows=2),
    FINISHED,
]


class Quiet:
    """The transport of a connection that is never too full."""

    _reading_paused = False
    connected = True

    def pause_reading(self) -> None: ...

    def resume_reading(self, **_: Any) -> None: ...


def packed(pieces: list[Any]) -> bytes:
    return b"".join(rows_piece(p) if isinstance(p, bytes) else event_piece(p) for p in pieces)


async def read(chunks: list[bytes], timeout_s: float = 5.0, *, ended: bool = True) -> list[Any]:
    """What comes out; neighbouring rows joined, waits left out."""
    loop = asyncio.get_running_loop()
    reader = StreamReader(Quiet(), 2**16, loop=loop)  # type: ignore[arg-type]
    for chunk in chunks:
        reader.feed_data(chunk)
    if ended:
        reader.feed_eof()
    found: list[Any] = []
    async for piece in read_pieces(reader, moment(timeout_s)):
        if isinstance(piece, bytes) and found and isinstance(found[-1], bytes):
            found[-1] += piece
        elif piece is not None:
            found.append(piece)
    return found


def joined(pieces: list[Any]) -> list[Any]:
    found: list[Any] = []
    for piece in pieces:
        if isinstance(piece, bytes) and found and isinstance(found[-1], bytes):
            found[-1] += piece
        else:
            found.append(piece)
    return found


@settings(deadline=None)
@given(st.lists(st.integers(1, 300), max_size=40))
def test_pieces_come_out_however_they_are_cut(sizes: list[int]) -> None:
    text = packed(ANSWER)
    chunks = []
    for size in sizes:
        chunks.append(text[:size])
        text = text[size:]
    chunks = [chunk for chunk in [*chunks, text] if chunk]

    assert asyncio.run(read(chunks)) == joined(ANSWER)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "ended before the last event"),
        (packed(ANSWER)[:-1], "ended before the last event"),
        (packed(ANSWER[:-1]), "ended before the last event"),
        (packed(ANSWER[:3])[:-2], "ended before the last event"),
        (b"X\x00\x00\x00\x01a", "a piece of kind b'X'"),
        (b"HTTP/1.1 200 OK\r\n", "a piece of kind b'H'"),
        (b"E" + (MAX_HEAD_BYTES + 1).to_bytes(4, "big"), "a piece of kind b'E'"),
        (b"R\xff\xff\xff\xff", "a piece of kind b'R'"),
        (b"E\x00\x00\x00\x02{}", "not a valid event"),
        (b'E\x00\x00\x00\x0f{"event":"what"', "not a valid event"),
        (b"E\x00\x00\x00\x00", "not a valid event"),
        (rows_piece(b"") * (MAX_EVENTS + 1), "more pieces than may be"),
        (packed([ANSWER[1]]) * (MAX_EVENTS + 1), "more pieces than may be"),
    ],
)
async def test_what_is_no_answer_is_refused(text: bytes, why: str) -> None:
    with pytest.raises(AgentMisbehaved, match=why):
        await read([text])


async def test_an_answer_that_stops_is_given_up_at_the_deadline() -> None:
    with pytest.raises(AgentUnreachable, match="no answer in time"):
        await read([packed(ANSWER[:3])], 0.01, ended=False)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_do_worse_than_to_be_refused(text: bytes) -> None:
    refused: Callable[[], Any] = lambda: asyncio.run(read([text] if text else []))  # noqa: E731
    with pytest.raises(AgentMisbehaved):
        refused()
