"""Work that is told to end does, also where the telling meets an answer."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from control.engine.docker import DockerDriver
from control.scopes import tasks
from control.scopes.tasks import Tasks


class OneAnswer:
    """A pool of threads whose work is done when the test says so."""

    def __init__(self) -> None:
        self.answer: Future[Any] = Future()

    def submit(self, *_: Any) -> Future[Any]:
        return self.answer

    def shutdown(self, **_: Any) -> None:
        return


async def test_a_call_cancelled_as_its_answer_comes_is_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver, pool = DockerDriver(tmp_path), OneAnswer()
    monkeypatch.setattr(driver, "_threads", pool)
    call = asyncio.create_task(driver.start("a"))
    await asyncio.sleep(0)
    pool.answer.set_result(None)
    await asyncio.sleep(0)
    assert not call.done()
    call.cancel()

    await asyncio.wait([call])
    assert call.cancelled()


async def test_a_task_that_lost_its_cancellation_is_told_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "CANCEL_S", 0.01)
    told = 0

    async def deaf() -> None:
        nonlocal told
        while told < 3:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                told += 1

    ours = Tasks()
    ours.spawn(deaf())
    await asyncio.sleep(0)
    await ours.end(0.0)

    assert told == 3
