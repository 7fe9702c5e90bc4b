"""Reading what an agent sends: never more than is allowed, never longer than the deadline."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from control.errors import AgentFailed, AgentMisbehaved, AgentUnreachable
from wire.codec import HEAD_LENGTH_BYTES, WireError, decode, decode_event, head_length
from wire.messages import AgentError, DoneEvent, ExecuteEvent, Message
from wire.protocol import MAX_HEAD_BYTES

M = TypeVar("M", bound=Message)

HTTP_OK: Final = 200
HTTP_FIRST_ERROR: Final = 400
NOT_HTTP: Final = (aiohttp.ClientResponseError, aiohttp.InvalidURL, HttpProcessingError)
BODY_IDLE_S: Final = 60.0
"""How long an agent may take for the next piece of a body that it has announced."""
END_S: Final = 1.0
"""How long it may take to end a stream after the last event."""


@dataclass(frozen=True)
class StreamLimits:
    """How large an execution's stream may be, in bytes and events."""

    line_bytes: int = 16 * 1024**2
    total_bytes: int = 128 * 1024**2
    events: int = 60_000
    """More than an agent of ours sends: many tiny ones would be large once they are kept."""


def moment(timeout_s: float) -> float:
    """The time of the running loop in `timeout_s` seconds."""
    return asyncio.get_running_loop().time() + timeout_s


@asynccontextmanager
async def within(deadline: float) -> AsyncIterator[None]:
    """Ends at `deadline`; aiohttp's, the codec's and the system's errors become ours."""
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except TimeoutError as error:
        raise AgentUnreachable("no answer in time") from error  # noqa: EM101
    except WireError as error:
        raise AgentMisbehaved(str(error)) from error
    except NOT_HTTP as error:
        raise AgentMisbehaved("what it sent is not HTTP") from error  # noqa: EM101
    except (aiohttp.ClientError, OSError) as error:
        raise AgentUnreachable(str(error) or type(error).__name__) from error


async def check_status(response: aiohttp.ClientResponse) -> None:
    """Raises AgentFailed with the agent's own words where it says no."""
    if response.status == HTTP_OK:
        return
    if response.status < HTTP_FIRST_ERROR:
        raise AgentMisbehaved(f"HTTP status {response.status}")  # noqa: EM102
    raise AgentFailed(await read_message(response.content, AgentError))


async def read_message(content: aiohttp.StreamReader, kind: type[M]) -> M:
    """The whole body as one message."""
    body = bytearray()
    while chunk := await content.readany():
        body += chunk
        if len(body) > MAX_HEAD_BYTES:
            raise AgentMisbehaved(f"a message of more than {MAX_HEAD_BYTES} bytes")  # noqa: EM102
    return decode(bytes(body), kind)


async def read_head(content: aiohttp.StreamReader, kind: type[M]) -> M:
    """The head of a frame; what follows is its payload."""
    try:
        length = head_length(await content.readexactly(HEAD_LENGTH_BYTES))
        return decode(await content.readexactly(length), kind)
    except asyncio.IncompleteReadError as error:
        raise AgentMisbehaved("the frame ended within its head") from error  # noqa: EM101


async def read_payload(content: aiohttp.StreamReader, length: int) -> AsyncGenerator[bytes, None]:
    """Exactly `length` bytes in pieces; raises AgentMisbehaved where there are fewer or more."""
    left = length
    while True:
        async with within(moment(BODY_IDLE_S)):
            chunk = await content.readany()
        if not chunk:
            break
        left -= len(chunk)
        if left < 0:
            raise AgentMisbehaved("a payload longer than it said")  # noqa: EM101
        yield chunk
    if left:
        raise AgentMisbehaved(f"a payload {left} bytes shorter than it said")  # noqa: EM102


async def read_chunks(content: aiohttp.StreamReader) -> AsyncGenerator[bytes, None]:
    """The body, however long, in pieces."""
    while True:
        async with within(moment(BODY_IDLE_S)):
            chunk = await content.readany()
        if not chunk:
            return
        yield chunk


async def read_events(
    content: aiohttp.StreamReader,
    limits: StreamLimits,
    deadline: float,
    decode_line: Callable[[bytes], ExecuteEvent] = decode_event,
) -> AsyncGenerator[ExecuteEvent, None]:
    """The events of an execution; raises AgentMisbehaved where the last one is missing."""
    lines = _Lines(content, limits)
    for _ in range(limits.events):
        async with within(deadline):
            line = await lines.next()
            event = decode_line(line)
        yield event
        if isinstance(event, DoneEvent):
            await read_end(content)
            return
    raise AgentMisbehaved("more events than may be")  # noqa: EM101


async def read_end(content: aiohttp.StreamReader) -> None:
    """Let the connection be used again; one that does not end is closed by its owner."""
    try:
        async with within(moment(END_S)):
            await content.readany()
    except (AgentUnreachable, AgentMisbehaved):
        return


class _Lines:
    """Lines of a stream. The mutable state is what was read beyond the last line."""

    def __init__(self, content: aiohttp.StreamReader, limits: StreamLimits) -> None:
        self._content = content
        self._limits = limits
        self._buffer = bytearray()
        self._searched = 0
        self._total = 0

    async def next(self) -> bytes:
        """The next line without its end."""
        while (end := self._buffer.find(b"\n", self._searched)) < 0:
            self._searched = len(self._buffer)
            await self._read()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._searched = 0
        return line

    async def _read(self) -> None:
        chunk = await self._content.readany()
        if not chunk:
            raise AgentMisbehaved("its stream ended before the last event")  # noqa: EM101
        self._buffer += chunk
        self._total += len(chunk)
        if len(self._buffer) > self._limits.line_bytes and b"\n" not in self._buffer:
            raise AgentMisbehaved("an event longer than may be")  # noqa: EM101
        if self._total > self._limits.total_bytes:
            raise AgentMisbehaved("a stream of events longer than may be")  # noqa: EM101
