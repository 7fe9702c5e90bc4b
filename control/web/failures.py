"""Every exception that leaves a handler becomes a reply here, and nowhere else."""

from __future__ import annotations

import re
from typing import Any, Final

from sanic import HTTPResponse, Request, Sanic
from sanic import exceptions as foreign

from control.errors import (
    AgentFailed,
    BadBody,
    BodyTooLarge,
    ClientTooSlow,
    DeadlineExceeded,
    GeoscopeError,
    HeaderTooLarge,
    HttpMisused,
    InternalError,
    MethodNotAllowed,
    PageNotFound,
    ShuttingDown,
)
from control.logs import get_logger
from control.query_service import misses
from control.web import protocol
from control.web.answers import failure
from control.web.services import services_of
from control.web.shown import shown
from wire.protocol import ErrorCode

log = get_logger(__name__)
FIRST_OURS: Final = 500
CLIENT_GONE: Final = 499
QUOTED: Final = re.compile(r"[^\x20-\x7e]")


def install(app: Sanic[Any, Any]) -> None:
    """Make the app answer errors our way."""
    app.exception(Exception)(answer)


async def answer(request: Request, exception: Exception) -> HTTPResponse:
    """The reply to this exception; what is our fault is logged."""
    error = translate(request, exception)
    if error.status >= FIRST_OURS:
        _log(error, exception)
    request.ctx.failed_as = error.type
    services_of(request).metrics.count_error(error.type)
    services_of(request).audit.refused(error, " ".join(shown(request)))
    return misses.answer(request, error) or failure(error)


def translate(request: Request, exception: Exception) -> GeoscopeError:
    """One of our errors for any exception."""
    if isinstance(exception, AgentFailed) and exception.code is ErrorCode.INTERNAL:
        return InternalError(_request_id(request))
    if isinstance(exception, GeoscopeError):
        return exception
    if isinstance(exception, protocol.TooSlow):
        return ClientTooSlow(services_of(request).settings.slow_client_s)
    if isinstance(exception, protocol.HeaderTooLarge):
        return HeaderTooLarge(str(exception))
    if isinstance(exception, foreign.SanicException):
        return _of_sanic(request, exception)
    return InternalError(_request_id(request))


def _of_sanic(request: Request, exception: foreign.SanicException) -> GeoscopeError:
    path = QUOTED.sub("?", request.path)
    match exception:
        case foreign.MethodNotAllowed():
            return MethodNotAllowed(request.method, path)
        case foreign.NotFound():
            return PageNotFound(path)
        case foreign.PayloadTooLarge():
            return BodyTooLarge(services_of(request).settings.max_body)
        case foreign.ServiceUnavailable():
            settings = services_of(request).settings
            longest_s = max(settings.command_timeout_s, settings.query_timeout_s)
            return DeadlineExceeded(f"{request.method} {path}", longest_s)
        case foreign.BadRequest():
            return BadBody(str(exception))
    if exception.status_code < FIRST_OURS:
        return HttpMisused(str(exception), exception.status_code)
    return InternalError(_request_id(request))


def _request_id(request: Request) -> str:
    return str(getattr(request.ctx, "request_id", "unknown"))


def _log(error: GeoscopeError, cause: Exception) -> None:
    if isinstance(error, ShuttingDown):
        return
    if isinstance(cause, AgentFailed):
        # The agent's words may hold rows or code of the tenant; its code does not.
        log.warning("agent failed", type=error.type, status=error.status)
    elif isinstance(error, InternalError):
        log.error("internal error", exc_info=cause)
    else:
        log.warning("request failed", type=error.type, status=error.status, why=error.message)
