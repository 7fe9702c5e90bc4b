"""Reading an agent's answer that comes in pieces: events whole, rows as they come."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final

import aiohttp

from control.agent_answer import read_end, within
from control.errors import AgentMisbehaved
from wire.codec import HEAD_LENGTH_BYTES, WireError, decode_statement_event, piece_length
from wire.messages import FinishedEvent, StatementEvent
from wire.messages.statements import ROWS_PIECE

Piece = StatementEvent | bytes | None
"""An event; rows, or a part of them; None: what follows has not come yet."""

PREFIX_BYTES: Final = 1 + HEAD_LENGTH_BYTES
MAX_EVENTS: Final = 100_000
"""Pieces without rows; how many rows there may be is not for this to say."""


async def read_pieces(
    content: aiohttp.StreamReader, deadline: float
) -> AsyncGenerator[Piece, None]:
    """The pieces of an answer; raises AgentMisbehaved where the last event is missing."""
    held, budget = bytearray(), MAX_EVENTS
    while budget:
        while len(held) < PREFIX_BYTES:
            yield None
            held += await _more(content, deadline)
        kind, left = _length(held)
        if kind == ROWS_PIECE:
            budget -= not left
            while left:
                if not held:
                    yield None
                    held += await _more(content, deadline)
                rows = bytes(held[:left])
                del held[:left]
                left -= len(rows)
                yield rows
            continue
        budget -= 1
        while len(held) < left:
            yield None
            held += await _more(content, deadline)
        event = _event(bytes(held[:left]))
        del held[:left]
        yield event
        if isinstance(event, FinishedEvent):
            await read_end(content)
            return
    raise AgentMisbehaved("more pieces than may be")  # noqa: EM101


async def _more(content: aiohttp.StreamReader, deadline: float) -> bytes:
    async with within(deadline):
        chunk = await content.readany()
    if not chunk:
        raise AgentMisbehaved("its answer ended before the last event")  # noqa: EM101
    return chunk


def _length(held: bytearray) -> tuple[bytes, int]:
    """Kind and length of the next piece, whose prefix is taken off."""
    try:
        found = piece_length(bytes(held[:PREFIX_BYTES]))
    except WireError as error:
        raise AgentMisbehaved(str(error)) from error
    del held[:PREFIX_BYTES]
    return found


def _event(payload: bytes) -> StatementEvent:
    try:
        return decode_statement_event(payload)
    except WireError as error:
        raise AgentMisbehaved(str(error)) from error
