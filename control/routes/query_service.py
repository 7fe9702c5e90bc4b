"""AsterixDB's HTTP API: statements in, rows or handles out."""

from __future__ import annotations

from typing import Final

from sanic import HTTPResponse

from control.query_service import service
from control.query_service.endpoint import ServiceRoutes
from control.query_service.orders import ALIAS
from control.web.call import Call
from control.web.endpoint import Access

routes = ServiceRoutes("query service")

PATH: Final = "/query/service"
OTHERS: Final = ("/analytics/service", ALIAS)
ALLOWED_HEADERS: Final = (
    "Origin, X-Requested-With, Content-Type, Accept, Authorization, X-Scope, X-Request-Id"
)


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
        "Access-Control-Allow-Headers": ALLOWED_HEADERS,
        "Server": f"Geoscope/{call.services.version}",
    }
    return HTTPResponse(b"", headers=headers)
