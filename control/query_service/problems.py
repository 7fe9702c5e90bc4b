"""What a statement's failure is called, and which HTTP status it has."""

from __future__ import annotations

from typing import Final, Literal

from control.errors import (
    AgentMisbehaved,
    AgentUnreachable,
    DeadlineExceeded,
    EngineUnavailable,
    GeoscopeError,
    ScopeDead,
    ScopeNotFound,
    ScopePaused,
)
from wire.messages import Problem, ProblemKind

Word = Literal["success", "fatal", "failed", "timeout", "running"]

STATUS: Final[dict[ProblemKind, int]] = {
    "compile": 400,
    "parameter": 400,
    "runtime": 500,
    "timeout": 200,
    "cancelled": 500,
    "agent": 500,
}
WORDS: Final[dict[ProblemKind, Word]] = {
    "compile": "fatal",
    "parameter": "fatal",
    "runtime": "fatal",
    "timeout": "timeout",
    "cancelled": "failed",
    "agent": "fatal",
}
NODE_LOST: Final = (AgentUnreachable, EngineUnavailable, ScopeDead, ScopeNotFound, ScopePaused)
OURS: Final = (*NODE_LOST, AgentMisbehaved, DeadlineExceeded)
"""What may end a statement that its scope has already begun."""
NODE_LOST_STATUS: Final = 503
MAX_SHOWN: Final = 1_000
"""So much of a bad value is repeated, in characters."""

TIMED_OUT: Final = Problem(text="ASX0030: Request timed out and will be cancelled", kind="timeout")
NO_STATEMENT: Final = Problem(text="ASX0040: No statement provided", kind="parameter")
BAD_JSON: Final = Problem(
    text="ASX0048: Unable to process JSON content in request", kind="parameter"
)
TOO_LARGE: Final = "the result is larger than GEOSCOPE_MAX_RESULT_BYTES ({} bytes)"


class Refused(Exception):
    """Parameters that no statement can be run with."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


def bad_value(name: str, value: str) -> Refused:
    """The value is none that this parameter may have."""
    shown = value[:MAX_SHOWN]
    return Refused(
        Problem(text=f"ASX0047: Invalid value for parameter '{name}': {shown}", kind="parameter")
    )


def of_error(error: GeoscopeError) -> Problem:
    """An error of ours as the failure of a statement that was under way."""
    if isinstance(error, DeadlineExceeded):
        return TIMED_OUT
    return Problem(text=f"{type(error).__name__}: {error.message}", kind="agent")


def scope_lost(name: str, state: str, reason: str | None) -> Problem:
    """The scope went away while it worked."""
    why = f" ({reason})" if reason else ""
    return Problem(text=f"ScopeLost: scope {name} is {state}{why}", kind="agent")


def cancelled(request_id: str) -> Problem:
    """Somebody cancelled it."""
    return Problem(text=f"ASX0041: Request has been cancelled {request_id}", kind="cancelled")


def http_status(problem: Problem, *, is_alias: bool = False) -> int:
    """The status of a reply that says nothing else.

    Clients of /api/v1 never read the body of a 500, so that there a statement's own failure is 200.
    """
    status = STATUS[problem.kind]
    return 200 if status == STATUS["runtime"] and is_alias else status
