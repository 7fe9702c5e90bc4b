"""The scope's namespace over time: its kernels, its statements one by one, and their ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.runtime.execution import Execution
from sandbox.runtime.folders import ScopeFolders
from sandbox.runtime.kernel import Kernel, KernelGone
from sandbox.runtime.processes import clock_ticks, end_below, reap_strangers
from sandbox.runtime.relay import AccumulatorRelay
from wire.messages import ExecuteReply, ExecuteRequest, Variable
from wire.protocol import ErrorCode

if TYPE_CHECKING:
    # The first kernel starts while the agent has not yet imported pyspark.
    from sandbox.runtime.spark import SparkRuntime

GRACE_S: Final = 5.0
"""How long an interrupted statement may take to end before its kernel is killed."""
AGAIN_S: Final = 0.5
"""How often Spark jobs are looked for while a statement is ending."""
INTERRUPT_AGAIN_S: Final = 2.0
"""A signal that comes just before the kernel takes up the statement is lost."""
MAX_STARTS: Final = 3

logger = logging.getLogger(__name__)


def _nothing(_: object = None) -> None:
    """Before there is Spark."""


@dataclass(frozen=True)
class Surroundings:
    """What is done in Spark around statements; each blocks."""

    cancel_jobs: Callable[[], object] = _nothing
    """Of jobs that are not the agent's own."""
    end_statement: Callable[[str], object] = _nothing
    """Its jobs are cancelled, those too that its threads in the JVM have still to begin."""
    follows_files: Callable[[], bool] = lambda: False
    """Whether there are tables over files read in place; does not block."""
    refresh: Callable[[], object] = _nothing
    """Before each, where there are: they see files that changed."""
    sync: Callable[[], object] = _nothing
    """After each that used Spark: tables that it made or dropped are kept or forgotten."""


class Notebook:
    """Runs statements in order; the kernel may die, the notebook goes on with a new one.

    The mutable state is `_kernel`, changed only under `_turn`, and `_executions` by work id.
    """

    def __init__(self, folders: ScopeFolders, env: Mapping[str, str], jvm_pid: int) -> None:
        self._folders = folders
        self._env = env
        self._jvm_pid = jvm_pid
        self._turn = asyncio.Lock()
        self._kernel: Kernel | None = None
        self._runtime: SparkRuntime | None = None
        self._around = Surroundings()
        self._relay = AccumulatorRelay()
        self._envs: dict[str, str] = {}
        self._executions: dict[str, Execution] = {}
        self._running: Execution | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._variables: list[Variable] = []

    @property
    def is_alive(self) -> bool:
        """Whether there is a kernel."""
        return self._kernel is not None and self._kernel.is_alive

    async def prepare(self) -> None:
        """Start the first kernel's process beside the JVM's."""
        await self._relay.start()
        self._kernel = await Kernel.start(self._folders, self._env)

    def open(self, runtime: SparkRuntime, around: Surroundings) -> None:
        """Spark is up: join the kernel with it, without waiting for that."""
        self._runtime = runtime
        self._around = around
        self._spawn(self._attach_next())

    def execute(self, request: ExecuteRequest) -> Execution:
        """Begin an execution; it goes on whether or not anybody reads its events."""
        execution = Execution(request)
        self._executions[request.work_id] = execution
        self._spawn(self._run(execution))
        return execution

    async def interrupt(self) -> bool:
        """Stop the running statement; whether there was one."""
        execution = self._running
        if execution is None:
            return False
        execution.stop(ErrorCode.INTERRUPTED)
        return True

    def cancel(self, work_id: str) -> bool:
        """Stop a statement, running or waiting; whether there was one of that id."""
        execution = self._executions.get(work_id)
        if execution is not None:
            execution.stop(ErrorCode.CANCELLED)
        return execution is not None

    async def session_made(self, name: str, session: Any, envs: dict[str, str]) -> None:
        """A session becomes a variable of the namespace."""
        self._envs.update(envs)
        if self._kernel is not None:
            await self._kernel.tell_session(name, session, envs)

    async def session_gone(self, name: str) -> None:
        """A session's variable goes."""
        if self._kernel is not None:
            await self._kernel.forget_session(name)

    async def variables(self) -> list[Variable]:
        """The namespace as of the last finished statement."""
        if self._kernel is not None and self._kernel.is_alive and not self._turn.locked():
            with contextlib.suppress(TimeoutError):
                found = await self._kernel.variables()
                self._variables = [
                    Variable(name=name, type=kind, size_bytes=size) for name, kind, size in found
                ]
        return self._variables

    async def close(self) -> None:
        """End the kernel and what it left behind."""
        for task in self._tasks:
            task.cancel()
        if self._kernel is not None:
            await self._kernel.close()
        self._end_strangers()
        await self._relay.stop()

    async def _attach_next(self) -> None:
        """Have a kernel before somebody needs it."""
        async with self._turn:
            # A failure shows in the first statement, which tries again and can say why.
            with contextlib.suppress(KernelGone, TimeoutError):
                await self._ready_kernel()

    async def _run(self, execution: Execution) -> None:
        request = execution.request
        try:
            async with self._turn:
                if self._around.follows_files():
                    await self._quietly("refresh", self._around.refresh)
                reply = await self._reply(execution)
                self._running = None
                if execution.used_spark:
                    await self._quietly("sync", self._around.sync)
                execution.finish(reply)
                reap_strangers(self._own_pids())
        finally:
            self._executions.pop(request.work_id, None)

    async def _reply(self, execution: Execution) -> ExecuteReply:
        if execution.reason is not None:
            return execution.replied({"status": "aborted"})
        self._running = execution
        try:
            kernel = await self._kernel_for(execution)
            return await self._statement(kernel, execution)
        except (KernelGone, TimeoutError) as error:
            await self._bury()
            self._spawn(self._attach_next())
            execution.lose_namespace()
            return _died(error, execution)
        except Exception:
            # For example no room for one more process; whoever waits must be told in any case.
            logger.exception("a statement could not be run")
            message = "the agent failed to run the command"
            return ExecuteReply(status="error", code=ErrorCode.INTERNAL, message=message)

    async def _kernel_for(self, execution: Execution) -> Kernel:
        if self._kernel is None or not self._kernel.is_alive:
            execution.say("restarting")
            execution.lose_namespace()
        kernel = await self._ready_kernel()
        execution.say("running")
        return kernel

    async def _statement(self, kernel: Kernel, execution: Execution) -> ExecuteReply:
        request = execution.request
        began = clock_ticks()
        deadline = _now() + request.timeout_s
        run = asyncio.create_task(
            kernel.execute(request.code, execution.take, execution.stopping.is_set)
        )
        stop = asyncio.create_task(execution.stopping.wait())
        try:
            await asyncio.wait(
                {run, stop}, timeout=request.timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
            if not run.done():
                execution.stop(ErrorCode.TIMEOUT)
                # A person may wait for an interrupted statement as long as it may take.
                patient = execution.reason is ErrorCode.INTERRUPTED
                await self._end(kernel, run, deadline if patient else 0.0)
                end_below(kernel.pid, keep=set(), since=began)
            return execution.replied(await run)
        finally:
            stop.cancel()
            run.cancel()

    async def _end(self, kernel: Kernel, run: asyncio.Task[Any], deadline: float) -> None:
        """Interrupt a statement and its Spark jobs; kill its kernel after grace and deadline."""
        await self._end_statement(kernel)
        last = max(deadline, _now() + GRACE_S)
        interrupted = 0.0
        while not run.done() and _now() < last:
            if _now() - interrupted > INTERRUPT_AGAIN_S:
                kernel.interrupt()
                interrupted = _now()
            # Again and again, because a statement that catches the interrupt starts more jobs.
            await self._cancel_jobs()
            await asyncio.wait({run}, timeout=AGAIN_S)
        if not run.done():
            kernel.kill()
        await asyncio.wait({run})

    async def _ready_kernel(self) -> Kernel:
        """The kernel, attached; a new one where there is none."""
        assert self._runtime is not None  # noqa: S101
        for attempt in range(1, MAX_STARTS + 1):
            kernel = self._kernel
            if kernel is None or not kernel.is_alive:
                await self._bury()
                kernel = self._kernel = await Kernel.start(self._folders, self._env)
            try:
                if not kernel.is_attached:
                    await kernel.attach(self._runtime, self._relay, self._envs)
            except KernelGone as gone:
                # No tenant's code has run in it yet: these are the words of our own start.
                logger.warning("a kernel ended at its start: %s", gone.words)
                if attempt == MAX_STARTS:
                    raise
            else:
                return kernel
        raise AssertionError  # the loop returns or raises

    async def _bury(self) -> None:
        """After a kernel's death: its Spark jobs, its children, its place in the JVM."""
        kernel, self._kernel = self._kernel, None
        if kernel is None:
            return
        await kernel.close()
        self._end_strangers()
        self._variables = []
        await self._end_statement(kernel)
        await self._cancel_jobs()

    def _end_strangers(self) -> None:
        """Kill what is below us and is neither the JVM nor its workers nor the kernel."""
        end_below(os.getpid(), keep=self._own_pids())

    def _own_pids(self) -> set[int]:
        kernel = {self._kernel.pid} if self._kernel is not None else set()
        return {self._jvm_pid, *kernel}

    async def _end_statement(self, kernel: Kernel) -> None:
        with contextlib.suppress(Exception):  # the JVM may be what is gone
            await asyncio.to_thread(self._around.end_statement, kernel.statement)

    async def _cancel_jobs(self) -> None:
        with contextlib.suppress(Exception):  # the JVM may be what is gone
            await asyncio.to_thread(self._around.cancel_jobs)

    async def _quietly(self, what: str, step: Callable[[], object]) -> None:
        """What stands around a statement never decides how the statement ended."""
        try:
            await asyncio.to_thread(step)
        except Exception:
            logger.exception("tables: %s failed", what)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _died(error: KernelGone | TimeoutError, execution: Execution) -> ExecuteReply:
    if isinstance(error, TimeoutError):
        message = "the kernel did not answer and was ended"
        return ExecuteReply(status="error", code=ErrorCode.KERNEL_DIED, message=message)
    reason = execution.reason
    exit_code = 128 - error.code if error.code < 0 else error.code
    if reason is not None:
        message = "the command did not end when it was interrupted, so its kernel was killed"
    elif error.out_of_memory:
        message = "the kernel was killed: the scope's memory is full"
    else:
        message = f"the kernel ended with exit code {exit_code}"
    return ExecuteReply(
        status="error",
        code=reason or ErrorCode.KERNEL_DIED,
        message=message,
        namespace_lost=True,
        exit_code=exit_code,
        out_of_memory=False if reason else error.out_of_memory,
    )
