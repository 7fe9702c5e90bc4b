"""The bodies of replies: success, error, and results relayed as they come."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from sanic import Request
from sanic.response import HTTPResponse

from control.errors import AgentMisbehaved, GeoscopeError

JSON: Final = "application/json"


def encode(value: object) -> bytes:
    """JSON; NaN and infinities become null."""
    return msgspec.json.encode(value)


def success(message: str = "", **fields: Any) -> HTTPResponse:
    """A reply of status success with these members."""
    return _json(success_members(message, **fields))


def success_members(message: str, **fields: Any) -> dict[str, Any]:
    """The members of a reply of status success."""
    return {"status": "success", "code": 200, "message": message, **fields}


def failure_members(error: GeoscopeError) -> dict[str, Any]:
    """The members of a reply of status error."""
    members = {
        "status": "error",
        "code": error.status,
        "message": error.message,
        "type": error.type,
    }
    return {**members, **error.facts()}


def failure(error: GeoscopeError) -> HTTPResponse:
    """The reply that this error is."""
    return _json(failure_members(error), error.status, error.headers())


def iso_time(seconds: float | None) -> str | None:
    """A moment as ISO 8601 in UTC."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


async def relay(  # noqa: PLR0913 - one reply, all of it
    request: Request,
    content_type: str,
    payload: AsyncIterator[bytes],
    length: int,
    *,
    around: tuple[bytes, bytes] = (b"", b""),
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send `payload` (`length` bytes that nobody looks at) between two texts of ours, as it comes.

    The length is announced, so that a reply cut short is seen as such.
    """
    before, after = around
    total = len(before) + length + len(after)
    response = await request.respond(
        headers={**(headers or {}), "content-length": str(total)}, content_type=content_type
    )
    if before:
        await response.send(before)
    async for chunk in exactly(payload, length):
        await response.send(chunk)
    await response.send(after, end_stream=True)


async def exactly(payload: AsyncIterator[bytes], length: int) -> AsyncIterator[bytes]:
    """The payload, which must have that length; raises AgentMisbehaved where it has another."""
    left = length
    async for chunk in payload:
        left -= len(chunk)
        if left < 0:
            break
        if chunk:
            yield chunk
    if left:
        what = "its payload has another length than it said"
        raise AgentMisbehaved(what)


def base64_length(length: int) -> int:
    """How long `length` bytes are in base64."""
    return (length + 2) // 3 * 4


async def base64_chunks(payload: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in base64, without line breaks."""
    rest = b""
    async for chunk in payload:
        whole = rest + chunk
        cut = len(whole) - len(whole) % 3
        rest = whole[cut:]
        if cut:
            yield base64.b64encode(whole[:cut])
    if rest:
        yield base64.b64encode(rest)


def _json(
    members: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> HTTPResponse:
    return HTTPResponse(encode(members), status, headers=dict(headers or {}), content_type=JSON)
