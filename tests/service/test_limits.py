"""What one user may take of the server: each limit, its error, and that others go on."""

from __future__ import annotations

import asyncio
import json
import resource
import select
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path

from control.web.serving import room_for_connections
from tests.fakes.agent import Frame, ScriptedAgent, executed, queried
from tests.service.client import Server, User, until
from tests.service.conftest import ServerFactory
from tests.service.test_process import control
from wire import messages as wire

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
HEALTH = b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n"
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


def port_of(server: Server) -> int:
    return int(server.url.rpartition(":")[2])


@asynccontextmanager
async def connection(server: Server) -> AsyncIterator[tuple[Reader, Writer]]:
    """A connection of our own making."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


@contextmanager
def held(server: Server, count: int) -> Iterator[None]:
    """So many connections that say nothing."""
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(socket.create_connection(("127.0.0.1", port_of(server)), 5))
        yield


async def answer_to(server: Server, *pieces: bytes, pause_s: float = 0.0) -> bytes:
    """What the server answers to these pieces, one after each pause, until it closes."""
    return await asyncio.to_thread(_answer_to, port_of(server), pieces, pause_s)


def _answer_to(port: int, pieces: Sequence[bytes], pause_s: float) -> bytes:
    """A plain socket: what came before a reset counts; to write into a closed one is no error."""
    text = b""
    with socket.create_connection(("127.0.0.1", port), 15) as client, suppress(ConnectionError):
        for piece in pieces:
            with suppress(ConnectionError):
                client.sendall(piece)
            if pause_s and select.select([client], [], [], pause_s)[0]:
                break
        while got := client.recv(65536):
            text += got
    return text


async def test_a_dribbled_header_is_408(make_server: ServerFactory) -> None:
    server = await make_server(slow_client_s="0.3")
    dribble = [b"GET /health HTTP/1.1\r\n", *[b"X-A: b\r\n"] * 1000]

    answer = await answer_to(server, *dribble, pause_s=0.05)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"type":"client_too_slow"' in answer


def posted(user: User, length: int, path: str = "/command") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nAuthorization: Token {user.token}\r\n"
    return f"{head}Content-Length: {length}\r\n\r\n".encode()


async def test_a_dribbled_body_is_408(make_server: ServerFactory) -> None:
    server = await make_server(slow_client_s="0.3")
    ann = await server.user("ann")

    answer = await answer_to(server, posted(ann, 1000), *[b" "] * 1000, pause_s=0.05)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer.lower()
    assert b'"type":"client_too_slow"' in answer


async def test_a_file_that_is_dribbled_is_408_and_not_there(make_server: ServerFactory) -> None:
    server = await make_server(slow_client_s="0.3")
    ann = await server.user("ann")
    (await ann.post("/scope", {"scope": "taxi"})).good()
    head = posted(ann, 1000).replace(b"POST /command", b"PUT /scope/taxi/files/a")

    answer = await answer_to(server, head, *[b" "] * 1000, pause_s=0.05)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert (await ann.get("/scope/taxi/files/a")).status == 404


async def test_a_slow_body_that_moves_is_taken(make_server: ServerFactory) -> None:
    server = await make_server(slow_client_s="0.3")
    ann = await server.user("ann")

    async def body() -> AsyncIterator[bytes]:
        yield b'{"scope":"none","command":"'
        for _ in range(6):
            await asyncio.sleep(0.1)
            yield b"x" * 1024
        yield b'"}'

    assert (await ann.post("/command", data=body())).error == (404, 404, "scope_not_found")


async def test_a_body_that_nobody_waits_for_ends_its_connection(
    make_server: ServerFactory,
) -> None:
    server = await make_server(slow_client_s="0.3")
    head = b"POST /command HTTP/1.1\r\nContent-Length: 1000\r\n\r\n"

    answer = await answer_to(server, head, *[b" "] * 1000, pause_s=0.05)

    assert answer.startswith(b"HTTP/1.1 401 ")


async def test_a_client_that_does_not_read_is_cut_off_and_its_work_ends(
    make_server: ServerFactory,
) -> None:
    server = await make_server(slow_client_s="0.3")
    ann = await server.user("ann")
    (await ann.post("/scope", {"scope": "taxi"})).good()
    agent = server.agent("ann", "taxi")
    agent.on(wire.QueryRequest, queried(["x" * 64_000_000]))
    body = json.dumps(QUERY).encode()
    async with connection(server) as (_, writer):
        writer.write(posted(ann, len(body), "/query") + body)
        await until(lambda: len(agent.asked_for(wire.CancelRequest)) == 1)

    assert len(agent.asked_for(wire.QueryRequest)) == 1
    assert (await ann.get("/scope")).status == 200


async def test_a_header_has_bounds(server: Server) -> None:
    large = b"GET /health HTTP/1.1\r\nX-A: " + b"x" * 20_000 + b"\r\n\r\n"
    many = b"GET /health HTTP/1.1\r\n" + b"A: b\r\n" * 101 + b"Connection: close\r\n\r\n"

    for head in (large, many):
        answer = await answer_to(server, head)
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert b'"type":"header_too_large"' in answer


async def test_connections_from_one_address_are_bounded(make_server: ServerFactory) -> None:
    server = await make_server(connections_per_address="3")
    gate = server.services.connections
    with held(server, 3):
        await until(lambda: gate.open == 3)
        answer = await answer_to(server)
    await until(lambda: gate.open == 0)

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b'"type":"too_many_connections"' in answer
    assert (await server.nobody.get("/health")).status == 200


async def test_proxies_may_bring_many_clients(make_server: ServerFactory) -> None:
    server = await make_server(connections_per_address="1", trusted_proxies="127.0.0.0/8")

    with held(server, 3):
        assert (await server.nobody.get("/health")).status == 200


async def test_all_connections_are_bounded(make_server: ServerFactory) -> None:
    server = await make_server(max_connections="8", trusted_proxies="127.0.0.0/8")

    with held(server, 8):
        await until(lambda: server.services.connections.open == 8)
        assert b"too_many_connections" in await answer_to(server)


async def test_a_stranger_s_body_is_small(server: Server) -> None:
    reply = await server.nobody.post("/token", data=b"x" * 65_537)

    assert reply.error == (413, 413, "body_too_large")


async def test_bodies_in_memory_are_bounded_and_let_go(make_server: ServerFactory) -> None:
    server = await make_server(max_body="1KiB")
    ann, bob = await server.user("ann"), await server.user("bob")
    (await ann.post("/scope", {"scope": "taxi"})).good()
    agent = server.agent("ann", "taxi")
    gate = hold(agent)
    large = {**QUERY, "sql": "x" * 900}
    tasks = [asyncio.create_task(ann.post("/query", large)) for _ in range(2)]
    await until(lambda: len(agent.asked_for(wire.QueryRequest)) == 2)

    refused = await ann.post("/query", large)

    assert refused.error == (429, 429, "quota_exceeded")
    assert (await bob.post("/query", large)).error == (404, 404, "scope_not_found")
    gate.set()
    assert [reply.status for reply in await asyncio.gather(*tasks)] == [200, 200]
    (await ann.post("/query", large)).good()


def test_there_are_as_many_connections_as_there_may_be_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1500), hard))
        assert room_for_connections(400) == 400
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(soft, 1500), hard)
        assert room_for_connections(900) == 900
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (1924, hard)
        assert room_for_connections(10 * hard) == hard - 1024
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_server_of_its_own_cuts_slow_clients_too(tmp_path: Path) -> None:
    few = {"slow_client_s": "0.5", "connections_per_address": "4"}
    with control(tmp_path, **few) as (_, said):
        port = int(said.partition("serves at ")[2].partition(",")[0].rpartition(":")[2])
        dribble = [b"GET /health HTTP/1.1\r\n", *[b"X-A: b\r\n"] * 100]
        slow = _answer_to(port, dribble, 0.1)
        large = _answer_to(port, [b"GET /health HTTP/1.1\r\nA: " + b"x" * 10_000 + b"\r\n\r\n"], 0)
        with ExitStack() as stack:
            for _ in range(4):
                stack.enter_context(socket.create_connection(("127.0.0.1", port), 5))
            many = _answer_to(port, [], 0)
        # The others are gone once the server has seen it.
        good = any(b" 200 OK" in _answer_to(port, [HEALTH], 0.1) for _ in range(50))

    assert b"client_too_slow" in slow
    assert b"header_too_large" in large
    assert b"too_many_connections" in many
    assert good
