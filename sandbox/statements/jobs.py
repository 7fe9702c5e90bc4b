"""Deferred and asynchronous requests: taken, queued, run, kept until their time is over."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass
from typing import Final, Literal

from sandbox.failure import AgentFailure
from sandbox.sqlpp.errors import SqlppError
from sandbox.statements.execution import Execution
from sandbox.statements.job_queue import JobQueue
from sandbox.statements.job_store import JobStore, Kept, check_work_id
from sandbox.statements.sinks import Spooler
from sandbox.work import Work, WorkBoard
from wire.messages import Job, JobResult, Jobs, Problem, RowFormat
from wire.protocol import ErrorCode

MAX_OPEN: Final = 256
QUEUE_FULL: Final = "HYR0006"
NO_LIMIT: Final = float("inf")
MAX_TOLD: Final = 200
"""So many ended jobs fit into one answer for sure."""
_STATES: Final[dict[str, Literal["timeout", "cancelled"]]] = {
    "timeout": "timeout",
    "cancelled": "cancelled",
}


@dataclass
class Open:
    """A job that has not ended."""

    execution: Execution
    ttl_s: float
    deadline: float
    """Of time.monotonic(), for whoever waits for the answer; else it never comes."""
    turn: asyncio.Future[bool] | None = None
    is_cancelled: bool = False
    is_dropped: bool = False

    @property
    def work_id(self) -> str:
        """The request's id."""
        return self.execution.statements.work_id

    @property
    def timeout_s(self) -> float:
        """How long it may run when it begins now."""
        left = max(0.0, self.deadline - time.monotonic())
        return min(self.execution.statements.timeout_s or NO_LIMIT, left)

    @property
    def fmt(self) -> RowFormat:
        """The format of its rows."""
        return self.execution.statements.format


class JobBoard:
    """All jobs of a scope.

    The mutable state is `_open`, `_ended` (by work id, with the number of its end) and `_seq`,
    changed only on the event loop.
    """

    def __init__(self, store: JobStore, board: WorkBoard) -> None:
        self._store = store
        self._board = board
        self._queue = JobQueue()
        self._boot = secrets.token_hex(8)
        self._seq = 0
        self._open: dict[str, Open] = {}
        self._ended: dict[str, tuple[int, Kept]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()

    async def restore(self) -> None:
        """Take up what the disk keeps; once, before any other method."""
        for kept in await asyncio.to_thread(self._store.restore):
            self._keep(kept)

    def admit(self, execution: Execution, ttl_s: float, deadline: float = NO_LIMIT) -> Open:
        """Take a job in; raises AgentFailure for an id that is known, SqlppError for too many."""
        work_id = execution.statements.work_id
        check_work_id(work_id)
        if work_id in self._open or work_id in self._ended:
            raise AgentFailure(ErrorCode.BAD_REQUEST, f"job {work_id} is there already")
        if len(self._open) >= MAX_OPEN:
            raise SqlppError(QUEUE_FULL, f"Job queue is full with {MAX_OPEN} jobs", kind="runtime")
        self._open[work_id] = job = Open(execution, ttl_s, deadline)
        return job

    def refuse(self, job: Open) -> None:
        """Forget a job that was not compiled: it leaves nothing."""
        self._open.pop(job.work_id, None)

    def start(self, job: Open) -> None:
        """Run a job that was compiled, without waiting for it."""
        task = asyncio.create_task(self._run_alone(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def run(self, job: Open) -> Kept:
        """Wait for the job's turn, run it, keep what it left."""
        clock = job.execution.clock
        entered = time.perf_counter_ns()
        has_turn = await self._turn(job)
        clock.queue_ns = time.perf_counter_ns() - entered
        try:
            results = await self._work(job) if has_turn else []
        finally:
            if has_turn:
                self._queue.leave()
        kept = await self._committed(job, results)
        if job.is_dropped:
            await asyncio.to_thread(self._store.remove, job.work_id)
        self.refuse(job)
        if not job.is_dropped:
            self._keep(kept)
        return kept

    def cancel(self, work_id: str) -> int:
        """Let a job that waits for its turn wait no longer; how many that were."""
        job = self._open.get(work_id)
        if job is None or job.is_cancelled:
            return 0
        job.is_cancelled = True
        if job.turn is not None:
            self._queue.give_up(job.turn)
        return 1

    def cancel_all(self) -> int:
        """Let all jobs wait no longer."""
        return sum(self.cancel(work_id) for work_id in list(self._open))

    async def watch(self, boot: str, after: int, wait_s: float) -> Jobs:
        """The jobs that ended since, waiting for one."""
        if boot != self._boot:
            return self._told(0)
        try:
            async with asyncio.timeout(wait_s):
                while self._seq <= after:
                    await self._news.wait()
        except TimeoutError:
            pass
        return self._told(after)

    def kept(self, work_id: str) -> Kept:
        """A job that ended well; raises AgentFailure(FILE_NOT_FOUND)."""
        found = self._ended.get(work_id)
        if found is None or found[1].job.state != "success":
            raise AgentFailure(ErrorCode.FILE_NOT_FOUND, f"job {work_id} has left no result")
        return found[1]

    async def drop(self, work_id: str) -> None:
        """Forget a job, at once or when it ends; unknown ids are fine."""
        job = self._open.get(work_id)
        if job is not None:
            job.is_dropped = True
        timer = self._timers.pop(work_id, None)
        if timer is not None:
            timer.cancel()
        if self._ended.pop(work_id, None) is not None:
            await asyncio.to_thread(self._store.remove, work_id)

    async def _turn(self, job: Open) -> bool:
        job.turn = turn = self._queue.enter()
        if job.is_cancelled:
            self._queue.give_up(turn)
        await asyncio.wait({turn}, timeout=max(0.0, job.deadline - time.monotonic()))
        self._queue.give_up(turn)
        if not turn.result():
            code = ErrorCode.CANCELLED if job.is_cancelled else ErrorCode.TIMEOUT
            job.execution.fail(AgentFailure(code, "it waited in vain"))
        return turn.result()

    async def _run_alone(self, job: Open) -> None:
        await self.run(job)

    async def _work(self, job: Open) -> list[JobResult]:
        if job.is_cancelled:
            # Its turn had come and it had not begun: nothing ran yet that could have been stopped.
            job.execution.fail(AgentFailure(ErrorCode.CANCELLED, "it was cancelled"))
            return []
        spoolers: list[Spooler] = []

        def run(work: Work) -> None:
            spooler = Spooler(self._store.begin(job.work_id), job.execution.statements.max_bytes)
            spoolers.append(spooler)
            if job.execution.program is None:
                job.execution.compile(work)
            try:
                job.execution.run(spooler, work)
            finally:
                spooler.close()

        try:
            await self._board.run(job.work_id, job.timeout_s, run, join=False)
        except Exception as error:
            job.execution.fail(error)
        return spoolers[0].results if spoolers else []

    async def _committed(self, job: Open, results: list[JobResult]) -> Kept:
        kept = _ended(job, results)
        try:
            await asyncio.to_thread(self._store.commit, kept)
        except OSError as error:
            # Told while the agent lives, as a failure: nothing of it could be kept.
            job.execution.fail(error)
            kept = _ended(job, [])
            await asyncio.to_thread(self._store.remove, job.work_id)
        return kept

    def _keep(self, kept: Kept) -> None:
        self._seq += 1
        work_id = kept.job.work_id
        self._ended[work_id] = (self._seq, kept)
        loop = asyncio.get_running_loop()
        left = max(0.0, kept.until - time.time())
        self._timers[work_id] = loop.call_later(left, self._expire, work_id)
        self._news.set()
        self._news = asyncio.Event()

    def _expire(self, work_id: str) -> None:
        task = asyncio.ensure_future(self.drop(work_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _told(self, after: int) -> Jobs:
        newer = sorted((seq, kept.job) for seq, kept in self._ended.values() if seq > after)
        told = newer[:MAX_TOLD]
        seq = told[-1][0] if len(newer) > len(told) else max(self._seq, after)
        return Jobs(
            boot=self._boot,
            seq=seq,
            ended=[job for _, job in told],
            open=list(self._open),
        )


def _ended(job: Open, results: list[JobResult]) -> Kept:
    problem: Problem | None = job.execution.problem
    finished = job.execution.finished(sum(r.rows for r in results), sum(r.size for r in results))
    state: Literal["success", "failed", "timeout", "cancelled"] = "success"
    if problem is not None:
        state = _STATES.get(problem.kind, "failed")
    ended = Job(
        work_id=job.work_id,
        state=state,
        results=results if problem is None else [],
        problem=problem,
        counts=finished.counts,
    )
    return Kept(job=ended, format=job.fmt, until=time.time() + job.ttl_s)
