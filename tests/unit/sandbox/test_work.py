from __future__ import annotations

import asyncio
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.failure import AgentFailure
from sandbox.work import Work, WorkBoard
from wire.protocol import ErrorCode

SECRET = "a tenant's row"


class Context:
    """The part of a SparkContext that a board uses; remembers what it was told."""

    def __init__(self) -> None:
        self.cancelled: list[str] = []
        self.groups: list[str] = []
        self.left = 0
        java = SimpleNamespace(
            cancelJobGroupAndFutureJobs=self.cancelled.append, clearJobGroup=self.leave
        )
        self._jsc = SimpleNamespace(sc=lambda: java)

    def setJobGroup(self, group: str, _text: str, *, interruptOnCancel: bool) -> None:
        assert interruptOnCancel
        self.groups.append(group)

    def leave(self) -> None:
        self.left += 1


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture
def board(context: Context) -> Any:
    board = WorkBoard(context, max_threads=2)
    yield board
    board.close()


def until_stopped(work: Work) -> None:
    work.cancelled.wait(10)
    work.check()


async def test_the_value_is_the_functions(board: WorkBoard, context: Context) -> None:
    assert await board.run("a", 5, lambda work: work.work_id) == "a"
    assert context.left == 1


async def test_each_piece_has_a_job_group_of_its_own(board: WorkBoard, context: Context) -> None:
    await board.run("a", 5, lambda _: None)
    await board.run("a", 5, lambda _: None)

    assert len(set(context.groups)) == 2


async def test_an_id_in_flight_cannot_be_used_again(board: WorkBoard) -> None:
    first = asyncio.create_task(board.run("a", 5, until_stopped))
    await asyncio.sleep(0)

    with pytest.raises(AgentFailure) as error:
        await board.run("a", 5, lambda _: None)

    assert error.value.code is ErrorCode.BAD_REQUEST
    assert await board.cancel("a") == 1
    with pytest.raises(AgentFailure):
        await first


async def test_cancelling_stops_the_jobs_and_says_cancelled(
    board: WorkBoard, context: Context
) -> None:
    task = asyncio.create_task(board.run("a", 5, until_stopped))
    await asyncio.sleep(0)

    assert await board.cancel("a") == 1

    with pytest.raises(AgentFailure) as error:
        await task
    assert error.value.code is ErrorCode.CANCELLED
    assert set(context.cancelled) == set(context.groups)


async def test_an_unknown_id_is_no_error(board: WorkBoard) -> None:
    assert await board.cancel("none") == 0


async def test_cancel_all_counts(board: WorkBoard) -> None:
    tasks = [asyncio.create_task(board.run(str(i), 5, until_stopped)) for i in range(2)]
    await asyncio.sleep(0)

    assert await board.cancel_all() == 2

    failures = await asyncio.gather(*tasks, return_exceptions=True)
    assert [f.code for f in failures if isinstance(f, AgentFailure)] == [ErrorCode.CANCELLED] * 2


async def test_time_that_passes_is_a_timeout(board: WorkBoard, context: Context) -> None:
    with pytest.raises(AgentFailure) as error:
        await board.run("a", 0.05, until_stopped)

    assert error.value.code is ErrorCode.TIMEOUT
    assert set(context.cancelled) == set(context.groups)


async def test_work_that_does_not_stop_is_left_alone(
    context: Context, board: WorkBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.work.STOP_GRACE_S", 0.05)
    release = threading.Event()

    with pytest.raises(AgentFailure) as error:
        await board.run("a", 0.05, lambda _: release.wait(10))

    assert error.value.code is ErrorCode.TIMEOUT
    assert await board.run("b", 5, lambda _: 1) == 1
    release.set()


async def test_a_bug_is_internal_and_says_no_more(board: WorkBoard) -> None:
    def broken(_: Work) -> None:
        raise KeyError(SECRET)

    with pytest.raises(AgentFailure) as error:
        await board.run("a", 5, broken)

    assert error.value.code is ErrorCode.INTERNAL
    assert SECRET not in error.value.message


def test_check_tells_a_timeout_from_a_cancel() -> None:
    late, stopped = Work("a", time.monotonic() - 1), Work("b", time.monotonic() + 60)
    stopped.cancelled.set()

    for work, code in ((late, ErrorCode.TIMEOUT), (stopped, ErrorCode.CANCELLED)):
        with pytest.raises(AgentFailure) as error:
            work.check()
        assert error.value.code is code


@pytest.mark.spark
async def test_a_spark_job_ends_when_it_is_cancelled(runtime: Any) -> None:
    board = WorkBoard(runtime.sc)

    def endless(_: Work) -> Any:
        return runtime.spark.range(10**13).selectExpr("sum(id % 7)").collect()

    with pytest.raises(AgentFailure) as error:
        await board.run("a", 2, endless)

    assert error.value.code is ErrorCode.TIMEOUT
    assert await board.run("b", 60, lambda _: runtime.spark.range(3).count()) == 3
    board.close()
