"""Endpoints: what each takes, who may ask, and under which paths; routes and docs read the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from sanic import HTTPResponse, Request, Sanic

from control.errors import Forbidden
from control.web.call import Call
from control.web.decoding import convert, decode_body

Handler = Callable[..., Awaitable[HTTPResponse | None]]
COUNTED: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
"""The methods that start work."""


class Access(StrEnum):
    """Who may ask."""

    PUBLIC = "public"
    USER = "user"
    ADMIN = "admin"


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One endpoint. A handler that answers None has sent its reply itself."""

    method: str
    path: str
    handler: Handler
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    aliases: tuple[str, ...] = ()
    access: Access = Access.USER
    group: str = ""
    streams_body: bool = False
    """The handler reads the body itself, which may be larger than a body may be."""

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (self.handler.__doc__ or "").strip().split("\n")[0]

    @property
    def paths(self) -> tuple[str, ...]:
        """Its path and all aliases."""
        return (self.path, *self.aliases)

    async def answer(self, request: Request, **parts: str) -> HTTPResponse | None:
        """Parse, call, answer."""
        with closing(Call.of(request)) as call:
            self._admit(call)
            arguments: list[Any] = [call]
            if self.query is not None:
                arguments.append(_query(request, self.query))
            if self.body is not None:
                arguments.append(decode_body(await call.body(), self.body))
            elif not self.streams_body:
                await call.body()
            return await self.handler(*arguments, **parts)

    def _admit(self, call: Call) -> None:
        counted = self.method in COUNTED
        if self.access is Access.PUBLIC:
            if counted:
                call.services.rate.take(f"address {call.address}")
            return
        call.authenticate()
        if self.access is Access.ADMIN and not call.identity.is_admin:
            raise Forbidden
        if counted:
            call.count()


@dataclass
class Routes:
    """The endpoints of one resource, filled by decorator."""

    group: str
    endpoints: list[Endpoint] = field(default_factory=list)

    def add(self, method: str, path: str, **facts: Any) -> Callable[[Handler], Handler]:
        """Make the decorated function the handler of an endpoint with these facts."""

        def register(handler: Handler) -> Handler:
            made = Endpoint(method=method, path=path, handler=handler, group=self.group, **facts)
            self.endpoints.append(made)
            return handler

        return register

    def get(self, path: str, **facts: Any) -> Callable[[Handler], Handler]:
        """An endpoint for GET."""
        return self.add("GET", path, **facts)

    def post(self, path: str, **facts: Any) -> Callable[[Handler], Handler]:
        """An endpoint for POST."""
        return self.add("POST", path, **facts)

    def put(self, path: str, **facts: Any) -> Callable[[Handler], Handler]:
        """An endpoint for PUT."""
        return self.add("PUT", path, **facts)

    def patch(self, path: str, **facts: Any) -> Callable[[Handler], Handler]:
        """An endpoint for PATCH."""
        return self.add("PATCH", path, **facts)

    def delete(self, path: str, **facts: Any) -> Callable[[Handler], Handler]:
        """An endpoint for DELETE."""
        return self.add("DELETE", path, **facts)


def mount(app: Sanic[Any, Any], endpoints: Sequence[Endpoint]) -> None:
    """Make the app answer them, each under all of its paths."""
    for index, endpoint in enumerate(endpoints):
        for number, path in enumerate(endpoint.paths):
            app.add_route(
                _handler(endpoint),
                path,
                methods=[endpoint.method],
                name=f"endpoint_{index}_{number}",
                # Bodies are read by us, after authentication and with our limits.
                stream=True,
                ctx_endpoint=endpoint,
            )


def _handler(endpoint: Endpoint) -> Any:
    async def handle(request: Request, **parts: str) -> HTTPResponse | None:
        # Sanic would unquote some kinds of parts and not others.
        return await endpoint.answer(request, **{k: unquote(v) for k, v in parts.items()})

    return handle


def _query(request: Request, kind: type[msgspec.Struct]) -> msgspec.Struct:
    given = {name: values[-1] for name, values in request.args.items()}
    return convert(given, kind, strict=False)
