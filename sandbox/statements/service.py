"""The query service of one scope: run now, run as a job, watch, read, drop, cancel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.failure import AgentFailure
from sandbox.sqlpp.errors import SqlppError
from sandbox.statements.answers import Answer
from sandbox.statements.execution import Execution
from sandbox.statements.job_store import JobStore
from sandbox.statements.jobs import NO_LIMIT, JobBoard
from sandbox.statements.outlet import Outlet
from sandbox.statements.problems import problem_of
from sandbox.statements.program import DialectCompiler
from sandbox.statements.reading import KeptRows
from sandbox.work import WorkBoard
from wire.messages import (
    Dialect,
    DropJob,
    Jobs,
    Ok,
    Problem,
    ReadResult,
    RunStatements,
    Statements,
    SubmitStatements,
    Submitted,
    WatchJobs,
)
from wire.protocol import ErrorCode

GONE_S: Final = 30.0
"""How long a query runs on whose reader is gone."""
MAX_WAIT_S: Final = 600.0


@dataclass(frozen=True)
class Surroundings:
    """What the service has of the agent around it."""

    warm: Callable[[], object] = lambda: None
    """Load what SQL++ needs (blocking)."""
    check_session: Callable[[str], object] = lambda _name: None
    """Raises AgentFailure(SESSION_NOT_FOUND)."""


class StatementService:
    """Everything that an agent does with statements; used on the event loop.

    The mutable state is `_tasks`: what runs without anybody waiting for it.
    """

    def __init__(
        self,
        dialects: Mapping[Dialect, DialectCompiler],
        board: WorkBoard,
        store: JobStore,
        gone_s: float = GONE_S,
        around: Surroundings | None = None,
    ) -> None:
        self._around = around or Surroundings()
        self._dialects = dialects
        self._board = board
        self._store = store
        self._gone_s = gone_s
        self._jobs = JobBoard(store, board)
        self._tasks: set[asyncio.Task[None]] = set()

    def warm(self) -> None:
        """Spare the first statement the loading of what it needs (blocking)."""
        self._around.warm()

    async def restore(self) -> None:
        """Take up the results that the scope's disk keeps."""
        await self._jobs.restore()

    def run(self, request: RunStatements) -> Answer:
        """Run now; what comes of it is taken from the answer.

        Raises AgentFailure(SESSION_NOT_FOUND).
        """
        self._around.check_session(request.statements.session)
        outlet = Outlet(asyncio.get_running_loop())
        answer = Answer(self._execution(request.statements), outlet, self._left)
        run = self._deferred(answer, request.ttl_s) if request.spool else self._immediate(answer)
        self._go(run)
        return answer

    async def submit(self, request: SubmitStatements) -> Submitted:
        """Compile, answer, then run; raises AgentFailure(SESSION_NOT_FOUND)."""
        self._around.check_session(request.statements.session)
        execution = self._execution(request.statements)
        try:
            job = self._jobs.admit(execution, request.ttl_s)
        except (AgentFailure, SqlppError) as error:
            return Submitted(problem=problem_of(error, execution.statements.work_id))
        await self._compile(execution)
        program = execution.program
        if program is None or execution.problem is not None:
            self._jobs.refuse(job)
            return Submitted(problem=execution.problem)
        self._jobs.start(job)
        return Submitted(compiled=program.compiled)

    async def watch(self, request: WatchJobs) -> Jobs:
        """Wait for the end of a job."""
        wait_s = min(request.wait_s, MAX_WAIT_S)
        return await self._jobs.watch(request.boot, request.after, wait_s)

    async def read(self, request: ReadResult) -> KeptRows:
        """The rows that a job left; raises AgentFailure(FILE_NOT_FOUND)."""
        kept = self._jobs.kept(request.work_id)
        if not 0 <= request.index < len(kept.job.results):
            message = f"job {request.work_id} has no result {request.index}"
            raise AgentFailure(ErrorCode.FILE_NOT_FOUND, message)
        file = await asyncio.to_thread(self._store.open, request.work_id, request.index)
        return KeptRows(file, kept.job.results[request.index], kept.format, request.wrap_array)

    async def drop(self, request: DropJob) -> Ok:
        """Forget a job and its results."""
        await self.cancel(request.work_id)
        await self._jobs.drop(request.work_id)
        return Ok()

    async def cancel(self, work_id: str) -> int:
        """Stop a request, running or waiting; how many that were."""
        waiting = self._jobs.cancel(work_id)
        return max(waiting, await self._board.cancel(work_id))

    async def cancel_all(self) -> int:
        """Stop everything."""
        waiting = self._jobs.cancel_all()
        return max(waiting, await self._board.cancel_all())

    def close(self) -> None:
        """Take no more; what still runs ends with the process."""
        self._board.close()

    def _execution(self, statements: Statements) -> Execution:
        return Execution(statements, self._dialects, self._board)

    async def _compile(self, execution: Execution) -> None:
        statements = execution.statements
        try:
            await self._board.run(
                statements.work_id, _timeout(statements), execution.compile, join=False
            )
        except AgentFailure as failure:
            execution.fail(failure)
        program = execution.program
        if execution.problem is None and program is not None and program.refusal is not None:
            execution.problem = Problem(text=program.refusal, kind="compile")

    async def _immediate(self, answer: Answer) -> None:
        statements = answer.execution.statements
        try:
            await self._board.run(statements.work_id, _timeout(statements), answer.work, join=False)
        except Exception as error:
            answer.fail(error)

    async def _deferred(self, answer: Answer, ttl_s: float) -> None:
        deadline = time.monotonic() + _timeout(answer.execution.statements)
        try:
            job = self._jobs.admit(answer.execution, ttl_s, deadline)
            kept = await self._jobs.run(job)
        except Exception as error:
            answer.fail(error)
        else:
            answer.tell(kept.job)

    def _left(self, answer: Answer) -> None:
        self._go(self._abandon(answer))

    async def _abandon(self, answer: Answer) -> None:
        """End a query whose reader is gone; what changes something runs to its end."""
        await asyncio.sleep(self._gone_s)
        if answer.execution.is_query and not answer.outlet.is_done:
            await self._board.cancel(answer.execution.statements.work_id)
        answer.outlet.drop()

    def _go(self, run: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(run)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _timeout(statements: Statements) -> float:
    return statements.timeout_s or NO_LIMIT
