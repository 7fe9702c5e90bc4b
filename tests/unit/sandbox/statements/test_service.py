"""Statements at once: rows before the end, limits, cancelling, readers that go."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from sandbox.server.pieces import send_pieces
from sandbox.statements.service import StatementService
from tests.unit.sandbox.statements.conftest import statements
from tests.unit.sandbox.statements.scripted import Script, rows, service_over, waiting
from tests.unit.sandbox.statements.told import Told, told_by, until
from wire.messages import RunStatements

WAIT_S = 30.0


@pytest.fixture
def script() -> Script:
    return Script({"one": rows("1"), "two": rows("1", "2")})


@pytest.fixture
async def speaking(script: Script, tmp_path: Path) -> AsyncIterator[StatementService]:
    service = service_over(script, tmp_path / "jobs", gone_s=0.0)
    await service.restore()
    yield service
    service.close()


def request(text: str, **more: Any) -> RunStatements:
    return RunStatements(statements=statements(text, **more))


async def test_a_small_answer_is_one_write(speaking: StatementService) -> None:
    told = await told_by(speaking.run(request("two")))

    assert told.rows == {0: b"1\n, 2\n"}
    assert told.writes == 1
    assert (told.ends[0].rows, told.ends[0].size) == (2, 4)
    assert told.finished is not None
    assert (told.finished.counts.result_count, told.finished.counts.result_size) == (2, 4)


async def test_rows_leave_before_the_last_is_computed(
    script: Script, speaking: StatementService
) -> None:
    go_on = threading.Event()
    script.acts["slow"] = lambda sink, run: (
        rows("1")(sink, run),
        waiting(go_on, rows("2"))(sink, run),
    )[-1]
    answer = speaking.run(request("slow"))
    told = Told()
    async with asyncio.timeout(WAIT_S):
        while not told.rows:
            told.take(await answer.take() or b"")

    assert told.rows[0] == b"1\n"
    assert told.finished is None

    go_on.set()
    while (body := await answer.take()) is not None:
        told.take(body)
    assert told.rows[0] == b"1\n, 2\n"
    assert told.problem is None


async def test_a_thread_waits_for_a_slow_reader(script: Script, speaking: StatementService) -> None:
    written: list[int] = []

    def flood(sink: Any, _: Any) -> None:
        for number in range(40):
            sink.write(b", " + b"x" * 1_000_000, 1)
            written.append(number)

    script.acts["flood"] = flood
    answer = speaking.run(request("flood"))
    await until(lambda: len(written) >= 7)
    told = Told()
    assert len(written) < 20

    while (body := await answer.take()) is not None:
        told.take(body)
    assert told.ends[0].rows == 40


async def test_the_time_allowed_passes(script: Script, speaking: StatementService) -> None:
    script.acts["endless"] = waiting(threading.Event(), rows())
    told = await told_by(speaking.run(request("endless", timeout_s=0.05)))

    assert told.problem == "ASX0030: Request timed out and will be cancelled"
    assert told.kind == "timeout"
    assert told.rows == {}


async def test_no_limit_of_time_is_none(speaking: StatementService) -> None:
    told = await told_by(speaking.run(request("one", timeout_s=0)))

    assert told.problem is None


async def test_cancelling(script: Script, speaking: StatementService) -> None:
    script.acts["endless"] = waiting(threading.Event(), rows())
    answer = speaking.run(request("endless", work_id="it"))
    await until(lambda: script.began == ["it"])

    assert await speaking.cancel("it") == 1
    assert await speaking.cancel("unknown") == 0
    told = await told_by(answer)
    assert told.problem == "ASX0041: Request has been cancelled it"
    assert told.kind == "cancelled"


async def test_a_failure_behind_rows_leaves_them(
    script: Script, speaking: StatementService
) -> None:
    def broken(sink: Any, run: Any) -> None:
        rows("1")(sink, run)
        raise ZeroDivisionError

    script.acts["broken"] = broken
    told = await told_by(speaking.run(request("broken")))

    assert told.rows == {0: b"1\n"}
    assert told.ends == {}
    assert told.kind == "agent"


async def test_what_cannot_be_compiled_tells_only_why(speaking: StatementService) -> None:
    told = await told_by(speaking.run(request("what")))

    assert (told.compiled, told.rows, told.problem) == (None, {}, "what is what?")


async def test_a_query_without_a_reader_ends(script: Script, speaking: StatementService) -> None:
    ended = threading.Event()

    def endless(sink: Any, run: Any) -> None:
        try:
            waiting(threading.Event(), rows())(sink, run)
        finally:
            ended.set()

    script.acts["endless"] = endless
    answer = speaking.run(request("endless"))
    await until(lambda: bool(script.began))
    answer.leave()

    await until(ended.is_set)


async def test_a_change_without_a_reader_runs_to_its_end(
    script: Script, speaking: StatementService
) -> None:
    go_on, ended = threading.Event(), threading.Event()

    def change(sink: Any, run: Any) -> None:
        waiting(go_on, rows("1"))(sink, run)
        # More than anybody would take, were it not thrown away.
        sink.write(b", " + b"x" * 20_000_000, 1)
        ended.set()

    script.acts["change"] = change
    script.updates.add("change")
    answer = speaking.run(request("change"))
    await until(lambda: bool(script.began))
    answer.leave()
    go_on.set()

    await until(ended.is_set)


async def test_one_id_is_one_statement(script: Script, speaking: StatementService) -> None:
    go_on = threading.Event()
    script.acts["slow"] = waiting(go_on, rows("1"))
    first = speaking.run(request("slow", work_id="same"))
    await until(lambda: bool(script.began))
    second = await told_by(speaking.run(request("one", work_id="same")))
    go_on.set()

    assert second.problem == "work same is already running"
    assert (await told_by(first)).problem is None


async def test_sixty_four_at_once(speaking: StatementService) -> None:
    told = await asyncio.gather(*(told_by(speaking.run(request("one"))) for _ in range(64)))

    assert [t.rows for t in told] == [{0: b"1\n"}] * 64


async def test_times_are_told_to_who_asks(speaking: StatementService) -> None:
    silent = await told_by(speaking.run(request("one")))
    told = await told_by(speaking.run(request("one", profile="timings")))

    assert silent.finished is not None
    assert silent.finished.profile is None
    assert told.finished is not None
    names = [counter["name"] for counter in told.finished.profile["counters"]]
    assert names == ["compile", "queue", "execute", "read"]
    assert told.finished.profile["counters"][2]["time"] > 0


async def test_a_reader_who_hangs_up_ends_the_query(
    script: Script, speaking: StatementService, tmp_path: Path
) -> None:
    ended = threading.Event()

    def trickle(sink: Any, run: Any) -> None:
        try:
            while True:
                sink.write(b", " + b"1\n" * 50_000, 50_000)
                run.work.check()
        finally:
            ended.set()

    async def handle(asked: web.Request) -> web.StreamResponse:
        return await send_pieces(asked, speaking.run(request("trickle")))

    script.acts["trickle"] = trickle
    app = web.Application()
    app.router.add_post("/", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.UnixSite(runner, str(tmp_path / "s")).start()
    reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    await reader.readuntil(b"1\n1\n")
    assert not ended.is_set()

    writer.close()
    await until(ended.is_set)
    await runner.cleanup()
