"""Tokens: log in, log out."""

from __future__ import annotations

from typing import Any

import msgspec
from sanic import HTTPResponse

from control.auth.tokens import TOKEN_LIFE_S
from control.errors import BadLogin, TooManyLogins
from control.requester import now_known_as
from control.web.answers import success
from control.web.call import Call
from control.web.endpoint import Access, Routes

routes = Routes("tokens")


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Who, and the proof of it."""

    username: str
    password: str


class Logout(msgspec.Struct, frozen=True, kw_only=True):
    """Which tokens end."""

    all: bool = False
    """Every token of the user, not just this one."""


@routes.post("/token", body=Credentials, access=Access.PUBLIC)
async def get_token(call: Call, credentials: Credentials) -> HTTPResponse:
    """Log in: a token that is good for a week."""
    return success("get token successfully!", data=await _log_in(call, credentials))


@routes.post("/login", body=Credentials, access=Access.PUBLIC)
async def log_in(call: Call, credentials: Credentials) -> HTTPResponse:
    """Log in, as old clients do: a failure has `code: -1` in its body."""
    try:
        data = await _log_in(call, credentials)
    except BadLogin as error:
        raise BadLogin(legacy=True) from error
    return success("login successfully!", data=data)


@routes.delete("/token", query=Logout)
async def log_out(call: Call, logout: Logout) -> HTTPResponse:
    """End this token, or (`?all=true`) every token of the user."""
    ended = "every token" if logout.all else "this token"
    call.services.audit.note_often("logout", owner=call.user, reason=ended)
    if logout.all:
        call.services.accounts.end_tokens(call.user)
    else:
        call.services.tokens.revoke(call.identity)
    return success("token ended")


async def _log_in(call: Call, credentials: Credentials) -> dict[str, Any]:
    services, name = call.services, credentials.username
    try:
        account = await services.accounts.log_in(name, credentials.password, call.address)
    except (BadLogin, TooManyLogins) as error:
        # A name that nobody has may be a password in the wrong field.
        known = name if services.accounts.has(name) else ""
        services.audit.note_often("login_failed", owner=known, reason=error.type)
        raise
    now_known_as(account.username)
    services.audit.note_often("login", owner=account.username)
    return {"token": services.tokens.issue(account), "expired": TOKEN_LIFE_S}
