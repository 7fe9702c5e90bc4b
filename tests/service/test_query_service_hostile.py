"""Agents that answer badly, bodies of any kind: a clear error, never a bug of ours."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.agent import Pieces, Raw, ScriptedAgent, failed, hang, ran
from tests.fakes.engine import World
from tests.service.client import ErrorCode, Reply, Server, User, until
from tests.service.conftest import ServerFactory, running
from tests.service.statements import PATH, Desk, follow, post, submitted, until_status
from wire import messages as wire
from wire.codec import event_piece, rows_piece

COMPILED = wire.CompiledEvent(signature="*", results=1)
BEGIN = wire.ResultEvent(index=0, edge="begin")
END = wire.ResultEvent(index=0, edge="end")
LAST = wire.FinishedEvent(counts=wire.Counts())


def said(*pieces: Any) -> Raw:
    """Pieces and other bytes, as they are."""
    return Raw(b"".join(p if isinstance(p, bytes) else event_piece(p) for p in pieces))


@pytest.mark.parametrize(
    "answer",
    [
        Raw(b""),
        Raw(b"\xff" * 100),
        Raw(b"<html>"),
        Raw(b"E\xff\xff\xff\xff"),
        Raw(b"", status=302),
        said(COMPILED),
        said(COMPILED, COMPILED, LAST),
        said(BEGIN, LAST),
        said(rows_piece(b"1")),
        said(COMPILED, END, LAST),
        said(COMPILED, wire.ResultEvent(index=7, edge="begin"), LAST),
        said(COMPILED, BEGIN, LAST),
        said(b'E\x00\x00\x00\x14{"event":"finished"}'),
        said(b"E\x00\x00\x00\x02[]"),
    ],
)
@pytest.mark.parametrize("mode", ["immediate", "deferred"])
async def test_answers_that_are_none(
    ann: User, agent: ScriptedAgent, answer: Raw, mode: str
) -> None:
    agent.on(wire.RunStatements, answer)

    reply = await post(ann, statement="x", mode=mode)

    assert (reply.status, reply.body["status"]) == (500, "fatal")
    [error] = reply.body["errors"]
    assert error["msg"].startswith("AgentMisbehaved: the scope's agent did not answer as it must")
    assert reply.body["metrics"]["errorCount"] == 1
    agent.on(wire.RunStatements, ran())
    assert (await post(ann, statement="x")).status == 200


async def test_rows_that_went_out_are_followed_by_what_went_wrong(
    ann: User, agent: ScriptedAgent
) -> None:
    gate = asyncio.Event()
    pieces = [COMPILED, BEGIN, b"1\n", gate]
    agent.on(wire.RunStatements, Pieces(pieces, is_broken_off=True))
    headers = {"Authorization": f"Token {ann.token}", "X-Scope": "taxi"}

    async with ann.session.post(
        ann.url + PATH, data={"statement": "x"}, headers=headers
    ) as response:
        first = await response.content.readany()
        gate.set()
        reply = Reply(response.status, response.headers, first + await response.read())

    assert (reply.status, reply.body["status"]) == (200, "failed")
    assert reply.body["results"] == [1]
    assert reply.body["errors"][0]["msg"].startswith("AgentUnreachable: ")


async def test_rows_without_end_are_cut_at_the_limit(make_server: ServerFactory) -> None:
    server = await make_server(max_result_bytes="64KiB")
    ann = await server.user("ann")
    (await ann.post("/scope", {"scope": "taxi"})).good()
    agent = server.agent("ann", "taxi")
    agent.on(wire.RunStatements, Pieces([COMPILED, BEGIN, *[b'"%s",\n' % (b"x" * 4096)] * 1000]))

    reply = await post(ann, statement="x")

    assert b"larger than GEOSCOPE_MAX_RESULT_BYTES" in reply.raw
    assert len(reply.raw) < 128 * 1024
    await until(lambda: bool(agent.asked_for(wire.CancelRequest)))


async def test_an_agent_that_dies_is_told_with_its_reason(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    agent.on(wire.RunStatements, Pieces([COMPILED, asyncio.Event()]))
    task = asyncio.ensure_future(post(ann, statement="x"))
    await until(lambda: bool(agent.asked_for(wire.RunStatements)))

    await server.world.end(server.container("ann", "taxi"), 70)

    reply = await task
    assert (reply.status, reply.body["status"]) == (503, "failed")
    assert "Spark's JVM ended" in reply.body["errors"][0]["msg"]
    assert (await post(ann, statement="x")).error == (409, 409, "scope_dead")


async def test_a_scope_that_is_deleted_fails_what_runs_in_it(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    agent.on(wire.RunStatements, Pieces([COMPILED, asyncio.Event()]))
    task = asyncio.ensure_future(post(ann, statement="x"))
    await until(lambda: bool(agent.asked_for(wire.RunStatements)))

    (await ann.delete("/scope/taxi")).good()

    reply = await task
    assert (reply.status, reply.body["status"]) == (503, "failed")
    assert reply.body["errors"][0]["msg"].startswith("ScopeLost: scope taxi is ")


async def test_an_agent_that_never_answers_is_a_timeout(
    make_server: ServerFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The grace is ten seconds in earnest, which no test should wait.
    monkeypatch.setattr("control.web.agents.GRACE_S", 0.05)
    server = await make_server(query_timeout_s="0.05")
    ann = await server.user("ann")
    (await ann.post("/scope", {"scope": "taxi"})).good()
    agent = server.agent("ann", "taxi")
    for kind in (wire.RunStatements, wire.SubmitStatements):
        agent.on(kind, hang)

    replies = [await post(ann, statement="x", mode=mode) for mode in ("immediate", "async")]

    for reply in replies:
        assert (reply.status, reply.body["status"]) == (200, "timeout")
        expected = "ASX0030: Request timed out and will be cancelled"
        assert [error["msg"] for error in reply.body["errors"]] == [expected]
    await until(lambda: bool(agent.asked_for(wire.CancelRequest)))
    await until(lambda: bool(agent.asked_for(wire.DropJob)))


@pytest.mark.parametrize(
    "answer",
    [
        Raw(b"{"),
        Raw(b"[]"),
        Raw(b"x" * 5 * 1024**2),
        failed(ErrorCode.INTERNAL),
    ],
)
async def test_nonsense_about_jobs_is_asked_again(
    ann: User, agent: ScriptedAgent, answer: Any
) -> None:
    desk = Desk(agent)
    listen = agent.answers[wire.WatchJobs]
    agent.on(wire.WatchJobs, answer)
    handle = await submitted(ann)
    await until(lambda: len(agent.asked_for(wire.WatchJobs)) > 1)

    agent.on(wire.WatchJobs, listen)
    desk.end(desk.open[0])

    await until_status(ann, handle, "success")


async def test_a_job_that_is_in_neither_list_is_lost(ann: User, agent: ScriptedAgent) -> None:
    Desk(agent)
    others = [wire.Job(work_id="?", state="success")]
    agent.on(wire.WatchJobs, wire.Jobs(boot="x" * 10_000, seq=-5, ended=others, open=["!"]))
    handle = await submitted(ann)
    # As long as it tells of others it may only not have come to ours.
    await until(lambda: len(agent.asked_for(wire.WatchJobs)) > 2)
    assert (await follow(ann, handle)).body["status"] == "running"
    agent.on(wire.WatchJobs, wire.Jobs(boot="x", seq=0, ended=[], open=["!"]))

    document = await until_status(ann, handle, "failed")

    assert document["errors"][0]["msg"].startswith("JobLost: ")


@pytest.mark.parametrize("results", [10**9, -1])
async def test_a_job_with_an_absurd_number_of_results_is_refused(
    ann: User, agent: ScriptedAgent, results: int
) -> None:
    compiled = wire.CompiledEvent(signature="*", results=results)
    agent.on(wire.SubmitStatements, wire.Submitted(compiled=compiled))

    reply = await post(ann, statement="x", mode="async")

    assert (reply.status, reply.body["status"]) == (500, "fatal")
    assert f"a job with {results} results" in reply.body["errors"][0]["msg"]


async def test_what_an_agent_says_is_kept_in_part_only(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    desk = Desk(agent)
    handle = await submitted(ann, client_context_id="c" * 100_000)
    problem = wire.Problem(text="x" * 1_000_000)
    desk.end(desk.open[0], "failed", problem=problem)

    document = await until_status(ann, handle, "failed")

    assert document["errors"][0]["msg"] == "x" * 8_000
    [stored] = server.services.jobs._store.load()
    assert len(stored) < 10_000


async def test_ends_of_others_jobs_are_not_believed(
    server: Server, ann: User, bob: User, agent: ScriptedAgent
) -> None:
    desk = Desk(agent)
    handle = await submitted(ann)
    (await bob.post("/scope", {"scope": "bobs"})).good()
    bobs = server.agent("bob", "bobs")
    theirs = Desk(bobs)
    reply = await bob.post(PATH, {"statement": "x", "mode": "async", "scope": "bobs"})
    theirs.end(desk.open[0], "failed")
    theirs.end(reply.body["requestID"])
    await until_status(bob, reply.body["handle"], "success")

    assert (await ann.get(handle.removeprefix(ann.url))).body["status"] == "running"


KINDS = st.sampled_from(
    ["application/json", "application/x-www-form-urlencoded", "text/plain", "x; charset=\xff", ""]
)
NAMES = st.sampled_from(
    ["statement", "mode", "format", "timeout", "args", "$x", "scope", "pretty", "result-ttl"]
)
VALUES = st.one_of(
    st.text(max_size=20),
    st.integers(),
    st.floats(allow_nan=False),
    st.booleans(),
    st.none(),
    st.lists(st.integers(), max_size=3),
    st.sampled_from(["async", "deferred", "csv", "1s", "-1", "[1]", "taxi", "select 1;"]),
)


@pytest.fixture
def loop_and_user(tmp_path: Path) -> Any:
    """A server that hypothesis can ask from outside of its loop."""
    with asyncio.Runner() as runner:
        serving = running(tmp_path, World(), requests_per_minute="1000000")

        async def begin() -> User:
            server = await serving.__aenter__()
            ann = await server.user("ann")
            (await ann.post("/scope", {"scope": "taxi"})).good()
            return ann

        yield runner, runner.run(begin())
        runner.run(serving.__aexit__(None, None, None))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    kind=KINDS,
    body=st.one_of(st.binary(max_size=100), st.dictionaries(NAMES, VALUES)),
    query=st.text(alphabet="statement=&%zpretyro\xe9;+ ", max_size=30),
    method=st.sampled_from(["POST", "GET"]),
)
def test_no_request_is_a_bug_of_ours(
    loop_and_user: Any, kind: str, body: Any, query: str, method: str
) -> None:
    runner, ann = loop_and_user
    headers = {"Content-Type": kind.encode("latin-1", "replace").decode("latin-1")}
    text = body if isinstance(body, bytes) else aiohttp.payload.JsonPayload(body)

    reply = runner.run(
        ann.ask(method, f"{PATH}?{query}", data=text, headers={**headers, "X-Scope": "taxi"})
    )

    assert reply.status in (200, 400, 404), reply.raw
    assert b"internal" not in reply.raw.lower()
