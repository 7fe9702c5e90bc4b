"""What one user may take of the server: each limit, its error, and that others go on."""

from __future__ import annotations

import asyncio

from tests.fakes.agent import Frame, ScriptedAgent, executed, queried
from tests.service.client import Server, User, until
from wire import messages as wire

QUERY = {"scope": "taxi", "sql": "select 1"}


def hold(agent: ScriptedAgent) -> asyncio.Event:
    """The agent's queries and commands wait for this."""
    gate = asyncio.Event()

    async def query(_: wire.QueryRequest) -> Frame:
        await gate.wait()
        return queried([])

    async def command(_: wire.ExecuteRequest) -> list[wire.ExecuteEvent]:
        await gate.wait()
        return executed()

    agent.on(wire.QueryRequest, query)
    agent.on(wire.ExecuteRequest, command)
    return gate


async def test_statements_at_a_time_are_the_users_quota(
    server: Server, admin: User, ann: User, agent: ScriptedAgent
) -> None:
    (await admin.patch("/admin/users/ann", {"quota": {"statements": 2}})).good()
    gate = hold(agent)
    command = asyncio.create_task(ann.post("/command", {"scope": "taxi", "command": "1"}))
    query = asyncio.create_task(ann.post("/query", QUERY))
    await until(lambda: len(agent.asked_for(wire.QueryRequest)) == 1)
    await until(lambda: len(agent.asked_for(wire.ExecuteRequest)) == 1)

    refused = [
        await ann.post("/query", QUERY),
        await ann.post("/command", {"scope": "taxi", "command": "2"}),
        await ann.post("/createtable", {"scope": "taxi", "tables": [{"name": "t", "sql": "x"}]}),
    ]
    (await ann.post("/scope", {"scope": "other"})).good()
    elsewhere = await ann.post("/query", {**QUERY, "scope": "other"})
    interrupt = await ann.post("/scope/taxi/interrupt")
    (await admin.patch("/admin/users/ann", {"quota": {"statements": 3}})).good()
    third = asyncio.create_task(ann.post("/query", QUERY))
    await until(lambda: len(agent.asked_for(wire.QueryRequest)) == 2)

    assert [reply.error for reply in refused] == [(429, 429, "too_many_statements")] * 3
    assert refused[0].headers["Retry-After"] == "1"
    assert (elsewhere.status, interrupt.status) == (200, 200)
    gate.set()
    assert [r.status for r in await asyncio.gather(command, query, third)] == [200, 200, 200]
    (await ann.post("/query", QUERY)).good()


async def test_statements_of_the_query_service_count_too(
    admin: User, ann: User, agent: ScriptedAgent
) -> None:
    (await admin.patch("/admin/users/ann", {"quota": {"statements": 1}})).good()
    gate = hold(agent)
    held = asyncio.create_task(ann.post("/query", QUERY))
    await until(lambda: len(agent.asked_for(wire.QueryRequest)) == 1)

    reply = await ann.post(
        "/query/service", {"statement": "select 1;"}, headers={"X-Scope": "taxi"}
    )

    assert reply.status == 429
    assert b"under way" in reply.raw
    gate.set()
    await held
