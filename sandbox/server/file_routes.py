"""`GET|PUT|DELETE /v1/files/<path>`: bytes as they are, in pieces."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import BinaryIO, Final

from aiohttp import web

from sandbox.server.services import Services
from wire.codec import encode
from wire.messages import FOLDER_HEADER, FileListing, FileWritten, Message, Ok

PIECE_BYTES: Final = 256 * 1024
ROUTE: Final = "/v1/files/{path:.*}"


def add_file_routes(app: web.Application, services: Services) -> None:
    """Serve the scope's files."""
    routes: dict[str, Callable[[Services, web.Request], Awaitable[web.StreamResponse]]] = {
        "GET": _get,
        "PUT": _put,
        "DELETE": _delete,
    }
    for method, handler in routes.items():
        app.router.add_route(method, ROUTE, _bound(services, handler))


def _bound(
    services: Services, handler: Callable[[Services, web.Request], Awaitable[web.StreamResponse]]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def endpoint(request: web.Request) -> web.StreamResponse:
        return await handler(services, request)

    return endpoint


async def _get(services: Services, request: web.Request) -> web.StreamResponse:
    found = await asyncio.to_thread(services.files.open, request.match_info["path"])
    if isinstance(found, FileListing):
        return _reply(found, {FOLDER_HEADER: "1"})
    with found:
        return await _send(request, found)


async def _send(request: web.Request, stream: BinaryIO) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
    left = response.content_length = os.fstat(stream.fileno()).st_size
    await response.prepare(request)
    # A file that shrinks meanwhile ends the connection early; one that grows is cut.
    while left and (piece := await asyncio.to_thread(stream.read, min(left, PIECE_BYTES))):
        await response.write(piece)
        left -= len(piece)
    await response.write_eof()
    return response


async def _put(services: Services, request: web.Request) -> web.StreamResponse:
    path = request.match_info["path"]
    with services.files.receive(path) as upload:
        async for piece in request.content.iter_chunked(PIECE_BYTES):
            await asyncio.to_thread(upload.write, piece)
        await asyncio.to_thread(upload.commit)
    return _reply(FileWritten(path=path, bytes=upload.size))


async def _delete(services: Services, request: web.Request) -> web.StreamResponse:
    await asyncio.to_thread(services.files.delete, request.match_info["path"])
    return _reply(Ok())


def _reply(message: Message, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(body=encode(message), content_type="application/json", headers=headers)
