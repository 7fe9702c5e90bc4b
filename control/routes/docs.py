"""The API's own description, made from the very types that validate the requests."""

from __future__ import annotations

from functools import lru_cache

from sanic import HTTPResponse

from control.web.answers import JSON, encode
from control.web.call import Call
from control.web.endpoint import Access, Endpoint, Routes
from control.web.openapi import describe, page

routes = Routes("docs")


@routes.get("/docs", access=Access.PUBLIC)
async def docs_page(call: Call) -> HTTPResponse:
    """This description as a page."""
    text = _page(tuple(call.request.app.ctx.endpoints), call.services.version)
    policy = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return HTTPResponse(text, headers=policy, content_type="text/html; charset=utf-8")


@routes.get("/docs/openapi.json", access=Access.PUBLIC)
async def docs_json(call: Call) -> HTTPResponse:
    """This description as OpenAPI 3.1."""
    text = _document(tuple(call.request.app.ctx.endpoints), call.services.version)
    return HTTPResponse(text, content_type=JSON)


# Made once: strangers may ask for them as often as they like.
@lru_cache(maxsize=1)
def _page(endpoints: tuple[Endpoint, ...], version: str) -> str:
    return page(endpoints, version)


@lru_cache(maxsize=1)
def _document(endpoints: tuple[Endpoint, ...], version: str) -> bytes:
    return encode(describe(endpoints, version))
