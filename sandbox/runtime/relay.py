"""Accumulator updates on their way from the JVM to the kernel, which may be busy or dead.

Spark's scheduler waits for the acknowledgement of each update, and a function keeps its
accumulator for life. So the JVM talks to this relay, which lives as long as the agent, and the
relay gives the kernel one second.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import dataclass, field
from typing import Final

PATIENCE_S: Final = 1.0
ACKNOWLEDGED: Final = b"\x01"
TOKEN_BYTES: Final = 64
"""Length of a token on the wire: 32 random bytes in hexadecimal."""


@dataclass
class Route:
    """Where updates under one token go; no address once the kernel is gone."""

    address: tuple[str, int] | None
    secret: bytes
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def forward(self, update: bytes) -> None:
        """Give the update to the kernel and wait for its answer, for a second at most."""
        if self.address is None:
            return
        try:
            async with asyncio.timeout(PATIENCE_S), self.lock:
                reader, writer = await self._connected(self.address)
                writer.write(update)
                await writer.drain()
                await reader.readexactly(1)
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            # A late acknowledgement would be taken for the next one's: begin anew.
            self.disconnect()

    def disconnect(self) -> None:
        """Close the connection to the kernel; the next update opens another."""
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None

    async def _connected(
        self, address: tuple[str, int]
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.streams is None:
            self.streams = await asyncio.open_connection(*address)
            self.streams[1].write(self.secret)
        return self.streams


class AccumulatorRelay:
    """One listener for all kernels of this agent's life, told apart by token.

    The mutable state is `_routes`, changed only on the event loop.
    """

    def __init__(self) -> None:
        self._routes: dict[bytes, Route] = {}
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen on a free port of the loopback."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def open(self) -> str:
        """A token for a kernel that has not yet said where it listens."""
        token = secrets.token_hex(TOKEN_BYTES // 2)
        self._routes[token.encode()] = Route(None, b"")
        return token

    def connect(self, token: str, port: int, secret: str) -> None:
        """From now on updates under `token` go to the kernel's accumulator server."""
        self._routes[token.encode()] = Route(("127.0.0.1", port), secret.encode())

    def disconnect(self, token: str) -> None:
        """The kernel is gone: its updates are acknowledged and dropped."""
        route = self._routes[token.encode()]
        route.address = None
        route.disconnect()

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            token = await reader.readexactly(TOKEN_BYTES)
            while token in self._routes:
                update = await _read_update(reader)
                await self._routes[token].forward(update)
                writer.write(ACKNOWLEDGED)
                await writer.drain()
        writer.close()


async def _read_update(reader: asyncio.StreamReader) -> bytes:
    """One update as Spark writes it: a count, then that many length-prefixed pickles."""
    parts = [await reader.readexactly(4)]
    for _ in range(int.from_bytes(parts[0], "big")):
        size = await reader.readexactly(4)
        parts += [size, await reader.readexactly(int.from_bytes(size, "big"))]
    return b"".join(parts)
