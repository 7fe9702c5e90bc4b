"""Blocking Spark work on threads: each piece has an id, a deadline and a way to stop it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sandbox.failure import AgentFailure
from sandbox.sqlerrors import translate
from wire.protocol import ErrorCode

T = TypeVar("T")

GROUP_PREFIX = "geoscope-work-"
"""Job groups of the agent begin with this; a Spark job without it belongs to the kernel."""

AGAIN_S = 0.5
"""How often jobs of stopped work are looked for until it has ended."""

STOP_GRACE_S = 5.0
"""How long a piece of work may take to notice that it was stopped before it is left alone."""


@dataclass
class Work:
    """One query, load or map in flight; `deadline` is in seconds of time.monotonic()."""

    work_id: str
    deadline: float
    cancelled: threading.Event = field(default_factory=threading.Event)
    group: str = ""
    is_joined: bool = False
    """Whether its thread is in its job group: only then is there anything of Spark's to stop."""
    timed_out: bool = False
    is_running: bool = True

    def check(self) -> None:
        """Raise AgentFailure (CANCELLED or TIMEOUT) if this work should stop."""
        if time.monotonic() >= self.deadline:
            self.timed_out = True
        if self.timed_out or self.cancelled.is_set():
            raise self.stopped()

    def remaining_s(self) -> float:
        """Seconds left before the deadline, never negative."""
        return max(0.0, self.deadline - time.monotonic())

    def stopped(self) -> AgentFailure:
        """Why it stopped, worded."""
        if self.timed_out:
            return AgentFailure(ErrorCode.TIMEOUT, "the time allowed for it has passed")
        return AgentFailure(ErrorCode.CANCELLED, "it was cancelled")


class WorkBoard:
    """Runs blocking functions on threads, each in a Spark job group of its own.

    The mutable state is `_running` and `_stoppers`, changed only on the event loop.
    """

    def __init__(self, sc: Any, max_threads: int = 16) -> None:
        self._sc = sc
        self._pool = ThreadPoolExecutor(max_threads, thread_name_prefix="work")
        # Spark remembers which groups were cancelled, longer than a board lives.
        self._prefix = f"{GROUP_PREFIX}{secrets.token_hex(4)}-"
        self._numbers = itertools.count(1)
        self._running: dict[str, Work] = {}
        self._stoppers: set[asyncio.Task[None]] = set()

    async def run(
        self, work_id: str, timeout_s: float, fn: Callable[[Work], T], *, join: bool = True
    ) -> T:
        """The value of `fn(work)`; raises AgentFailure, TIMEOUT after `timeout_s` seconds.

        Without `join` it must call `join` itself before it lets Spark work.
        """
        if work_id in self._running:
            raise AgentFailure(ErrorCode.BAD_REQUEST, f"work {work_id} is already running")
        group = f"{self._prefix}{next(self._numbers)}"
        work = Work(work_id, time.monotonic() + timeout_s, group=group)
        self._running[work_id] = work
        future = asyncio.get_running_loop().run_in_executor(self._pool, self._do, work, fn, join)
        future.add_done_callback(lambda _: self._forget(work))
        return await self._settle(work, future)

    async def cancel(self, work_id: str) -> int:
        """Stop one piece of work; how many that were (0 for an unknown id)."""
        work = self._running.get(work_id)
        if work is None:
            return 0
        await self._stop(work)
        return 1

    async def cancel_all(self) -> int:
        """Stop everything that runs; how much that was."""
        running = list(self._running.values())
        await asyncio.gather(*(self._stop(work) for work in running))
        return len(running)

    def join(self, work: Work) -> None:
        """Put this thread into the work's job group (a call to the JVM); twice is fine."""
        if work.is_joined:
            return
        work.is_joined = True
        self._sc.setJobGroup(work.group, "geoscope", interruptOnCancel=True)
        work.check()

    def close(self) -> None:
        """Take no more work; what still runs ends with the process."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _forget(self, work: Work) -> None:
        work.is_running = False
        del self._running[work.work_id]

    async def _settle(self, work: Work, future: Awaitable[T]) -> T:
        task = asyncio.ensure_future(future)
        await asyncio.wait({task}, timeout=work.remaining_s())
        if not task.done():
            work.timed_out = True
            await self._stop(work)
            await asyncio.wait({task}, timeout=STOP_GRACE_S)
        if not task.done():
            task.add_done_callback(_forget)
            raise work.stopped()
        return task.result()

    async def _stop(self, work: Work) -> None:
        if work.cancelled.is_set():
            return
        work.cancelled.set()
        await asyncio.to_thread(self._cancel_jobs, work)
        stopper = asyncio.create_task(self._keep_stopping(work))
        self._stoppers.add(stopper)
        stopper.add_done_callback(self._stoppers.discard)

    async def _keep_stopping(self, work: Work) -> None:
        # A query is several jobs, and Spark starts the next one even in a cancelled group when
        # it is a stage of an adaptive plan.
        while work.is_running:
            await asyncio.sleep(AGAIN_S)
            await asyncio.to_thread(self._cancel_jobs, work)

    def _cancel_jobs(self, work: Work) -> None:
        if not work.is_joined:
            return
        with contextlib.suppress(Exception):  # the JVM may be what is gone
            self._sc._jsc.sc().cancelJobGroupAndFutureJobs(work.group)

    def _do(self, work: Work, fn: Callable[[Work], T], join: bool) -> T:
        work.check()
        try:
            if join:
                self.join(work)
            return fn(work)
        except Exception as error:
            if work.cancelled.is_set():
                raise work.stopped() from error
            raise translate(error) from error
        finally:
            if work.is_joined:
                self._leave_group()

    def _leave_group(self) -> None:
        # The thread is used again, and its JVM twin keeps local properties; with the JVM gone
        # there is nothing to leave.
        with contextlib.suppress(Exception):
            self._sc._jsc.sc().clearJobGroup()


def _forget(task: asyncio.Future[Any]) -> None:
    """Read a late outcome so that asyncio does not report it as never retrieved."""
    if not task.cancelled():
        task.exception()


def cancel_stray_jobs(sc: Any) -> int:
    """Cancel every active Spark job that is in no job group of the agent's (blocking)."""
    context = sc._jsc.sc()
    store = context.statusStore()
    cancelled = 0
    for job in sc.statusTracker().getActiveJobsIds():
        group = store.job(job).jobGroup()
        if group.isDefined() and str(group.get()).startswith(GROUP_PREFIX):
            continue
        context.cancelJob(job, "the statement that ran it has ended")
        cancelled += 1
    return cancelled
