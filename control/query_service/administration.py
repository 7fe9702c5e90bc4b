"""The requests that are under way: to look at, and to cancel."""

from __future__ import annotations

import platform
from typing import Final

from sanic import HTTPResponse

from control.query_service import orders
from control.query_service.given import Given
from control.query_service.under_way import UnderWay
from control.web.answers import JSON, encode
from control.web.call import Call

OK: Final = 200
NEITHER_GIVEN: Final = 400
NOT_CANCELLABLE: Final = 403
NOT_FOUND: Final = 404
TEXT: Final = "text/plain; charset=utf-8"


def running(call: Call) -> HTTPResponse:
    """The caller's requests; an admin sees everybody's."""
    redact = call.request.args.get("redact", "").lower() == "true"
    found = call.services.under_way.of(_whose(call))
    shown = [entry.members(redact=redact) for entry in found]
    return HTTPResponse(encode(shown), content_type=JSON)


async def cancel(call: Call) -> HTTPResponse:
    """Cancel one request of the caller's; an admin may cancel anybody's."""
    given = await orders.pairs(call)
    status = await _cancel(call, given)
    return HTTPResponse(b"", status)


def version(call: Call) -> HTTPResponse:
    """Which build this is, in the way of a properties file that is JSON."""
    facts = {
        "git.build.version": call.services.version,
        "product": "Geoscope",
        "python.version": platform.python_version(),
    }
    return HTTPResponse(encode(facts), content_type=TEXT)


async def _cancel(call: Call, given: Given) -> int:
    request_id, context_id = given.text("request_id"), given.text("client_context_id")
    if request_id is None and context_id is None:
        return NEITHER_GIVEN
    entry = call.services.under_way.find(_whose(call), request_id, context_id)
    if entry is None:
        return NOT_FOUND
    if not entry.is_cancellable:
        return NOT_CANCELLABLE
    call.services.audit.note_often("request_cancelled", owner=entry.user)
    return await _stop(entry)


async def _stop(entry: UnderWay) -> int:
    entry.is_cancelled = True
    # What cannot be stopped any more is just ending.
    return OK if await entry.cancel() else NOT_CANCELLABLE


def _whose(call: Call) -> str | None:
    return None if call.identity.is_admin else call.user
