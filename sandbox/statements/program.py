"""What both dialects make of a request: something compiled, that can be run once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.sqlpp.errors import SqlppError
from sandbox.statements.sinks import Sink
from sandbox.work import Work
from wire.messages import CompiledEvent, Problem, Statements


@dataclass
class Run:
    """One request while it is compiled and run, and what is to be told about it at its end."""

    statements: Statements
    work: Work
    join: Callable[[], None]
    """To be called before this thread lets Spark work."""
    processed_objects: int = 0
    warnings: list[Problem] = field(default_factory=list)
    warning_count: int = 0
    plans: dict[str, Any] = field(default_factory=dict)


class Program(Protocol):
    """Compiled statements."""

    @property
    def compiled(self) -> CompiledEvent:
        """What is told of it before it runs."""

    @property
    def is_query(self) -> bool:
        """Whether it changes nothing, so that it may be ended when nobody reads it any more."""

    @property
    def refusal(self) -> str | None:
        """Why it cannot be a job: the text of the problem."""

    def run(self, sink: Sink) -> None:
        """Run the statements in order, up to the first that fails; raises what it failed with."""


class DialectCompiler(Protocol):
    """Makes programs."""

    def compile(self, run: Run) -> Program:
        """The program of a request; raises what is wrong with it."""


def refuse_readonly(kind: str) -> SqlppError:
    """The failure of a statement that would change something."""
    return SqlppError(
        "ASX0044", f"{kind} statement is not supported in read-only mode", kind="parameter"
    )


def refuse_several() -> SqlppError:
    """The failure of several statements where one is allowed."""
    return SqlppError("ASX0035", "Unsupported multiple statements.", kind="parameter")


def unbound(name: str | int) -> SqlppError:
    """The failure of a parameter without a value."""
    return SqlppError("ASX1086", f"No value for parameter: ${name}")


def not_as_job(kind: str) -> str:
    """The problem of a statement that cannot run asynchronously."""
    return f"ASX1253: Async mode not supported for the statement {kind}"


SEVERAL_AS_JOB = "ASX1259: Async mode is not supported for multiple statements"
