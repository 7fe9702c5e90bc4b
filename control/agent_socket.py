"""Connecting to an agent's socket although the tenant may write in the socket's folder.

The tenant can put a link there: to the engine's own socket, or to another scope's. So the path is
opened without following links, what it names must be a socket, the connection goes to that very
inode through /proc/self/fd, and the peer must be this scope's user.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from aiohttp import ClientRequest, ClientTimeout
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import BaseConnector
from aiohttp.tracing import Trace

from control.errors import AgentUnreachable

UNTRUSTED_FOLDERS: Final = 2
"""`disk/run/agent.sock`: how many folders above the socket are opened one by one."""

CREDENTIALS: Final = struct.Struct("3i")
FOLDER_FLAGS: Final = os.O_PATH | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
SOCKET_FLAGS: Final = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


def connect(path: Path, uid: int | None) -> socket.socket:
    """A connected, non-blocking socket of user `uid` (None: anyone); raises AgentUnreachable."""
    with _opened(path) as fd:
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            raise AgentUnreachable(f"{path.name} is not a socket")  # noqa: EM102
        connection = _connect(fd)
    try:
        _check_peer(connection, uid)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        fd = _open(path)
    except OSError as error:
        why = f"{path.name} cannot be opened: {error.strerror}"
        raise AgentUnreachable(why) from error
    try:
        yield fd
    finally:
        os.close(fd)


def _open(path: Path) -> int:
    """The socket's inode; no part of the path that a tenant could replace is followed as a link."""
    names = path.parts[-UNTRUSTED_FOLDERS - 1 :]
    fd = os.open(Path(*path.parts[: -len(names)]), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    for name in names:
        flags = SOCKET_FLAGS if name is names[-1] else FOLDER_FLAGS
        folder = fd
        try:
            fd = os.open(name, flags, dir_fd=folder)
        finally:
            os.close(folder)
    return fd


def _connect(fd: int) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        # A Unix connect never waits: it is done, refused, or the agent's queue is full (EAGAIN).
        connection.connect(f"/proc/self/fd/{fd}")
    except OSError as error:
        connection.close()
        raise AgentUnreachable(error.strerror or str(error)) from error
    return connection


def _check_peer(connection: socket.socket, uid: int | None) -> None:
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    _, peer, _ = CREDENTIALS.unpack(raw)
    if uid is not None and peer != uid:
        raise AgentUnreachable(f"its socket belongs to user {peer}, not to {uid}")  # noqa: EM102


class SafeConnector(BaseConnector):
    """aiohttp's pool of connections over `connect`; each new connection is checked."""

    def __init__(self, path: Path, uid: int | None) -> None:
        super().__init__(limit=0, keepalive_timeout=60.0)
        self._path = path
        self._uid = uid

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> ResponseHandler:
        # The one method that aiohttp's own connectors differ in.
        connection = connect(self._path, self._uid)
        try:
            _, handler = await self._loop.create_unix_connection(self._factory, sock=connection)
        except BaseException:
            connection.close()
            raise
        return handler
