"""The scope of a request: the one that it names, else the user's own `default`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from control.agent_client import AgentClient
from control.errors import ScopeExists, ScopeNotFound
from control.logs import bind
from control.scopes.limits import ScopeWish
from control.web import agents
from control.web.call import Call

DEFAULT: Final = "default"


def name_of(scope: str | None) -> str:
    """The scope that a request means."""
    return scope or DEFAULT


@asynccontextmanager
async def agent_of(call: Call, scope: str | None) -> AsyncIterator[AgentClient]:
    """The agent of the scope with this name; None: of `default`, made on first use."""
    name = name_of(scope)
    bind(scope=name)
    if scope is None:
        await _ensure(call)
    async with agents.agent_of(call, name) as client:
        yield client


async def _ensure(call: Call) -> None:
    registry = call.services.registry
    try:
        registry.get(call.user, DEFAULT)
    except ScopeNotFound:
        opening = registry.open(call.user, ScopeWish(name=DEFAULT))
        try:
            await call.services.background.shield(opening)
        except ScopeExists:
            # Of two first requests the other one makes it; using it waits until it is ready.
            return
