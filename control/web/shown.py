"""What a request is called in metrics and events: names of ours only, however it is asked."""

from __future__ import annotations

from typing import Final

from sanic import Request

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def shown(request: Request) -> tuple[str, str]:
    """Its method, and the path of its endpoint; `other` and `unknown` where there are none.

    Anybody may send any method: as it stands it would be a series, or a row, for each.
    """
    endpoint = request.route.ctx.endpoint.path if request.route else "unknown"
    return request.method if request.method in METHODS else "other", endpoint
