"""The scope of a request: the one that it names, else the user's own `default`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from control.agent_client import AgentClient
from control.errors import GeoscopeError, ScopeExists, ScopeNotFound
from control.logs import bind, get_logger
from control.scopes.limits import ScopeWish
from control.web.agents import CONTROL_TIMEOUT_S
from control.web.call import Call
from wire.messages import CancelRequest

log = get_logger(__name__)
DEFAULT: Final = "default"


@asynccontextmanager
async def agent_of(call: Call, scope: str | None) -> AsyncIterator[AgentClient]:
    """The agent of the scope with this name; None: of `default`, made on first use."""
    name = scope or DEFAULT
    bind(scope=name)
    if scope is None:
        await _ensure(call)
    async with call.services.registry.use(call.user, name) as client:
        yield client


async def cancel(client: AgentClient, work_id: str, request_id: str) -> bool:
    """Tell the agent to stop; gives whether it had anything to stop."""
    try:
        reply = await client.call(CancelRequest(work_id=work_id), CONTROL_TIMEOUT_S, request_id)
    except GeoscopeError as error:
        log.warning("cancel failed", type=error.type)
        return False
    return reply.work > 0


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
