"""How the server is: alive, able to serve, its counters."""

from __future__ import annotations

import hmac
from typing import Any

from sanic import HTTPResponse

from control.errors import GeoscopeError, Unauthorized
from control.metrics import CONTENT_TYPE
from control.web.answers import success
from control.web.call import Call
from control.web.endpoint import Access, Routes
from control.web.proxies import is_loopback
from control.web.readiness import Check

routes = Routes("health")


class NotReady(GeoscopeError):
    """The server is alive and cannot serve."""

    status = 503
    type = "not_ready"
    retry_after_s = 5

    def __init__(self, checks: list[Check], warnings: list[str]) -> None:
        bad = "; ".join(f"{check.name}: {check.why}" for check in checks if not check.good)
        super().__init__(f"not ready ({bad})")
        self._members = _members(checks, warnings)

    def facts(self) -> dict[str, Any]:
        """Every check and what it found."""
        return self._members


@routes.get("/health", access=Access.PUBLIC)
async def health(call: Call) -> HTTPResponse:
    """Alive."""
    return success("alive", version=call.services.version)


@routes.get("/ready", access=Access.PUBLIC)
async def ready(call: Call) -> HTTPResponse:
    """Able to serve: the engine answers, the image is there, the store can be written."""
    checks = await call.services.readiness.checks()
    warnings = call.services.readiness.warnings()
    if not all(check.good for check in checks):
        raise NotReady(checks, warnings)
    return success("ready", **_members(checks, warnings))


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
