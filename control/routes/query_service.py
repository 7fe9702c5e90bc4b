"""AsterixDB's HTTP API: statements in, rows or handles out."""

from __future__ import annotations

from typing import Final

from sanic import HTTPResponse

from control.query_service import administration, documents, service
from control.query_service.endpoint import ServiceRoutes
from control.query_service.orders import ALIAS
from control.web.call import Call
from control.web.endpoint import Access
from control.web.middleware import PREFLIGHT

routes = ServiceRoutes("query service")

PATH: Final = "/query/service"
OTHERS: Final = ("/analytics/service", ALIAS)
ALLOWED_HEADERS: Final = (
    "Origin, X-Requested-With, Content-Type, Accept, Authorization, X-Scope, X-Request-Id"
)


def _below(kind: str) -> tuple[str, ...]:
    return tuple(f"{path}/{kind}/<handle:path>" for path in OTHERS)


@routes.post(PATH, aliases=OTHERS)
async def run_statements(call: Call) -> HTTPResponse | None:
    """Run SQL++ statements: rows in the reply, or a handle to them."""
    return await service.answer(call)


@routes.get(PATH, aliases=OTHERS)
async def run_queries(call: Call) -> HTTPResponse | None:
    """The same with parameters in the URI, for statements that change nothing."""
    return await service.answer(call)


@routes.add("OPTIONS", PATH, aliases=OTHERS, access=Access.PUBLIC)
async def options(call: Call) -> HTTPResponse:
    """What browsers may send, and which server this is."""
    headers = {
        **PREFLIGHT,
        "Access-Control-Allow-Headers": ALLOWED_HEADERS,
        "Server": f"Geoscope/{call.services.version}",
    }
    return HTTPResponse(b"", headers=headers)


@routes.get(f"{PATH}/status", aliases=tuple(f"{path}/status" for path in OTHERS))
@routes.get(f"{PATH}/status/<handle:path>", aliases=_below("status"))
async def request_status(call: Call, handle: str = "") -> HTTPResponse:
    """How an async request is, and where its result is."""
    return await documents.status(call, handle)


@routes.get(f"{PATH}/result", aliases=tuple(f"{path}/result" for path in OTHERS))
@routes.get(f"{PATH}/result/<handle:path>", aliases=_below("result"))
async def request_result(call: Call, handle: str = "") -> HTTPResponse | None:
    """The rows that a deferred or async request left."""
    return await documents.result(call, handle)


@routes.delete(f"{PATH}/result/<handle:path>", aliases=_below("result"))
async def remove_result(call: Call, handle: str = "") -> HTTPResponse:
    """Remove a result before its time."""
    return await documents.remove(call, handle)


@routes.get("/admin/requests/running", aliases=("/admin/requests/running/<rest:path>",))
async def running_requests(call: Call, **_: str) -> HTTPResponse:
    """The caller's requests that are under way; for an admin everybody's."""
    return administration.running(call)


@routes.delete(
    "/admin/requests/running",
    aliases=("/admin/requests/running/<rest:path>", "/api/v1/active_requests"),
)
async def cancel_request(call: Call, **_: str) -> HTTPResponse:
    """Cancel a request by `request_id` or `client_context_id`."""
    return await administration.cancel(call)


@routes.get("/admin/version")
async def version(call: Call) -> HTTPResponse:
    """Which build this is."""
    return administration.version(call)
