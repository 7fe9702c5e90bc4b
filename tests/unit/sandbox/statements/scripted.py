"""A dialect whose statements do what a test tells them to, and a service over it without Spark."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sandbox.failure import AgentFailure
from sandbox.statements.job_store import JobStore
from sandbox.statements.program import Run
from sandbox.statements.service import StatementService
from sandbox.statements.sinks import Sink
from sandbox.work import WorkBoard
from wire.messages import CompiledEvent
from wire.protocol import ErrorCode

Act = Callable[[Sink, Run], None]


@dataclass
class ScriptedProgram:
    """A statement that does what it is told."""

    run_: Run
    act: Act
    is_query: bool
    refusal: str | None = None
    compiled: CompiledEvent = field(default_factory=lambda: CompiledEvent(signature="*", results=1))

    def run(self, sink: Sink) -> None:
        sink.compiled(self.compiled)
        self.act(sink, self.run_)
        sink.end()


@dataclass
class Script:
    """Statements by their text; `updates` are those that change something."""

    acts: dict[str, Act] = field(default_factory=dict)
    updates: set[str] = field(default_factory=set)
    began: list[str] = field(default_factory=list)

    def compile(self, run: Run) -> ScriptedProgram:
        text = run.statements.statement
        if text not in self.acts:
            raise AgentFailure(ErrorCode.SQL_ERROR, f"what is {text}?")

        def act(sink: Sink, run: Run) -> None:
            self.began.append(run.work.work_id)
            self.acts[text](sink, run)

        return ScriptedProgram(run, act, text not in self.updates)


def rows(*texts: str) -> Act:
    """A statement with these rows."""

    def act(sink: Sink, _: Run) -> None:
        for text in texts:
            sink.write(f"{', ' if sink.is_array else ''}{text}\n".encode(), 1)

    return act


def waiting(event: threading.Event, then: Act) -> Act:
    """A statement that waits, as one that computes for long."""

    def act(sink: Sink, run: Run) -> None:
        while not event.wait(0.01):
            run.work.check()
        then(sink, run)

    return act


class NoSpark:
    """The part of a SparkContext that a board would use, and must not where nothing joins."""

    def __init__(self) -> None:
        self.groups: list[str] = []
        java = SimpleNamespace(cancelJobGroupAndFutureJobs=self.groups.append)
        self._jsc = SimpleNamespace(sc=lambda: java)

    def setJobGroup(self, group: str, _text: str, *, interruptOnCancel: bool) -> None:
        self.groups.append(group)


def service_over(script: Script, folder: Path, gone_s: float = 30.0) -> StatementService:
    """A service that speaks the script's dialect."""
    board: Any = WorkBoard(NoSpark(), 16)
    return StatementService({"sqlpp": script}, board, JobStore(folder), gone_s)
