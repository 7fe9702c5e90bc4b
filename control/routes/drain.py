"""Drain: let the server run empty, for an upgrade of the host or its end."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta
from sanic import HTTPResponse

from control.web.answers import iso_time, success
from control.web.call import Call
from control.web.endpoint import Access, Routes

routes = Routes("admin")


class DrainWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Why, in words that everybody sees who is refused a scope."""

    reason: Annotated[str, Meta(max_length=200)] = ""


@routes.get("/admin/drain", access=Access.ADMIN)
async def look_at_drain(call: Call) -> HTTPResponse:
    """Whether new scopes are refused, and what is still here."""
    return success("", **_members(call))


@routes.post("/admin/drain", body=DrainWanted, access=Access.ADMIN)
async def begin_drain(call: Call, wanted: DrainWanted) -> HTTPResponse:
    """Open no new scopes from now on (503 `draining`); those that are here go on."""
    call.services.registry.drain.begin(wanted.reason)
    call.services.audit.note("drain_began", reason=wanted.reason or None)
    return success("no new scopes are opened from now on", **_members(call))


@routes.delete("/admin/drain", access=Access.ADMIN)
async def end_drain(call: Call) -> HTTPResponse:
    """Open new scopes again."""
    call.services.registry.drain.end()
    call.services.audit.note("drain_ended")
    return success("new scopes are opened again", **_members(call))


def _members(call: Call) -> dict[str, Any]:
    registry = call.services.registry
    scopes = registry.list_all()
    return {
        "draining": registry.drain.is_on,
        "since": iso_time(registry.drain.since),
        "reason": registry.drain.reason or None,
        "scopes": len(scopes),
        "running": sum(scope.is_running for scope in scopes),
        "in_flight": sum(scope.in_flight for scope in scopes),
    }
