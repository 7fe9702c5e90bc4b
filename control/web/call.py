"""One request on its way through a handler: who asks, and what may be used to answer."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Final

from sanic import Request

from control.auth.tokens import Identity
from control.errors import BodyTooLarge, Unauthorized
from control.logs import bind
from control.requester import now_known_as
from control.web.services import Services, services_of

STRANGERS_BODY_BYTES: Final = 64 * 1024
"""The largest body of who has not logged in."""


@dataclass
class Call:
    """A request, its services, and (once `authenticate` has passed) its user."""

    request: Request
    services: Services
    began: float = field(default_factory=time.monotonic)
    who: Identity | None = None
    _held_bytes: int = 0
    """Of the body, which is in our memory until the call is closed."""

    @classmethod
    def of(cls, request: Request) -> Call:
        """The call that this request is."""
        return cls(request=request, services=services_of(request))

    @property
    def identity(self) -> Identity:
        """Who asks; raises Unauthorized where nobody was identified."""
        if self.who is None:
            raise Unauthorized
        return self.who

    @property
    def user(self) -> str:
        """The user's name; raises Unauthorized."""
        return self.identity.username

    @property
    def request_id(self) -> str:
        """The id that is in every log line of this request, on both sides."""
        return str(self.request.ctx.request_id)

    @property
    def address(self) -> str:
        """The client's address, as far as proxies are trusted to tell it."""
        return str(self.request.ctx.address)

    def authenticate(self) -> None:
        """Find out who asks; raises Unauthorized."""
        header = self.request.headers.get("authorization")
        self.identified(self.services.tokens.identify(header))

    def count(self) -> None:
        """Count it as one of the user's requests; raises TooManyRequests."""
        allowed = self.services.accounts.allowed(self.user)
        self.services.rate.take(f"user {self.user}", allowed.requests_per_minute)

    def statement(self, scope: str) -> AbstractContextManager[None]:
        """Within it one statement more is under way in `scope`; raises TooManyStatements."""
        allowed = self.services.accounts.allowed(self.user)
        return self.services.gate.passed(self.user, scope, allowed.statements)

    async def body(self) -> bytes:
        """The whole body; raises BodyTooLarge, ClientTooSlow, QuotaExceeded, NoCapacity."""
        most = self.services.settings.max_body
        if self.who is None:
            most = min(most, STRANGERS_BODY_BYTES)
        if _announced(self.request) > most:
            raise BodyTooLarge(most)
        pieces = bytearray()
        while piece := await self.next_piece():
            pieces += piece
            if len(pieces) > most:
                raise BodyTooLarge(most)
            self._hold(len(piece))
        return bytes(pieces)

    def close(self) -> None:
        """It is answered."""
        if self._held_bytes:
            self.services.bodies.give_back(self.user, self._held_bytes)
            self._held_bytes = 0

    async def next_piece(self) -> bytes | None:
        """The next piece of the body; None at its end."""
        stream: Any = self.request.stream
        if stream is None or not stream.request_body:
            return None
        piece: bytes | None = await stream.read()
        return piece

    def identified(self, identity: Identity) -> None:
        """It is known who asks: log lines and events say so from now on."""
        self.who = identity
        bind(user=identity.username)
        now_known_as(identity.username)

    def _hold(self, size: int) -> None:
        if self.who is not None:
            self.services.bodies.take(self.user, size)
            self._held_bytes += size


def _announced(request: Request) -> int:
    written = request.headers.get("content-length", "0")
    return int(written) if written.isdecimal() else 0
