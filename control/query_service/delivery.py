"""Statements that run while the client waits: their rows in the reply, or handles to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Final, Protocol

from sanic import HTTPResponse

from control.agent_client import AgentClient
from control.agent_pieces import Piece
from control.errors import AgentMisbehaved, AgentUnreachable, DeadlineExceeded, ScopeNotFound
from control.query_service import cancelling, reply, scopes
from control.query_service.orders import Order
from control.query_service.problems import (
    NODE_LOST,
    NODE_LOST_STATUS,
    OURS,
    http_status,
    of_error,
    scope_lost,
)
from control.query_service.reply import Ending
from control.query_service.transcript import Transcript
from control.query_service.under_way import Cancel, UnderWay
from control.web.agents import GRACE_S, giving_up
from wire.messages import CompiledEvent, FinishedEvent, Problem, ResultEvent

FLUSH_BYTES: Final = 64 * 1024
MAX_SHOWN: Final = 10_000
"""So much of a statement is listed while it is under way, in characters."""


class Receiver(Protocol):
    """What becomes of an agent's answer."""

    @property
    def transcript(self) -> Transcript:
        """What was told so far."""
        ...

    async def take(self, piece: Piece) -> None:
        """One piece of it."""
        ...


class Immediate:
    """A reply with the rows in it. The mutable state is what is not yet sent of it."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._facts = order.facts()
        self._held = bytearray()
        self._safe = 0
        """So much of what is held stays in the reply when the statements fail now."""
        self.transcript = Transcript(order.call.services.settings.max_result_bytes)

    async def take(self, piece: Piece) -> None:
        """One piece of the agent's answer: rows leave at the latest when no more is there."""
        self.transcript.take(piece)
        match piece:
            case None:
                if self.transcript.is_open and len(self._held) > self._safe:
                    await self._flush()
            case bytes():
                self._held += piece
                if len(self._held) >= FLUSH_BYTES:
                    await self._flush()
            case CompiledEvent():
                self._held += reply.head(self._facts, piece)
                if self._order.parameters.parse_only:
                    self._held += reply.parsed(piece)
                self._safe = len(self._held)
            case ResultEvent():
                self._take_result(piece)

    async def end(self, ending: Ending) -> HTTPResponse | None:
        """The rest of the reply, or all of it with the status that a failure has."""
        outlet, compiled = self._order.outlet, self.transcript.compiled
        last = reply.ending(self._facts, ending, compiled)
        is_out = outlet.is_open or bool(self.transcript.results)
        if ending.problem is not None and not is_out:
            begin = bytes(self._held[: self._safe]) or reply.head(self._facts)
            return outlet.whole(begin + last, status_of(self._order, ending))
        if compiled is None:
            self._held += reply.head(self._facts)
        if self.transcript.is_open:
            self._held += reply.ROWS_END
        self._held += reply.explained(ending)
        await outlet.end(bytes(self._held) + last)
        return None

    def _take_result(self, event: ResultEvent) -> None:
        if event.edge == "begin":
            self._held += reply.begin_result(event.index)
        else:
            self._held += reply.ROWS_END
            self._safe = len(self._held)

    async def _flush(self) -> None:
        piece = bytes(self._held)
        self._held.clear()
        self._safe = 0
        await self._order.outlet.send(piece)


def status_of(order: Order, ending: Ending) -> int:
    """The HTTP status of a reply of which nothing is sent."""
    if ending.problem is None:
        return 200
    if ending.is_lost:
        return NODE_LOST_STATUS
    return http_status(ending.problem, is_alias=order.is_alias)


class Lost(Exception):
    """Statements that the agent had begun came to an end of which it could not tell."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.problem)
        self.ending = ending


@asynccontextmanager
async def begun(order: Order) -> AsyncIterator[AgentClient]:
    """The agent of the order's scope; raises Lost for what goes wrong once it is there."""
    is_there = False
    try:
        async with scopes.agent_of(order.call, order.scope) as client:
            is_there = True
            yield client
    except OURS as error:
        if not is_there:
            raise
        order.call.services.metrics.count_error(error.type)
        problem, is_lost = of_error(error), isinstance(error, NODE_LOST)
        if isinstance(error, AgentUnreachable):
            problem = _why_unreachable(order) or problem
        raise Lost(Ending.failed(problem, order.elapsed_ns(), is_lost=is_lost)) from error


async def run(order: Order, receiver: Receiver) -> Ending:
    """Run the statements; gives their end. Raises what kept them from being begun."""
    try:
        async with begun(order) as client:
            finished = await _listen(order, client, receiver)
    except Lost as error:
        return error.ending
    return Ending.of(finished, order.elapsed_ns())


def entry_of(order: Order, cancel: Cancel) -> UnderWay:
    """The request as it is listed while it is under way."""
    return UnderWay(
        request_id=order.request_id,
        user=order.call.user,
        client_context_id=order.parameters.client_context_id,
        statement=(order.parameters.statement or "")[:MAX_SHOWN],
        cancel=cancel,
        address=order.call.address,
        user_agent=order.call.request.headers.get("user-agent", ""),
    )


async def _listen(order: Order, client: AgentClient, receiver: Receiver) -> FinishedEvent:
    request_id, timeout_s = order.call.request_id, order.timeout_s

    async def cancel() -> bool:
        return await cancelling.cancel(client, order.request_id, request_id)

    entry = entry_of(order, cancel)
    answer = client.pieces(order.run(), timeout_s + 2 * GRACE_S, request_id)
    with order.call.services.under_way.holding(entry):
        async with _stopping(order, entry), giving_up(timeout_s), aclosing(answer) as told:
            async for piece in told:
                await receiver.take(piece)
                if isinstance(piece, CompiledEvent):
                    entry.category = piece.statement_category
    if receiver.transcript.finished is None:
        why = "it did not finish"
        raise AgentMisbehaved(why)
    return receiver.transcript.finished


def _why_unreachable(order: Order) -> Problem | None:
    """What became of the scope whose agent went away."""
    registry, name = order.call.services.registry, scopes.name_of(order.scope)
    try:
        scope = registry.get(order.call.user, name)
    except ScopeNotFound:
        return scope_lost(name, "deleted", None)
    return None if scope.is_running else scope_lost(name, scope.state, scope.reason)


@asynccontextmanager
async def _stopping(order: Order, entry: UnderWay) -> AsyncIterator[None]:
    """Whoever leaves or gives up has the agent told to stop, unless what it does is to stay."""
    try:
        yield
    except asyncio.CancelledError:
        # Of what is deferred nobody knows yet what it changes: its agent ends it if nothing.
        if order.parameters.mode == "immediate" and entry.category in (None, "query"):
            order.call.services.background.spawn(entry.cancel())
        raise
    except (DeadlineExceeded, AgentMisbehaved):
        order.call.services.background.spawn(entry.cancel())
        raise
