"""Serving an app on a socket that we bound ourselves, for as long as a block lasts."""

from __future__ import annotations

import resource
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from sanic import Sanic

from control.errors import DeadlineExceeded
from control.logs import get_logger
from control.scopes.wait import Deadline, wait_until
from control.web.protocol import PatientProtocol

log = get_logger(__name__)

DRAIN_S: Final = 10.0
"""How long requests under way may take once we are told to stop."""
OTHER_FILES: Final = 1024
"""Open files that are no client's connection: the store, the engine, agents."""


def room_for_connections(wanted: int) -> int:
    """How many connections there may be, of so many wanted: each is an open file of ours."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = wanted + OTHER_FILES
    if soft < enough:
        soft = enough if hard == resource.RLIM_INFINITY else min(enough, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(wanted, max(soft - OTHER_FILES, soft // 2))


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 is any free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


@asynccontextmanager
async def serving(
    app: Sanic[Any, Any], listener: socket.socket, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve within the block; gives the port. Afterwards requests under way may still end."""
    server: Any = await app.create_server(
        sock=listener, ssl=tls, protocol=PatientProtocol, return_asyncio_server=True
    )
    await server.startup()
    await server.before_start()
    await server.start_serving()
    await server.after_start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        await server.before_stop()
        server.close()
        await _drain(server)
        await server.after_stop()


async def _drain(server: Any) -> None:
    """Close idle connections, wait for busy ones, then close those too."""

    async def busy() -> str | None:
        for connection in list(server.connections):
            connection.close_if_idle()
        return f"{len(server.connections)} requests under way" if server.connections else None

    try:
        await wait_until(busy, Deadline.after(DRAIN_S), "the end of requests")
    except DeadlineExceeded as error:
        log.warning("requests cut off", why=error.message)
    for connection in list(server.connections):
        connection.abort()
