"""HTTP as Sanic speaks it, with clients that must keep up: none may hold a connection for ever."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

import msgspec
from sanic import exceptions as foreign
from sanic.http.constants import Stage
from sanic.http.http1 import Http
from sanic.server.protocols.http_protocol import HttpProtocol

from control.auth.limits import ConnectionGate
from control.errors import TooManyConnections
from control.logs import get_logger

log = get_logger(__name__)
MAX_HEADERS: Final = 100
MAX_HEADER_BYTES: Final = 8192
LEAST_BYTES_PER_S: Final = 1024
"""How fast a body must come on average, once it took as long as a client may be slow."""


class HeaderTooLarge(foreign.BadRequest):
    """The header has more bytes or lines than it may have."""


class TooSlow(foreign.BadRequest):
    """A header or body came slower than it may; Sanic then drops the connection."""


class PatientHttp(Http):
    """Requests one after the other.

    The mutable state is how long the client of the present request was waited for.
    """

    __slots__ = ("_slow_s", "_waited_s")

    def __init__(self, protocol: Any) -> None:
        super().__init__(protocol)
        self._receive_more = self._receive_in_time
        self._slow_s: float = protocol.slow_s
        self._waited_s = 0.0

    def init_for_request(self) -> None:
        """The next request begins."""
        super().init_for_request()
        self._waited_s = 0.0

    async def http1_request_header(self) -> None:
        """Receive and parse the header."""
        try:
            await super().http1_request_header()
        except foreign.PayloadTooLarge as error:
            why = f"more than {MAX_HEADER_BYTES} bytes"
            raise HeaderTooLarge(why) from error
        if len(self.request.headers) > MAX_HEADERS:
            why = f"more than {MAX_HEADERS} lines"
            raise HeaderTooLarge(why)

    async def _receive_in_time(self) -> None:
        if self.stage is Stage.IDLE and not self.request_body:
            # Between two requests, where Sanic's own timer ends the connection.
            await self.protocol.receive_more()
            return
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._left_s()):
                await self.protocol.receive_more()
        except TimeoutError as error:
            self.keep_alive = False
            raise TooSlow from error
        finally:
            self._waited_s += time.monotonic() - began

    def _left_s(self) -> float:
        received = 0
        if self.stage is not Stage.REQUEST:
            received = (self.request_bytes or 0) - (self.request_bytes_left or 0)
        patience_s = self._slow_s + received / LEAST_BYTES_PER_S
        return min(self._slow_s, patience_s - self._waited_s)


class PatientProtocol(HttpProtocol):
    """One connection, of so many as there may be."""

    HTTP_CLASS = PatientHttp
    __slots__ = ("_gate", "_peer", "slow_s")

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        services = self.app.ctx.services
        self.slow_s: float = services.settings.slow_client_s
        self._gate: ConnectionGate = services.connections
        self._peer: str | None = None

    def connection_made(self, transport: Any) -> None:
        """Serve it, or say that there are too many."""
        peer = str((transport.get_extra_info("peername") or ("",))[0])
        try:
            self._gate.enter(peer)
        except TooManyConnections as error:
            log.warning("connection refused", type=error.type)
            transport.write(refusal(error))
            transport.close()
            return
        self._peer = peer
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        if self._peer is not None:
            self._gate.leave(self._peer)
            super().connection_lost(exc)

    async def send(self, data: bytes) -> None:
        """Write, once the client has read enough of what was written before."""
        if not self._can_write.is_set():
            try:
                async with asyncio.timeout(self.slow_s):
                    await self._can_write.wait()
            except TimeoutError as error:
                log.warning("reply cut off: its client does not read")
                self.abort()
                raise foreign.RequestCancelled from error
        await super().send(data)


def refusal(error: TooManyConnections) -> bytes:
    """The whole reply to a client that is not served at all."""
    members = {
        "status": "error",
        "code": error.status,
        "message": error.message,
        "type": error.type,
    }
    body = msgspec.json.encode(members)
    head = (
        f"HTTP/1.1 {error.status} Service Unavailable\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nRetry-After: {error.retry_after_s}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body
