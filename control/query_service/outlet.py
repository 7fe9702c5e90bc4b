"""A reply on its way: whole, or as a stream that begins with the first piece."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sanic import HTTPResponse, Request

from control.query_service.formats import UTF_8, Recoder, accepted_charset


class Outlet:
    """The body of one reply in the charset that was asked for. The mutable state is the stream."""

    def __init__(self, request: Request) -> None:
        self._request = request
        wanted = request.headers.get("accept-charset")
        charset = accepted_charset(wanted) if wanted else UTF_8
        self._recode = None if charset == UTF_8 else Recoder(charset)
        self.micro = "us" if charset == "us-ascii" else "µs"
        """How it can write microseconds."""
        self._content_type = f"application/json; charset={charset}"
        self._response: HTTPResponse | None = None

    @property
    def is_open(self) -> bool:
        """Whether a part of the reply is with the client."""
        return self._response is not None

    def whole(self, body: bytes, status: int = 200) -> HTTPResponse:
        """The reply in one piece."""
        return HTTPResponse(self._written(body), status, content_type=self._content_type)

    async def send(self, piece: bytes) -> None:
        """The next piece of a stream, which begins with the first."""
        if self._response is None:
            self._response = await self._request.respond(content_type=self._content_type)
        await self._response.send(self._written(piece))

    async def end(self, piece: bytes) -> None:
        """The last piece; a reply that has not begun is still a stream, but sent at once."""
        async with _one_write(self._request):
            await self.send(piece)
            if self._response is not None:
                await self._response.send(b"", end_stream=True)

    def _written(self, text: bytes) -> bytes:
        return text if self._recode is None else self._recode(text)


@asynccontextmanager
async def _one_write(request: Request) -> AsyncIterator[None]:
    """What Sanic writes within goes out together: each write of its own is a system call."""
    stream: Any = request.stream
    write, held = stream._send, bytearray()

    async def hold(text: bytes) -> None:
        held.extend(text)

    stream._send = hold
    try:
        yield
    finally:
        stream._send = write
    await write(bytes(held))
