"""One suite over the scripted agent, on which the control plane's tests stand, and the real one."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from control.agent_client import AgentClient, FileBody
from control.errors import AgentFailed
from sandbox.agent import SIGTERM_EXIT
from tests.contract.real_agent import query, run, socket_of, start_agent, until_ready
from tests.fakes.agent import ScriptedAgent, executed, failed, queried
from wire import messages as wire
from wire.protocol import PROTOCOL, ErrorCode

pytestmark = pytest.mark.timeout(400)
KINDS = ["scripted", pytest.param("real", marks=[pytest.mark.spark, pytest.mark.slow])]


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
        folder = request.getfixturevalue("real_folder")
        async with closing(AgentClient(socket_of(folder), uid=os.getuid())) as client:
            await until_ready(client)
            yield client
    else:
        socket = socket_of(tmp_path)
        async with scripted(socket), closing(AgentClient(socket, uid=os.getuid())) as client:
            yield client


@asynccontextmanager
async def closing(client: AgentClient) -> AsyncIterator[AgentClient]:
    try:
        yield client
    finally:
        await client.close()


def scripted(socket: Path) -> ScriptedAgent:
    agent = ScriptedAgent(socket)
    agent.on(wire.ExecuteRequest, lambda r: executed(2, "hi\n") if "1+1" in r.code else executed())
    agent.on(wire.QueryRequest, queried([[1]]))
    missing = failed(ErrorCode.TABLE_NOT_FOUND, "table nope not found!")
    agent.on(wire.DescribeTable, missing)
    agent.on(wire.CancelRequest, wire.Interrupted())
    agent.on(wire.InterruptRequest, wire.Interrupted())
    return agent


async def test_health_says_protocol_and_readiness(client: AgentClient) -> None:
    health = await client.call(wire.HealthRequest(), 10)

    assert (health.protocol, health.ready, health.stage) == (PROTOCOL, True, "ready")


async def test_a_statement_streams_its_output_and_ends_with_done(client: AgentClient) -> None:
    notes = await run(client, 'print("hi")\n1+1')

    assert notes.events[0] == wire.StateEvent(state="running")
    assert notes.text() == "hi\n"
    assert (notes.reply.status, notes.reply.result) == ("ok", 2)


async def test_a_statement_without_a_value_has_none(client: AgentClient) -> None:
    assert (await run(client, "x = 1")).reply.result is None


async def test_a_query_is_a_head_and_a_payload(client: AgentClient) -> None:
    assert await query(client, "select 1") == b"[[1]]"


async def test_facts_name_the_sessions(client: AgentClient) -> None:
    facts = await client.call(wire.FactsRequest(), 60)

    assert facts.sessions == ["spark"]


async def test_a_session_is_made_and_ended(client: AgentClient) -> None:
    made = await client.call(wire.CreateSession(name="other"), 60)
    ended = await client.call(wire.DeleteSession(name="other"), 60)

    assert (made.name, made.app_name) == ("other", "other")
    assert ended == wire.Ok()


async def test_a_failure_has_its_code(client: AgentClient) -> None:
    with pytest.raises(AgentFailed) as error:
        await client.call(wire.DescribeTable(session="spark", table="nope", timeout_s=30), 60)

    assert error.value.code is ErrorCode.TABLE_NOT_FOUND


async def test_nothing_to_stop_is_no_error(client: AgentClient) -> None:
    idle = wire.Interrupted(command=False, work=0)

    assert await client.call(wire.CancelRequest(work_id="unknown"), 10) == idle
    assert await client.call(wire.InterruptRequest(), 10) == idle


async def body_of(client: AgentClient, path: str) -> bytes:
    async with client.get_file(path) as found:
        assert isinstance(found, FileBody)
        return b"".join([chunk async for chunk in found.chunks])


async def pieces(*bodies: bytes) -> AsyncIterator[bytes]:
    for body in bodies:
        yield body


async def test_files_are_written_read_listed_and_deleted(client: AgentClient) -> None:
    written = await client.put_file("a.bin", pieces(b"ab", b"c"))

    assert written == wire.FileWritten(path="a.bin", bytes=3)
    assert await body_of(client, "a.bin") == b"abc"
    async with client.get_file("") as listing:
        assert isinstance(listing, wire.FileListing)
        assert ("a.bin", 3) in [(entry.name, entry.bytes) for entry in listing.files]
    await client.delete_file("a.bin")
    with pytest.raises(AgentFailed) as error:
        await body_of(client, "a.bin")
    assert error.value.code is ErrorCode.FILE_NOT_FOUND


async def test_a_path_out_of_the_files_is_refused(client: AgentClient) -> None:
    with pytest.raises(AgentFailed) as error:
        await body_of(client, "%2e%2e/secret")

    assert error.value.code in (ErrorCode.BAD_PATH, ErrorCode.FILE_NOT_FOUND)
