"""Rows on their way: they leave early, come whole, and stop when nobody wants them."""

from __future__ import annotations

import asyncio

import pytest

from tests.fakes.agent import Pieces, ScriptedAgent, ran
from tests.service.client import Reply, Server, User, until
from tests.service.statements import COUNTS, PATH, post, told
from wire import messages as wire


async def test_rows_leave_before_the_last_one_is_there_and_a_late_failure_follows(
    ann: User, agent: ScriptedAgent
) -> None:
    gate = asyncio.Event()
    problem = wire.Problem(text="ASX0007: Overflow", kind="runtime")
    agent.on(
        wire.RunStatements,
        Pieces(
            [
                wire.CompiledEvent(signature="*", results=1),
                wire.ResultEvent(index=0, edge="begin"),
                b'{ "n": 1 }\n',
                gate,
                b', { "n": 2 }\n',
                wire.FinishedEvent(problem=problem, counts=COUNTS),
            ]
        ),
    )
    headers = {"Authorization": f"Token {ann.token}"}
    form = {"statement": "x", "scope": "taxi"}

    async with ann.session.post(ann.url + PATH, data=form, headers=headers) as response:
        first = await response.content.readany()
        gate.set()
        reply = Reply(response.status, response.headers, first + await response.read())

    assert b'"n": 1' in first
    assert reply.status == 200
    assert reply.body["results"] == [{"n": 1}, {"n": 2}]
    assert (reply.body["status"], reply.body["metrics"]["errorCount"]) == ("fatal", 1)


async def test_large_results_come_whole(ann: User, agent: ScriptedAgent) -> None:
    rows = [b'{ "n": %d }\n' % number for number in range(300_000)]
    text = b", ".join(rows)
    cut = [text[at : at + 4 * 1024**2] for at in range(0, len(text), 4 * 1024**2)]
    agent.on(wire.RunStatements, told(*cut))

    reply = await post(ann, statement="x")

    assert [row["n"] for row in reply.body["results"]] == list(range(300_000))


async def test_a_client_that_leaves_cancels_the_statements(ann: User, agent: ScriptedAgent) -> None:
    gate = asyncio.Event()
    agent.on(wire.RunStatements, Pieces([*ran().pieces[:1], gate]))

    task = asyncio.ensure_future(post(ann, statement="x"))
    await until(lambda: bool(agent.asked_for(wire.RunStatements)))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    await until(lambda: bool(agent.asked_for(wire.CancelRequest)))
    [asked] = agent.asked_for(wire.RunStatements)
    [cancel] = agent.asked_for(wire.CancelRequest)
    assert cancel.work_id == asked.statements.work_id
    gate.set()


async def test_a_client_that_leaves_in_mid_stream_cancels_too(
    ann: User, agent: ScriptedAgent
) -> None:
    gate = asyncio.Event()
    pieces = [*ran().pieces[:2], b"1\n", gate]
    agent.on(wire.RunStatements, Pieces(pieces))
    headers = {"Authorization": f"Token {ann.token}", "X-Scope": "taxi"}

    response = await ann.session.post(ann.url + PATH, data={"statement": "x"}, headers=headers)
    await response.content.readany()
    response.close()

    await until(lambda: bool(agent.asked_for(wire.CancelRequest)))
    gate.set()


@pytest.mark.parametrize(("mode", "category"), [("immediate", "update"), ("deferred", "query")])
async def test_what_may_change_data_runs_on_without_its_client(
    server: Server, ann: User, agent: ScriptedAgent, mode: str, category: str
) -> None:
    gate = asyncio.Event()
    compiled = wire.CompiledEvent(statement_category=category)
    agent.on(wire.RunStatements, Pieces([compiled, gate]))

    task = asyncio.ensure_future(post(ann, statement="x", mode=mode))
    await until(lambda: [e.category for e in server.services.under_way.of("ann")] == [category])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    await until(lambda: server.services.under_way.of(None) == [])
    (await ann.post("/command", {"scope": "taxi", "command": "1"})).good()
    assert agent.asked_for(wire.CancelRequest) == []
    gate.set()
