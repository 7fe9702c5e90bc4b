"""One request on a thread: compiled, run into a sink, and what it came to."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.statements.problems import problem_of
from sandbox.statements.program import DialectCompiler, Program, Run
from sandbox.statements.sinks import Sink
from sandbox.work import Work, WorkBoard
from wire.messages import Counts, Dialect, FinishedEvent, Problem, Statements


@dataclass
class Clock:
    """When a request came and what it spent its time with; nanoseconds of perf_counter."""

    came: int = field(default_factory=time.perf_counter_ns)
    compile_ns: int = 0
    execution_ns: int = 0
    queue_ns: int = 0

    def counts(self, rows: int, size: int, processed: int) -> Counts:
        """The counts of a request that ends now."""
        return Counts(
            elapsed_ns=time.perf_counter_ns() - self.came,
            execution_ns=self.execution_ns,
            compile_ns=self.compile_ns,
            queue_ns=self.queue_ns,
            result_count=rows,
            result_size=size,
            processed_objects=processed,
        )


class Execution:
    """One request; its methods but `finished` run on a thread, under the work given to them."""

    def __init__(
        self,
        statements: Statements,
        dialects: Mapping[Dialect, DialectCompiler],
        board: WorkBoard,
    ) -> None:
        self.statements = statements
        self.clock = Clock()
        self.program: Program | None = None
        self.problem: Problem | None = None
        self._dialects = dialects
        self._board = board
        self._run: Run | None = None

    @property
    def is_query(self) -> bool:
        """Whether it was compiled and changes nothing."""
        return self.program is not None and self.program.is_query

    def compile(self, work: Work) -> None:
        """Compile; `problem` says why not."""
        started = time.perf_counter_ns()
        self._run = Run(self.statements, work, lambda: self._board.join(work))
        with_dialect = self._dialects[self.statements.dialect]
        run = self._run
        self._watched(work, lambda: with_dialect.compile(run))
        self.clock.compile_ns += time.perf_counter_ns() - started

    def run(self, sink: Sink, work: Work) -> None:
        """Run what was compiled; `problem` says what it failed with."""
        program, run = self.program, self._run
        if program is None or run is None or self.problem is not None:
            return
        run.work, run.join = work, lambda: self._board.join(work)
        started = time.perf_counter_ns()
        self._watched(work, lambda: program.run(sink))
        self.clock.execution_ns += time.perf_counter_ns() - started

    def fail(self, error: BaseException) -> None:
        """Note why it ended; the first reason stays."""
        if self.problem is None:
            self.problem = problem_of(error, self.statements.work_id)

    def finished(self, rows: int, size: int) -> FinishedEvent:
        """What it came to."""
        run = self._run or Run(self.statements, Work("", 0.0), lambda: None)
        return FinishedEvent(
            problem=self.problem,
            counts=self.clock.counts(rows, size, run.processed_objects),
            warnings=run.warnings[: self.statements.max_warnings],
            warning_count=run.warning_count,
            plans=run.plans,
            profile=self._profile(run),
        )

    def _profile(self, run: Run) -> Any:
        """Where the time went, in milliseconds, for who asks."""
        if self.statements.profile != "timings":
            return None
        times = (
            ("compile", self.clock.compile_ns),
            ("queue", self.clock.queue_ns),
            ("execute", self.clock.execution_ns),
        )
        counters: list[dict[str, Any]] = [
            {"name": name, "time": nanoseconds / 1e6} for name, nanoseconds in times
        ]
        return {"counters": [*counters, {"name": "read", "rows": run.processed_objects}]}

    def _watched(self, work: Work, act: Callable[[], Program | None]) -> None:
        try:
            made = act()
        except Exception as error:
            # What Spark says of a job that was cancelled is not why it was.
            self.fail(work.stopped() if work.cancelled.is_set() else error)
        else:
            self.program = made or self.program
