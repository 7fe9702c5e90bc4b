"""What went wrong, in the words of the contract: codes and texts as the original has them."""

from __future__ import annotations

import logging
from typing import Final

from sandbox.failure import AgentFailure
from sandbox.sqlerrors import translate
from sandbox.sqlpp.errors import SqlppError
from wire.messages import Problem, ProblemKind
from wire.protocol import ErrorCode

TIMED_OUT: Final = "ASX0030: Request timed out and will be cancelled"
MAX_TEXT_CHARS: Final = 8_000

_ANALYSIS: Final = {
    "PARSE_SYNTAX_ERROR": "ASX1001",
    "PARSE_EMPTY_STATEMENT": "ASX1001",
    "INVALID_IDENTIFIER": "ASX1001",
    "INVALID_SQL_SYNTAX": "ASX1001",
    "UNCLOSED_BRACKETED_COMMENT": "ASX1001",
    "TABLE_OR_VIEW_NOT_FOUND": "ASX1077",
    "SCHEMA_NOT_FOUND": "ASX1063",
    "UNRESOLVED_ROUTINE": "ASX1081",
    "ROUTINE_NOT_FOUND": "ASX1081",
    "UNRESOLVED_COLUMN": "ASX1073",
    "UNRESOLVED_FIELD": "ASX1073",
    "UNRESOLVED_MAP_KEY": "ASX1073",
    "UNRESOLVED_USING_COLUMN_FOR_JOIN": "ASX1073",
    "AMBIGUOUS_REFERENCE": "ASX1073",
    "UNBOUND_SQL_PARAMETER": "ASX1086",
}
_OTHER_ANALYSIS: Final = "ASX1079"
_PARAMETER: Final = {ErrorCode.BAD_PARAMETER, ErrorCode.SESSION_NOT_FOUND, ErrorCode.BAD_REQUEST}

logger = logging.getLogger(__name__)


class NotCompiled(Exception):
    """A statement of the Spark dialect that makes no sense; the cause says why."""

    def __init__(self, failure: AgentFailure, *, is_syntax: bool) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.is_syntax = is_syntax


def problem_of(error: BaseException, work_id: str) -> Problem:
    """The problem that an exception means for its request."""
    if isinstance(error, SqlppError):
        return _problem(error.text, error.kind)
    if isinstance(error, NotCompiled):
        return _not_compiled(error)
    if isinstance(error, RecursionError):
        return _problem("ASX1079: Compilation error: the statement is nested too deeply", "compile")
    failure = (
        translate(error)
        if isinstance(error, Exception)
        else AgentFailure(ErrorCode.INTERNAL, "the agent failed")
    )
    return _of_failure(failure, error, work_id)


def _of_failure(failure: AgentFailure, error: BaseException, work_id: str) -> Problem:
    match failure.code:
        case ErrorCode.TIMEOUT:
            return _problem(TIMED_OUT, "timeout")
        case ErrorCode.CANCELLED:
            return _problem(f"ASX0041: Request has been cancelled {work_id}", "cancelled")
        case ErrorCode.INTERNAL:
            logger.error("statement failed", exc_info=error)
            return _problem(failure.message, "agent")
        case code:
            return _problem(failure.message, "parameter" if code in _PARAMETER else "runtime")


def _not_compiled(error: NotCompiled) -> Problem:
    failure = error.failure
    if failure.code is not ErrorCode.SQL_ERROR:
        return _of_failure(failure, error, "")
    code = "ASX1001" if error.is_syntax else _code_of(failure.facts.get("error_class", ""))
    words = "Syntax error: " if code == "ASX1001" else ""
    return _problem(f"{code}: {words}{failure.message}{_place(failure)}", "compile")


def _code_of(condition: str) -> str:
    return _ANALYSIS.get(condition, _ANALYSIS.get(condition.partition(".")[0], _OTHER_ANALYSIS))


def _place(failure: AgentFailure) -> str:
    line, position = failure.facts.get("line"), failure.facts.get("position")
    return f" (in line {line}, at column {int(position) + 1})" if line and position else ""


def _problem(text: str, kind: ProblemKind) -> Problem:
    return Problem(text=text[:MAX_TEXT_CHARS], kind=kind)
