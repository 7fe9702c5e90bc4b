"""What every message is."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from wire.protocol import ErrorCode


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Anything that travels; unknown members are ignored so that messages can grow."""


class Request(Message, frozen=True, kw_only=True):
    """A request with one JSON reply."""

    method: ClassVar[str] = "POST"
    path: ClassVar[str]
    reply: ClassVar[type[Message]]


class StreamRequest(Message, frozen=True, kw_only=True):
    """A request answered by `ExecuteEvent`s, one JSON object a line."""

    path: ClassVar[str]


class RelayRequest(Message, frozen=True, kw_only=True):
    """A request answered by a frame: head, then opaque bytes."""

    path: ClassVar[str]
    reply: ClassVar[type[Message]]


class PieceRequest(Message, frozen=True, kw_only=True):
    """A request answered by pieces: events, and opaque rows between them."""

    path: ClassVar[str]


class AgentError(Message, frozen=True, kw_only=True):
    """Why it could not be done. `message` is for people; the traceback is user code's."""

    code: ErrorCode
    message: str
    ename: str | None = None
    evalue: str | None = None
    traceback: list[str] | None = None
    facts: dict[str, str] = {}
