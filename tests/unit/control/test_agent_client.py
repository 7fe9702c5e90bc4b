from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from control.agent_answer import StreamLimits
from control.agent_client import AgentClient, FileBody
from control.errors import AgentFailed, AgentMisbehaved, AgentUnreachable
from tests.fakes.agent import Frame, Raw, ScriptedAgent, executed, failed, hang, queried
from wire import messages as wire
from wire.codec import encode, frame_head
from wire.protocol import MAX_HEAD_BYTES, ErrorCode

QUERY = wire.QueryRequest(work_id="w", session="spark", sql="select 1", timeout_s=5)
EXECUTE = wire.ExecuteRequest(work_id="w", code="1", timeout_s=5, max_output_bytes=1000)
HEAD = wire.QueryReply(num_rows=1, columns=[], content_length=4)


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[ScriptedAgent]:
    async with ScriptedAgent(tmp_path / "disk" / "run" / "agent.sock") as agent:
        yield agent


@pytest.fixture
async def client(agent: ScriptedAgent) -> AsyncIterator[AgentClient]:
    client = AgentClient(agent.socket, uid=None, limits=StreamLimits(2000, 8000))
    yield client
    await client.close()


async def test_a_reply_has_the_type_of_its_request(client: AgentClient) -> None:
    health = await client.call(wire.HealthRequest(), 5)

    assert health.ready


async def test_the_request_id_travels(client: AgentClient, agent: ScriptedAgent) -> None:
    await client.call(wire.FactsRequest(), 5, "r-1")

    assert agent.request_ids == ["r-1"]


async def test_a_refusal_is_the_agents_own(client: AgentClient, agent: ScriptedAgent) -> None:
    agent.on(wire.DeleteSession, failed(ErrorCode.SESSION_NOT_FOUND, "session x not found!"))

    with pytest.raises(AgentFailed, match="session x not found!") as caught:
        await client.call(wire.DeleteSession(name="x"), 5)

    assert caught.value.code is ErrorCode.SESSION_NOT_FOUND


@pytest.mark.parametrize(
    "answer",
    [
        Raw(b""),
        Raw(b"not json"),
        Raw(b'{"ready": "perhaps"}'),
        Raw(b"[" * 100_000),
        Raw(b" " * (MAX_HEAD_BYTES + 1)),
        Raw(b'{"ready": true}', status=302),
        Raw(b"<html>", status=500),
        Raw(b'{"code": "no_such_code", "message": "m"}', status=400),
    ],
    ids=lambda raw: f"{raw.status}-{len(raw.body)}",
)
async def test_what_is_no_message_of_ours_is_refused(
    client: AgentClient, agent: ScriptedAgent, answer: Raw
) -> None:
    agent.on(wire.HealthRequest, answer)

    with pytest.raises(AgentMisbehaved):
        await client.call(wire.HealthRequest(), 5)


async def test_no_answer_in_time_is_unreachable(client: AgentClient, agent: ScriptedAgent) -> None:
    agent.on(wire.HealthRequest, hang)

    with pytest.raises(AgentUnreachable, match="in time"):
        await client.call(wire.HealthRequest(), 0.05)


async def test_an_agent_that_went_is_unreachable(client: AgentClient, agent: ScriptedAgent) -> None:
    await client.call(wire.HealthRequest(), 5)
    await agent.stop()

    with pytest.raises(AgentUnreachable):
        await client.call(wire.HealthRequest(), 5)


async def test_an_agent_that_came_back_answers(client: AgentClient, agent: ScriptedAgent) -> None:
    await client.call(wire.HealthRequest(), 5)
    await agent.stop()
    await agent.start()

    assert (await client.call(wire.HealthRequest(), 5)).ready


async def test_a_closed_client_opens_again(client: AgentClient) -> None:
    await client.call(wire.HealthRequest(), 5)
    await client.close()
    await client.close()

    assert (await client.call(wire.HealthRequest(), 5)).ready


async def test_events_arrive_in_order(client: AgentClient, agent: ScriptedAgent) -> None:
    expected = executed(2, stdout="hello")
    agent.on(wire.ExecuteRequest, expected)

    assert [event async for event in client.stream(EXECUTE, 5)] == expected


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "before the last event"),
        (b'{"event":"state","state":"running"}\n', "before the last event"),
        (b'{"event":"later"}\n', "not a valid event"),
        (b"nonsense\n", "not a valid event"),
        (b"x" * 3000, "an event longer"),
        (b'{"event":"state","state":"running"}\n' * 300, "stream of events longer"),
    ],
)
async def test_a_stream_that_is_none_is_refused(
    client: AgentClient, agent: ScriptedAgent, body: bytes, why: str
) -> None:
    agent.on(wire.ExecuteRequest, Raw(body))

    with pytest.raises(AgentMisbehaved, match=why):
        async for _ in client.stream(EXECUTE, 5):
            pass


async def test_a_stream_has_a_deadline(client: AgentClient, agent: ScriptedAgent) -> None:
    agent.on(wire.ExecuteRequest, hang)

    with pytest.raises(AgentUnreachable, match="in time"):
        async for _ in client.stream(EXECUTE, 0.05):
            pass


async def relayed(client: AgentClient, max_bytes: int = 1000) -> tuple[wire.QueryReply, bytes]:
    async with client.relay(QUERY, 5, max_bytes=max_bytes) as (head, chunks):
        return head, b"".join([chunk async for chunk in chunks])


async def test_a_payload_is_relayed_as_it_is(client: AgentClient, agent: ScriptedAgent) -> None:
    agent.on(wire.QueryRequest, queried([1, 2, 3]))

    head, payload = await relayed(client)

    assert (head.num_rows, payload) == (3, b"[1,2,3]")


async def test_an_empty_payload_is_one(client: AgentClient, agent: ScriptedAgent) -> None:
    agent.on(wire.QueryRequest, Frame(wire.QueryReply(num_rows=0, columns=[], content_length=0)))

    assert (await relayed(client))[1] == b""


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "within its head"),
        (b"\x00\x00\x00\x05{}", "within its head"),
        (b"\xff\xff\xff\xff", "more than"),
        (b"\x00\x00\x00\x02{}", "not a valid QueryReply"),
        (frame_head(HEAD) + b"123", "1 bytes shorter"),
        (frame_head(HEAD) + b"12345", "longer than it said"),
        (frame_head(wire.QueryReply(num_rows=1, columns=[], content_length=-1)), "-1 bytes"),
        (frame_head(wire.QueryReply(num_rows=1, columns=[], content_length=1001)), "1001 bytes"),
    ],
)
async def test_a_frame_that_is_none_is_refused(
    client: AgentClient, agent: ScriptedAgent, body: bytes, why: str
) -> None:
    agent.on(wire.QueryRequest, Raw(body))

    with pytest.raises(AgentMisbehaved, match=why):
        await relayed(client)


async def test_a_payload_left_unread_spoils_nothing(
    client: AgentClient, agent: ScriptedAgent
) -> None:
    agent.on(wire.QueryRequest, queried(list(range(100_000))))
    async with client.relay(QUERY, 5, max_bytes=10**7):
        pass

    assert (await client.call(wire.HealthRequest(), 5)).ready


async def chunks(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def test_a_file_goes_and_comes_back(client: AgentClient, agent: ScriptedAgent) -> None:
    written = await client.put_file("a b/ü#?.csv", chunks(b"12", b"34"))

    async with client.get_file("a b/ü#?.csv") as found:
        assert isinstance(found, FileBody)
        read = b"".join([chunk async for chunk in found.chunks])

    assert (written.bytes, found.length, read) == (4, 4, b"1234")
    assert list(agent.files) == ["a b/ü#?.csv"]


async def test_a_folder_is_listed(client: AgentClient, agent: ScriptedAgent) -> None:
    agent.files["a.csv"] = b"1"

    async with client.get_file("") as found:
        assert isinstance(found, wire.FileListing)

    assert [entry.name for entry in found.files] == ["a.csv"]


async def test_a_file_is_deleted_once(client: AgentClient, agent: ScriptedAgent) -> None:
    agent.files["a.csv"] = b"1"
    await client.delete_file("a.csv")

    with pytest.raises(AgentFailed, match="not found"):
        await client.delete_file("a.csv")


async def test_dots_reach_the_agent_as_they_are(client: AgentClient) -> None:
    with pytest.raises(AgentFailed) as caught:
        async with client.get_file("a/../b"):
            pass

    assert caught.value.code is ErrorCode.BAD_PATH


async def test_an_uploads_own_error_comes_out(client: AgentClient) -> None:
    whose = "the caller's"

    async def broken() -> AsyncIterator[bytes]:
        yield b"1"
        raise KeyError(whose)

    with pytest.raises(KeyError, match=whose):
        await client.put_file("a.csv", broken())


async def test_many_at_once_are_answered(client: AgentClient, agent: ScriptedAgent) -> None:
    agent.on(wire.QueryRequest, queried([1]))

    replies = await asyncio.gather(*(relayed(client) for _ in range(50)))

    assert {payload for _, payload in replies} == {b"[1]"}


async def test_one_connection_serves_one_after_another(agent: ScriptedAgent) -> None:
    client = AgentClient(agent.socket, uid=None)
    await client.call(wire.HealthRequest(), 5)
    agent.socket.unlink()

    # A new connection would fail: the path is gone.
    assert (await client.call(wire.HealthRequest(), 5)).ready
    assert [e async for e in client.stream(EXECUTE, 5)]
    assert (await client.call(wire.HealthRequest(), 5)).ready
    await client.close()


def test_encoded_messages_stay_on_one_line() -> None:
    assert b"\n" not in encode(wire.OutputEvent(name="stdout", text="a\nb"))


async def refuse(_: web.Request) -> web.Response:
    """An agent that says no before it has read the body."""
    error = failed(ErrorCode.DISK_FULL, "the scope's disk is full")
    return web.Response(body=encode(error), status=400)


async def test_an_upload_that_is_refused_early_says_why(tmp_path: Path) -> None:
    app = web.Application()
    app.router.add_put("/v1/files/a", refuse)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.UnixSite(runner, str(tmp_path / "agent.sock")).start()
    client = AgentClient(tmp_path / "agent.sock", uid=None)
    with pytest.raises(AgentFailed, match="disk is full"):
        await client.put_file("a", chunks(*[b"x" * 100_000] * 500))

    await client.close()
    await runner.cleanup()
