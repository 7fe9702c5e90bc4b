"""How AsterixDB says that there is nothing under a path, or not by this method."""

from __future__ import annotations

from typing import Final

from sanic import HTTPResponse, Request

from control.errors import GeoscopeError, MethodNotAllowed, PageNotFound

PREFIXES: Final = ("/query/", "/analytics/", "/api/v1/", "/admin/requests", "/admin/version")
TEXT: Final = "text/plain; charset=utf-8"


def answer(request: Request, error: GeoscopeError) -> HTTPResponse | None:
    """The reply in AsterixDB's way; None: the path or the error is none of the query service's."""
    if not request.path.startswith(PREFIXES):
        return None
    if isinstance(error, PageNotFound):
        return HTTPResponse(b"", error.status, headers={"permanent": "true"})
    if isinstance(error, MethodNotAllowed):
        text = f"Method {request.method} not allowed for the requested resource.\n"
        return HTTPResponse(text, error.status, content_type=TEXT)
    return None
