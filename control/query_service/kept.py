"""Statements whose results stay with the agent: run while the client waits, or as jobs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sanic import HTTPResponse

from control.agent_client import AgentClient
from control.agent_pieces import Piece
from control.errors import AgentMisbehaved, DeadlineExceeded
from control.query_service import cancelling, delivery, reply
from control.query_service.delivery import Lost, begun, entry_of, status_of
from control.query_service.orders import Order
from control.query_service.records import (
    MAX_ASYNC_RESULTS,
    MAX_CONTEXT_ID,
    UNLIMITED,
    Record,
)
from control.query_service.reply import Ending
from control.query_service.scopes import name_of
from control.query_service.transcript import Transcript
from control.web.agents import GRACE_S, giving_up
from wire.messages import CompiledEvent, Counts, SubmitStatements, Submitted


@dataclass(frozen=True)
class Deferred:
    """An answer whose rows stay where they are."""

    transcript: Transcript

    async def take(self, piece: Piece) -> None:
        """One piece of the agent's answer."""
        self.transcript.take(piece)


async def defer(order: Order) -> HTTPResponse | None:
    """Run the statements, then answer where their results are."""
    told = Transcript(0, rows_allowed=False)
    ending = await delivery.run(order, Deferred(told))
    facts = order.facts()
    body = reply.head(facts, told.compiled)
    if ending.problem is not None:
        return _refused(order, ending, told.compiled)
    if order.parameters.parse_only and told.compiled is not None:
        body += reply.parsed(told.compiled)
    if told.results:
        record = _record(order, told.compiled)
        record.state, record.ended = "success", record.created
        record.counts = ending.counts
        record.keep(told.results)
        order.call.services.jobs.add(record)
        body += _handles(order, record, "result", len(told.results))
    body += reply.explained(ending)
    await order.outlet.end(body + reply.ending(facts, _without_rows(ending), told.compiled))
    return None


async def submit(order: Order) -> HTTPResponse | None:
    """Hand the statements over as a job; answer as soon as they are compiled."""
    try:
        # What an agent has taken is ours, whether its client still listens or not.
        taken, record = await order.call.services.background.shield(_hand_over(order))
    except Lost as error:
        return _refused(order, error.ending)
    compiled, facts = taken.compiled, order.facts()
    if taken.problem is not None:
        return _refused(order, Ending.failed(taken.problem, order.elapsed_ns()), compiled)
    body = reply.head(facts, compiled)
    elapsed_ns = order.elapsed_ns()
    counts = Counts(elapsed_ns=elapsed_ns, execution_ns=elapsed_ns)
    ending = Ending(counts=counts, elapsed_ns=elapsed_ns)
    if record is None:
        body += reply.ending(facts, ending, compiled)
    else:
        handles = _handles(order, record, "status", record.expected)
        body += reply.status("running") + handles + reply.metrics(ending, facts) + reply.END
    await order.outlet.end(body)
    return None


async def _hand_over(order: Order) -> tuple[Submitted, Record | None]:
    call = order.call
    request = SubmitStatements(statements=order.statements(), ttl_s=order.ttl_s)
    async with begun(order) as client:
        try:
            async with giving_up(order.timeout_s):
                wait_s = order.timeout_s + 2 * GRACE_S
                taken = await client.call(request, wait_s, call.request_id)
        except (DeadlineExceeded, AgentMisbehaved):
            call.services.background.spawn(cancelling.drop(client, order.request_id))
            raise
        if taken.problem is not None or taken.compiled is None or not taken.compiled.results:
            return taken, None
        if not 0 < taken.compiled.results <= MAX_ASYNC_RESULTS:
            why = f"a job with {taken.compiled.results} results"
            raise AgentMisbehaved(why)
        return taken, _enter(order, taken.compiled, client)


def _enter(order: Order, compiled: CompiledEvent, client: AgentClient) -> Record:
    """The job is in the store, listed, and listened for."""

    async def cancel() -> bool:
        return await cancelling.cancel(client, order.request_id, order.call.request_id)

    record = _record(order, compiled)
    entry = entry_of(order, cancel)
    entry.category, entry.job = compiled.statement_category, record.number
    order.call.services.jobs.add(record, entry)
    return record


def _record(order: Order, compiled: CompiledEvent | None) -> Record:
    services, wanted = order.call.services, order.parameters
    scope = services.registry.get(order.call.user, name_of(order.scope))
    is_unlimited = order.is_modern or order.is_alias
    return Record(
        number=services.jobs.number(),
        request_id=order.request_id,
        owner=scope.owner,
        sandbox_id=scope.sandbox_id,
        scope=scope.name,
        created=services.jobs.now(),
        ttl_s=order.ttl_s,
        rows=wanted.format.rows,
        csv_header=wanted.format.csv_header,
        is_wrapped=order.is_wrapped,
        is_modern=order.is_modern,
        max_reads=UNLIMITED if is_unlimited else wanted.max_result_reads,
        client_context_id=wanted.client_context_id[:MAX_CONTEXT_ID],
        expected=0 if compiled is None else compiled.results,
    )


def _handles(order: Order, record: Record, kind: str, count: int) -> bytes:
    urls = [order.url(kind, record.number, index) for index in range(count)]
    if order.parameters.is_jdbc:
        # The signature is the last one's, and so is the result that JDBC looks for.
        urls = urls[-1:]
    return b"".join(reply.handle(number, url) for number, url in enumerate(urls))


def _refused(order: Order, ending: Ending, compiled: CompiledEvent | None = None) -> HTTPResponse:
    facts = order.facts()
    body = reply.head(facts, compiled) + reply.ending(facts, ending, compiled)
    return order.outlet.whole(body, status_of(order, ending))


def _without_rows(ending: Ending) -> Ending:
    """A reply with handles has no rows to count."""
    counts = ending.counts
    shown = Counts(
        execution_ns=counts.execution_ns, compile_ns=counts.compile_ns, queue_ns=counts.queue_ns
    )
    return replace(ending, counts=shown)
