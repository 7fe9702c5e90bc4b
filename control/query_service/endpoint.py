"""Endpoints of the query service: HTTP Basic is good for them too, and bodies are their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sanic import HTTPResponse, Request

from control.auth.basic import is_basic
from control.web.call import Call
from control.web.endpoint import COUNTED, Access, Endpoint, Routes

Handler = Callable[..., Awaitable[HTTPResponse | None]]


@dataclass(frozen=True, kw_only=True)
class ServiceEndpoint(Endpoint):
    """One endpoint; its handler reads the body by itself."""

    async def answer(self, request: Request, **parts: str) -> HTTPResponse | None:
        """Find out who asks, call, answer."""
        with closing(Call.of(request)) as call:
            if self.access is not Access.PUBLIC:
                await _authenticate(call)
                if self.method in COUNTED:
                    call.count()
            return await self.handler(call, **parts)


class ServiceRoutes(Routes):
    """The endpoints of one resource of the query service."""

    def add(self, method: str, path: str, **facts: Any) -> Callable[[Handler], Handler]:
        """Make the decorated function the handler of an endpoint with these facts."""

        def register(handler: Handler) -> Handler:
            self.endpoints.append(
                ServiceEndpoint(
                    method=method, path=path, handler=handler, group=self.group, **facts
                )
            )
            return handler

        return register


async def _authenticate(call: Call) -> None:
    header = call.request.headers.get("authorization", "")
    if not is_basic(header):
        call.authenticate()
        return
    call.identified(await call.services.basic.identify(header, call.address))
