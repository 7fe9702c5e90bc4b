"""How a request reaches its scope's agent, and what happens when its client leaves meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from control.agent_client import AgentClient, Asks
from control.errors import DeadlineExceeded, GeoscopeError
from control.logs import bind, get_logger
from control.web.call import Call
from wire.messages import CancelRequest, Message

log = get_logger(__name__)
R = TypeVar("R", bound=Message)

GRACE_S: Final = 10.0
"""How much later than the agent we give up ourselves."""
CONTROL_TIMEOUT_S: Final = 30.0
"""For what needs no Spark: interrupt, cancel, facts."""


@asynccontextmanager
async def agent_of(call: Call, scope: str) -> AsyncIterator[AgentClient]:
    """The scope's agent for one statement, which counts as under way."""
    with call.statement(scope):
        async with call.services.registry.use(call.user, scope) as client:
            yield client


async def ask(call: Call, scope: str, request: Asks[R], timeout_s: float) -> R:
    """One reply of the scope's agent."""
    bind(scope=scope)
    async with agent_of(call, scope) as client, giving_up(timeout_s):
        return await client.call(request, timeout_s + 2 * GRACE_S, call.request_id)


async def ask_on(call: Call, scope: str, request: Asks[R], timeout_s: float) -> R:
    """The same, but it runs to its end when the client leaves: what it makes is to stay."""
    return await call.services.background.shield(ask(call, scope, request, timeout_s))


@asynccontextmanager
async def relayed(
    call: Call, scope: str, request: Asks[R], work_id: str, timeout_s: float
) -> AsyncIterator[tuple[R, AsyncIterator[bytes]]]:
    """Head and payload of a result; the agent is told to stop when nobody waits any more."""
    bind(scope=scope)
    limit = call.services.settings.max_result_bytes
    async with agent_of(call, scope) as client:
        relay = client.relay(request, timeout_s + 2 * GRACE_S, call.request_id, max_bytes=limit)
        async with stopping(call, client, work_id):
            async with giving_up(timeout_s):
                head, payload = await relay.__aenter__()
            try:
                yield head, payload
            finally:
                await relay.__aexit__(None, None, None)


@asynccontextmanager
async def stopping(call: Call, client: AgentClient, work_id: str) -> AsyncIterator[None]:
    """Within it, leaving or giving up cancels the work in the agent."""
    try:
        yield
    except (asyncio.CancelledError, DeadlineExceeded):
        call.services.background.spawn(_cancel(client, work_id, call.request_id))
        raise


@asynccontextmanager
async def giving_up(timeout_s: float) -> AsyncIterator[None]:
    """Our own deadline behind the agent's; raises DeadlineExceeded."""
    try:
        async with asyncio.timeout(timeout_s + GRACE_S):
            yield
    except TimeoutError as error:
        what = "the scope's agent"
        raise DeadlineExceeded(what, timeout_s) from error


def query_timeout(call: Call, wanted_s: float | None) -> float:
    """How long a query, map, load or save may take, in seconds."""
    longest = call.services.settings.query_timeout_s
    return longest if wanted_s is None else min(wanted_s, longest)


async def _cancel(client: AgentClient, work_id: str, request_id: str) -> None:
    try:
        await client.call(CancelRequest(work_id=work_id), CONTROL_TIMEOUT_S, request_id)
    except GeoscopeError as error:
        log.warning("cancel failed", type=error.type)
