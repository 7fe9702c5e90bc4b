"""How the server is: alive, able to serve, its counters."""

from __future__ import annotations

import hmac
from typing import Any

from sanic import HTTPResponse

from control.errors import NotReady, Unauthorized
from control.metrics import CONTENT_TYPE
from control.web.answers import success
from control.web.call import Call
from control.web.endpoint import Access, Routes
from control.web.proxies import is_loopback
from control.web.readiness import Check

routes = Routes("health")


@routes.get("/health", access=Access.PUBLIC)
async def health(call: Call) -> HTTPResponse:
    """Alive."""
    return success("alive", version=call.services.version)


@routes.get("/ready", access=Access.PUBLIC)
async def ready(call: Call) -> HTTPResponse:
    """Able to serve: engine, image and store are there, and no drain is under way."""
    checks = await call.services.readiness.checks()
    found = _members(checks, call.services.readiness.warnings())
    bad = "; ".join(f"{check.name}: {check.why}" for check in checks if not check.good)
    if bad:
        raise NotReady(bad, found)
    return success("ready", **found)


@routes.get("/metrics", access=Access.PUBLIC)
async def metrics(call: Call) -> HTTPResponse:
    """Counters in Prometheus' text format: for this host, or for the bearer of the token."""
    if not (_is_local(call) or _has_token(call)):
        raise Unauthorized
    return HTTPResponse(call.services.metrics.text(), content_type=CONTENT_TYPE)


def _is_local(call: Call) -> bool:
    # Behind a proxy on this host everybody's peer address is loopback, and the header tells so.
    proxied = "x-forwarded-for" in call.request.headers or "forwarded" in call.request.headers
    return is_loopback(call.request.ip) and not proxied


def _has_token(call: Call) -> bool:
    token = call.services.settings.metrics_token
    given = call.request.headers.get("authorization", "")
    return token is not None and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _members(checks: list[Check], warnings: list[str]) -> dict[str, Any]:
    found = {check.name: {"ready": check.good, "detail": check.why} for check in checks}
    return {"checks": found, "warnings": warnings}
