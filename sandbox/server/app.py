"""The web application: endpoints from tables of request types, failures to wire errors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Final, TypeVar

from aiohttp import web

from sandbox.failure import AgentFailure
from sandbox.server.file_routes import add_file_routes
from sandbox.server.handlers import (
    HANDLERS,
    RELAYS,
    Handler,
    Payload,
    Relay,
    RelayedHead,
    run_statements,
)
from sandbox.server.pieces import send_pieces
from sandbox.server.services import Services
from wire import messages as wire
from wire.codec import WireError, decode, encode, frame_head
from wire.protocol import REQUEST_ID_HEADER, ErrorCode

M = TypeVar("M", bound=wire.Message)

MAX_REQUEST_BYTES: Final = 256 * 1024**2
"""A command's text may be long; the control plane has its own, smaller cap."""

logger = logging.getLogger(__name__)

Endpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(services: Services) -> web.Application:
    """The application over the agent's parts."""
    app = web.Application(client_max_size=MAX_REQUEST_BYTES, middlewares=[failures])
    for kind, handler in HANDLERS.items():
        app.router.add_route(kind.method, kind.path, _answering(services, kind, handler))
    for relayed, relay in RELAYS.items():
        app.router.add_post(relayed.path, _relaying(services, relayed, relay))
    app.router.add_post(wire.ExecuteRequest.path, _executing(services))
    app.router.add_post(wire.RunStatements.path, _running(services))
    add_file_routes(app, services)
    return app


@web.middleware
async def failures(request: web.Request, handler: Endpoint) -> web.StreamResponse:
    """Turn what was raised into an AgentError; a bug of ours shows in the log, not outside."""
    try:
        return await handler(request)
    except AgentFailure as failure:
        if failure.code is ErrorCode.INTERNAL:
            logger.exception("failed", extra=_context(request))
        return _error(failure)
    except web.HTTPException:
        raise
    except ConnectionError:
        raise  # the client is gone; there is nobody to tell
    except Exception:
        logger.exception("failed", extra=_context(request))
        return _error(AgentFailure(ErrorCode.INTERNAL, "the agent failed"))


def json_response(message: wire.Message, status: int = 200) -> web.Response:
    """A message as a reply."""
    return web.Response(body=encode(message), status=status, content_type="application/json")


def _answering(services: Services, kind: type[wire.Request], handler: Handler) -> Endpoint:
    async def endpoint(request: web.Request) -> web.StreamResponse:
        return json_response(await handler(services, await _read(request, kind)))

    return endpoint


def _relaying(services: Services, kind: type[wire.RelayRequest], relay: Relay) -> Endpoint:
    async def endpoint(request: web.Request) -> web.StreamResponse:
        head, payload = await relay(services, await _read(request, kind))
        try:
            return await _send_frame(request, head, payload)
        finally:
            await asyncio.to_thread(payload.close)

    return endpoint


async def _send_frame(
    request: web.Request, head: RelayedHead, payload: Payload
) -> web.StreamResponse:
    prefix = frame_head(head)
    response = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
    response.content_length = len(prefix) + head.content_length
    await response.prepare(request)
    await response.write(prefix)
    chunks = payload.chunks()
    while (chunk := await asyncio.to_thread(_next, chunks)) is not None:
        await response.write(chunk)
    await response.write_eof()
    return response


def _executing(services: Services) -> Endpoint:
    async def endpoint(request: web.Request) -> web.StreamResponse:
        notebook = services.ready().notebook
        execution = notebook.execute(await _read(request, wire.ExecuteRequest))
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        async for event in execution.events():
            await response.write(encode(event) + b"\n")
        await response.write_eof()
        return response

    return endpoint


def _running(services: Services) -> Endpoint:
    async def endpoint(request: web.Request) -> web.StreamResponse:
        answer = run_statements(services, await _read(request, wire.RunStatements))
        return await send_pieces(request, answer)

    return endpoint


async def _read(request: web.Request, kind: type[M]) -> M:
    body = await request.read() or b"{}"
    try:
        return decode(body, kind, MAX_REQUEST_BYTES)
    except WireError as error:
        raise AgentFailure(ErrorCode.BAD_REQUEST, str(error)) from error


def _next(chunks: Iterator[bytes]) -> bytes | None:
    return next(chunks, None)


def _error(failure: AgentFailure) -> web.Response:
    status = 500 if failure.code is ErrorCode.INTERNAL else 400
    return json_response(failure.to_error(), status)


def _context(request: web.Request) -> dict[str, str]:
    return {
        "path": request.path.split("/files/")[0],
        "request_id": request.headers.get(REQUEST_ID_HEADER, "")[:128],
    }
