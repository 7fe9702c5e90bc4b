"""Bytes to messages and back: strict types, capped sizes, one error class."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from wire.messages import ExecuteEvent, Message, StatementEvent
from wire.messages.statements import EVENT_PIECE, MAX_ROWS_PIECE_BYTES, ROWS_PIECE
from wire.protocol import MAX_HEAD_BYTES

HEAD_LENGTH_BYTES = 4

M = TypeVar("M", bound=Message)

_encoder = msgspec.json.Encoder()
_event_decoder: msgspec.json.Decoder[ExecuteEvent] = msgspec.json.Decoder(ExecuteEvent)

_statement_decoder: msgspec.json.Decoder[StatementEvent] = msgspec.json.Decoder(StatementEvent)


class WireError(ValueError):
    """What came is not the message that was expected."""


def encode(message: Message) -> bytes:
    """The message as JSON on one line; NaN and infinities become null."""
    return _encoder.encode(message)


def decode(payload: bytes, kind: type[M], max_bytes: int = MAX_HEAD_BYTES) -> M:
    """The message of type `kind`; raises WireError for anything else, or more than `max_bytes`."""
    if len(payload) > max_bytes:
        raise WireError(f"{kind.__name__} of {len(payload)} bytes, more than {max_bytes}")  # noqa: EM102
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise WireError(f"not a valid {kind.__name__}: {error}") from error  # noqa: EM102


def decode_event(line: bytes) -> ExecuteEvent:
    """One line of an execution's stream; raises WireError."""
    try:
        return _event_decoder.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise WireError(f"not a valid event: {error}") from error  # noqa: EM102


def frame_head(head: Message) -> bytes:
    """Length and head of a frame; the payload follows."""
    body = encode(head)
    if len(body) > MAX_HEAD_BYTES:
        raise WireError(f"a head of {len(body)} bytes, more than {MAX_HEAD_BYTES}")  # noqa: EM102
    return len(body).to_bytes(HEAD_LENGTH_BYTES, "big") + body


def head_length(prefix: bytes) -> int:
    """How many bytes of head follow; raises WireError when that is no sane number."""
    if len(prefix) != HEAD_LENGTH_BYTES:
        raise WireError("the frame ended before its head")  # noqa: EM101
    length = int.from_bytes(prefix, "big")
    if length > MAX_HEAD_BYTES:
        raise WireError(f"a head of {length} bytes, more than {MAX_HEAD_BYTES}")  # noqa: EM102
    return length


def decode_statement_event(payload: bytes) -> StatementEvent:
    """The payload of an event piece; raises WireError."""
    try:
        return _statement_decoder.decode(payload)
    except (msgspec.DecodeError, RecursionError) as error:
        raise WireError(f"not a valid event: {error}") from error  # noqa: EM102


def event_piece(event: StatementEvent) -> bytes:
    """An event as a piece of an answer."""
    body = encode(event)
    return EVENT_PIECE + len(body).to_bytes(HEAD_LENGTH_BYTES, "big") + body


def rows_piece(rows: bytes) -> bytes:
    """Printed rows, at most MAX_ROWS_PIECE_BYTES of them, as a piece of an answer."""
    return ROWS_PIECE + len(rows).to_bytes(HEAD_LENGTH_BYTES, "big") + rows


def piece_length(prefix: bytes) -> tuple[bytes, int]:
    """Kind and length of the piece that follows its five bytes; raises WireError."""
    kind, length = prefix[:1], int.from_bytes(prefix[1:], "big")
    caps = {EVENT_PIECE: MAX_HEAD_BYTES, ROWS_PIECE: MAX_ROWS_PIECE_BYTES}
    if len(prefix) != 1 + HEAD_LENGTH_BYTES or length > caps.get(kind, -1):
        raise WireError(f"a piece of kind {kind!r} and {length} bytes")  # noqa: EM102
    return kind, length
