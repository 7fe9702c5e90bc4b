"""Statements over the scripted agent and the real one: pieces, jobs, results, cancelling."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from control.agent_client import AgentClient
from sandbox.agent import SIGTERM_EXIT
from tests.contract.real_agent import socket_of, start_agent, until_ready
from tests.fakes.agent import ScriptedAgent
from wire import messages as wire

pytestmark = pytest.mark.timeout(400)
KINDS = ["scripted", pytest.param("real", marks=[pytest.mark.spark, pytest.mark.slow])]
ROWS = b'{ "$1": 1 }\n'


@pytest.fixture(scope="module")
def real_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The scope's disk of a real agent, which all tests here share."""
    folder = tmp_path_factory.mktemp("agent") / "disk"
    process = start_agent(folder, version="1.2.3")
    yield folder
    process.terminate()
    assert process.wait(30) == SIGTERM_EXIT


@pytest.fixture(params=KINDS)
async def client(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AgentClient]:
    """A client of an agent that is ready."""
    if request.param == "real":
        socket = socket_of(request.getfixturevalue("real_folder"))
        client = AgentClient(socket, uid=os.getuid())
        await until_ready(client)
        yield client
        await client.close()
        return
    async with ScriptedAgent(socket_of(tmp_path)) as agent:
        client = AgentClient(agent.socket, uid=os.getuid())
        yield client
        await client.close()


def asked(work_id: str, statement: str = "select 1;") -> wire.Statements:
    return wire.Statements(
        work_id=work_id, session="spark", statement=statement, timeout_s=60, max_bytes=10**6
    )


async def test_an_answer_is_events_with_rows_between(client: AgentClient) -> None:
    request = wire.RunStatements(statements=asked("at-once"))
    pieces = [p async for p in client.pieces(request, 60) if p is not None]
    begun, ended = pieces[1], pieces[3]
    finished = pieces[-1]

    assert pieces[0] == wire.CompiledEvent(signature="*", results=1)
    assert begun == wire.ResultEvent(index=0, edge="begin")
    assert pieces[2] == ROWS
    assert ended == wire.ResultEvent(index=0, edge="end", rows=1, size=len(ROWS))
    assert isinstance(finished, wire.FinishedEvent)
    assert (finished.problem, finished.counts.result_count) == (None, 1)
    assert finished.counts.result_size == len(ROWS)


async def test_a_job_is_taken_and_its_rows_are_a_frame(client: AgentClient) -> None:
    taken = await client.call(wire.SubmitStatements(statements=asked("job")), 60)
    watch = wire.WatchJobs(boot="", after=0, wait_s=0)
    jobs = await client.call(watch, 60)
    if taken.compiled and "job" in jobs.open:
        jobs = await client.call(wire.WatchJobs(boot=jobs.boot, after=jobs.seq, wait_s=30), 60)
    read = wire.ReadResult(work_id="job", index=0)
    async with client.relay(read, 60, max_bytes=10**6) as (head, payload):
        body = b"".join([chunk async for chunk in payload])
    dropped = await client.call(wire.DropJob(work_id="job"), 60)

    assert taken == wire.Submitted(compiled=wire.CompiledEvent(signature="*", results=1))
    assert jobs.boot
    assert body.rstrip(b"\n") == b"[ " + ROWS + b" ]"
    assert head.content_length == len(body)
    assert dropped == wire.Ok()


async def test_cancelling_answers_at_once(client: AgentClient) -> None:
    answer = await client.call(wire.CancelRequest(work_id="nobody"), 60)

    assert not answer.command
