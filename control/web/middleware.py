"""Before and after every request: id, log line, counters, headers of safety, CORS."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Sequence
from typing import Any, Final

from sanic import HTTPResponse, Request, Sanic
from sanic.response import BaseHTTPResponse, empty

from control.logs import begin, get_logger
from control.requester import Requester, now_asks
from control.web.proxies import client_address
from control.web.services import services_of
from control.web.shown import shown
from wire.protocol import REQUEST_ID_HEADER

log = get_logger(__name__)
GOOD_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
EXPOSED: Final = (
    "X-Request-Id, X-Num-Rows, X-Truncated, X-Render-Rows, X-Render-Drawn, X-Render-Dropped, "
    "X-Render-Device, X-Render-Source, X-Render-Cached, X-Render-Ms"
)
PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept, X-Request-Id, X-Scope",
    "Access-Control-Max-Age": "600",
}


def install(app: Sanic[Any, Any]) -> None:
    """Put the middleware in."""
    app.register_middleware(came, "request")
    app.register_middleware(leaves, "response")


async def came(request: Request) -> HTTPResponse | None:
    """Give the request its id; a browser's preflight is answered at once."""
    if hasattr(request.ctx, "request_id"):
        return None
    given = request.headers.get(REQUEST_ID_HEADER.lower(), "")
    request.ctx.request_id = given if GOOD_ID.fullmatch(given) else uuid.uuid4().hex
    request.ctx.began = time.monotonic()
    request.ctx.address = _address(request)
    begin(request_id=request.ctx.request_id)
    now_asks(Requester(address=request.ctx.address, request_id=request.ctx.request_id))
    services_of(request).metrics.begin()
    is_preflight = "access-control-request-method" in request.headers
    if request.method == "OPTIONS" and is_preflight and _allowed_origin(request):
        # An endpoint of its own for OPTIONS knows better what it takes.
        return None if request.route else empty(headers=PREFLIGHT)
    return None


async def leaves(request: Request, response: BaseHTTPResponse) -> None:
    """Headers that every reply has, one log line, the counters."""
    if not hasattr(request.ctx, "request_id"):
        await came(request)
    response.headers[REQUEST_ID_HEADER] = request.ctx.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    origin = _allowed_origin(request)
    if origin:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = EXPOSED
        response.headers["Vary"] = "Origin"
    _account(request, response.status)


def _account(request: Request, status: int) -> None:
    if getattr(request.ctx, "is_accounted", False):
        return
    request.ctx.is_accounted = True
    method, endpoint = shown(request)
    seconds = time.monotonic() - request.ctx.began
    services_of(request).metrics.end(method, endpoint, status, seconds)
    failed_as = getattr(request.ctx, "failed_as", None)
    facts = {"type": failed_as} if failed_as else {}
    log.info(
        "request",
        method=method,
        endpoint=endpoint,
        status=status,
        ms=round(seconds * 1000, 1),
        **facts,
    )


def _address(request: Request) -> str:
    return client_address(
        request.ip,
        request.headers.getall("x-forwarded-for", []),
        services_of(request).settings.trusted_proxies,
    )


def _allowed_origin(request: Request) -> str | None:
    allowed: Sequence[str] = services_of(request).settings.cors_origins
    origin = request.headers.get("origin")
    if not origin or not allowed:
        return None
    return origin if "*" in allowed or origin in allowed else None
