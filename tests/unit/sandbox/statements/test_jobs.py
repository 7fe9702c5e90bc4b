"""Jobs: taken, queued in fair order, kept on disk until their time is over."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.failure import AgentFailure
from sandbox.statements.service import StatementService
from tests.unit.sandbox.statements.conftest import WAIT_S, ended, statements
from tests.unit.sandbox.statements.scripted import Script, rows, service_over, waiting
from tests.unit.sandbox.statements.told import told_by, until
from wire.messages import (
    DropJob,
    ReadResult,
    RunStatements,
    Statements,
    SubmitStatements,
    Submitted,
    WatchJobs,
)
from wire.protocol import ErrorCode


@pytest.fixture
def script() -> Script:
    return Script({"one": rows("1"), "two": rows("1", '{ "a": 2 }'), "none": rows()})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "jobs"


@pytest.fixture
async def speaking(script: Script, folder: Path) -> AsyncIterator[StatementService]:
    service = service_over(script, folder)
    await service.restore()
    yield service
    service.close()


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def leave(folder: Path, name: str) -> None:
    """What an agent left that was killed."""
    folder.mkdir()
    (folder / name).write_bytes(b"{")


async def submit(service: StatementService, text: str, ttl_s: float = 60.0, **more: Any) -> str:
    asked = statements(text, **more)
    answer = await service.submit(SubmitStatements(statements=asked, ttl_s=ttl_s))
    assert answer.problem is None
    return asked.work_id


async def read(
    service: StatementService, work_id: str, index: int = 0, wrap: bool | None = None
) -> bytes:
    kept = await service.read(ReadResult(work_id=work_id, index=index, wrap_array=wrap))
    body = b"".join(kept.chunks())
    kept.close()
    assert len(body) == kept.head.content_length
    return body


async def test_a_job_is_told_and_its_rows_are_read_as_often_as_one_likes(
    speaking: StatementService,
) -> None:
    work_id = await submit(speaking, "two")
    job = (await ended(speaking, work_id))[work_id]

    assert job.state == "success"
    assert [(r.index, r.rows, r.size) for r in job.results] == [(0, 2, 13)]
    assert job.counts.result_count == 2
    assert await read(speaking, work_id) == b'[ 1\n, { "a": 2 }\n ]\n'
    assert await read(speaking, work_id, wrap=False) == b'1\n{ "a": 2 }\n'


@pytest.mark.parametrize(
    ("fmt", "wrap", "body"),
    [
        ("adm", None, b'1\n{ "a": 2 }\n'),
        ("adm", True, b'[ 1\n, { "a": 2 }\n ]\n'),
        ("csv", True, b'1\n{ "a": 2 }\n'),
        ("lossless-json", None, b'[ 1\n, { "a": 2 }\n ]\n'),
    ],
)
async def test_arrays_stand_around_json(
    speaking: StatementService, fmt: Any, wrap: bool | None, body: bytes
) -> None:
    work_id = await submit(speaking, "two", format=fmt)
    await ended(speaking, work_id)

    assert await read(speaking, work_id, wrap=wrap) == body


async def test_a_result_without_rows(speaking: StatementService) -> None:
    work_id = await submit(speaking, "none")
    await ended(speaking, work_id)

    assert await read(speaking, work_id) == b"[  ]\n"
    assert await read(speaking, work_id, wrap=False) == b""


async def test_large_results_are_read_in_blocks(script: Script, speaking: StatementService) -> None:
    def many(sink: Any, _: Any) -> None:
        for start in range(0, 200_000, 1000):
            lines = b"".join(b"%d\n" % n for n in range(start, start + 1000))
            sink.write(lines, 1000)

    script.acts["many"] = many
    work_id = await submit(speaking, "many")
    await ended(speaking, work_id)
    body = await read(speaking, work_id)

    assert body == b"[ " + b"\n, ".join(b"%d" % n for n in range(200_000)) + b"\n ]\n"


async def test_a_deferred_run_tells_everything_but_the_rows(speaking: StatementService) -> None:
    asked = statements("two")
    told = await told_by(speaking.run(RunStatements(statements=asked, spool=True, ttl_s=60)))

    assert told.rows == {0: b""}
    assert (told.ends[0].rows, told.ends[0].size) == (2, 13)
    assert told.problem is None
    assert await read(speaking, asked.work_id) == b'[ 1\n, { "a": 2 }\n ]\n'


async def test_four_run_at_once_in_the_order_of_their_coming(
    script: Script, speaking: StatementService
) -> None:
    gates = {f"number {number}": threading.Event() for number in range(64)}
    for text, gate in gates.items():
        script.acts[text] = waiting(gate, rows("1"))
    work_ids = [await submit(speaking, text) for text in gates]
    await until(lambda: len(script.began) == 4)
    watched = await speaking.watch(WatchJobs())
    begun = [set(script.began)]
    for place, gate in enumerate(gates.values(), 5):
        gate.set()
        await until(lambda place=place: len(script.began) == min(place, 64))  # type: ignore[misc]
        begun.append(set(script.began))
    jobs = await ended(speaking, *work_ids)

    # Each that ends lets one begin, the one that came first of those that wait.
    assert begun == [set(work_ids[:count]) for count in [*range(4, 64), *[64] * 5]]
    assert watched.open == work_ids
    assert {job.state for job in jobs.values()} == {"success"}
    assert jobs[work_ids[-1]].counts.queue_ns > 0


async def test_more_than_can_wait_are_refused(script: Script, speaking: StatementService) -> None:
    go_on = threading.Event()
    script.acts["slow"] = waiting(go_on, rows("1"))
    work_ids = [await submit(speaking, "slow") for _ in range(256)]
    refused = await speaking.submit(SubmitStatements(statements=statements("one")))
    go_on.set()
    jobs = await ended(speaking, *work_ids)

    assert refused.problem is not None
    assert refused.problem.text == "HYR0006: Job queue is full with 256 jobs"
    assert len(jobs) == 256


async def test_what_cannot_be_compiled_leaves_nothing(
    speaking: StatementService, folder: Path
) -> None:
    answer = await speaking.submit(SubmitStatements(statements=statements("what")))
    jobs = await speaking.watch(WatchJobs())

    assert answer.compiled is None
    assert answer.problem is not None
    assert answer.problem.text == "what is what?"
    assert (jobs.ended, jobs.open, names(folder)) == ([], [], [])


async def test_cancelled_jobs_say_so_waiting_or_running(
    script: Script, speaking: StatementService
) -> None:
    script.acts["endless"] = waiting(threading.Event(), rows())
    running = [await submit(speaking, "endless") for _ in range(4)]
    queued = await submit(speaking, "one")

    assert await speaking.cancel(queued) == 1
    job = (await ended(speaking, queued))[queued]
    assert (job.state, queued in script.began) == ("cancelled", False)
    assert job.problem is not None
    assert job.problem.text == f"ASX0041: Request has been cancelled {queued}"

    assert await speaking.cancel_all() == 4
    jobs = await ended(speaking, *running)
    assert {jobs[w].state for w in running} == {"cancelled"}
    with pytest.raises(AgentFailure) as caught:
        await read(speaking, queued)
    assert caught.value.code is ErrorCode.FILE_NOT_FOUND


async def test_a_job_that_is_cancelled_before_it_begins_never_does(
    script: Script, speaking: StatementService
) -> None:
    work_id = await submit(speaking, "one")

    assert await speaking.cancel(work_id) == 1
    job = (await ended(speaking, work_id))[work_id]
    assert (job.state, script.began) == ("cancelled", [])


async def test_a_job_that_takes_too_long(script: Script, speaking: StatementService) -> None:
    script.acts["endless"] = waiting(threading.Event(), rows())
    work_id = await submit(speaking, "endless", timeout_s=0.05)
    job = (await ended(speaking, work_id))[work_id]

    assert job.state == "timeout"
    assert job.problem is not None
    assert job.problem.text == "ASX0030: Request timed out and will be cancelled"


async def test_a_deferred_run_that_waits_too_long(
    script: Script, speaking: StatementService
) -> None:
    script.acts["endless"] = waiting(threading.Event(), rows())
    running = [await submit(speaking, "endless") for _ in range(4)]
    asked = statements("one", timeout_s=0.05)
    told = await told_by(speaking.run(RunStatements(statements=asked, spool=True)))
    await speaking.cancel_all()
    await ended(speaking, *running)

    assert told.problem == "ASX0030: Request timed out and will be cancelled"
    assert asked.work_id not in script.began


async def test_a_job_that_fails_keeps_no_rows(
    script: Script, speaking: StatementService, folder: Path
) -> None:
    def broken(sink: Any, run: Any) -> None:
        rows("1")(sink, run)
        raise AgentFailure(ErrorCode.SQL_ERROR, "no more")

    script.acts["broken"] = broken
    work_id = await submit(speaking, "broken")
    job = (await ended(speaking, work_id))[work_id]

    assert (job.state, job.results) == ("failed", [])
    assert names(folder / work_id) == ["manifest.json"]


async def test_a_result_that_is_too_large(speaking: StatementService) -> None:
    work_id = await submit(speaking, "two", max_bytes=5)
    job = (await ended(speaking, work_id))[work_id]

    assert job.state == "failed"
    assert job.problem is not None
    assert "larger than 5 bytes" in job.problem.text


async def test_results_go_when_their_time_is_over(speaking: StatementService, folder: Path) -> None:
    work_id = await submit(speaking, "one", ttl_s=0.5)
    await until(lambda: (folder / work_id).exists())
    await until(lambda: not (folder / work_id).exists())

    assert (await speaking.watch(WatchJobs())).ended == []


async def test_results_outlive_the_agent(script: Script, folder: Path) -> None:
    first = service_over(script, folder)
    await first.restore()
    kept = await submit(first, "two")
    over = await submit(first, "one", ttl_s=0.2)
    boot = (await first.watch(WatchJobs())).boot
    await ended(first, kept, over)
    first.close()
    leave(folder / "half", "0.rows")
    leave(folder / "damaged", "manifest.json")

    second = service_over(script, folder)
    await second.restore()
    jobs = await second.watch(WatchJobs(boot=boot, after=99, wait_s=60))
    await until(lambda: not (folder / over).exists())
    body = await read(second, kept)
    second.close()

    assert jobs.boot != boot
    assert kept in [job.work_id for job in jobs.ended]
    assert body == b'[ 1\n, { "a": 2 }\n ]\n'
    assert names(folder) == [kept]


async def test_dropping_forgets_a_job_and_ends_one_that_runs(
    script: Script, speaking: StatementService, folder: Path
) -> None:
    script.acts["endless"] = waiting(threading.Event(), rows())
    over = await submit(speaking, "one")
    await ended(speaking, over)
    runs = await submit(speaking, "endless")
    await until(lambda: runs in script.began)
    for work_id in (over, runs, "unknown"):
        await speaking.drop(DropJob(work_id=work_id))

    with pytest.raises(AgentFailure):
        await read(speaking, over)
    await until(lambda: not (folder / runs).exists())
    assert runs not in [job.work_id for job in (await speaking.watch(WatchJobs())).ended]
    assert not (folder / over).exists()


async def test_watching_waits_for_the_next_end(script: Script, speaking: StatementService) -> None:
    go_on = threading.Event()
    script.acts["slow"] = waiting(go_on, rows("1"))
    work_id = await submit(speaking, "slow")
    now = await speaking.watch(WatchJobs())
    again = await speaking.watch(WatchJobs(boot=now.boot, after=now.seq, wait_s=0.01))
    watching = asyncio.create_task(
        speaking.watch(WatchJobs(boot=now.boot, after=now.seq, wait_s=60))
    )
    await asyncio.sleep(0)
    assert not watching.done()

    go_on.set()
    async with asyncio.timeout(WAIT_S):
        jobs = await watching
    assert (again.ended, again.open) == ([], [work_id])
    assert [job.work_id for job in jobs.ended] == [work_id]
    assert jobs.seq == now.seq + 1


@pytest.mark.parametrize("work_id", ["../x", "", ".", "a/b", "x" * 200])
async def test_an_id_cannot_lead_out_of_the_folder(
    speaking: StatementService, work_id: str
) -> None:
    asked: Statements = statements("one", work_id=work_id)
    answer: Submitted = await speaking.submit(SubmitStatements(statements=asked))

    assert answer.problem is not None
    with pytest.raises(AgentFailure):
        await speaking.read(ReadResult(work_id=work_id, index=0))
