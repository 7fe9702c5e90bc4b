"""Spark's exceptions in the words of the contract: class and position, no Java stack traces."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from py4j.protocol import Py4JError, Py4JJavaError, Py4JNetworkError
from pyspark.errors import PySparkException
from pyspark.errors.exceptions.captured import CapturedException

from sandbox.failure import AgentFailure
from wire.protocol import ErrorCode

WORKER_GONE = (
    "a Python worker of Spark ended unexpectedly: it crashed, or was killed for lack of memory"
)
MAX_CAUSES = 12
MAX_MESSAGE_CHARS = 8_000

_POSITION = re.compile(r"line (\d+),? pos(?:ition)? (\d+)")
_FRAME = re.compile(r"\n\s*at [\w.$/<>]+\(.*")
_PYTHON_ERROR = re.compile(r"^([A-Za-z_][\w.]*)(?:: (.*))?$")
_CONDITION = re.compile(r"^\[([A-Z][A-Z0-9_.]+)\]")
_TRACEBACK = "Traceback (most recent call last)"
_DISK_FULL = ("No space left on device", "Disk quota exceeded")
_MEMORY_FULL = ("java.lang.OutOfMemoryError", "SparkOutOfMemoryError", "Java heap space")
_CANCELLED = ("SPARK_JOB_CANCELLED", "cancelled part of cancelled job group", "was cancelled")
_WORKER_GONE = ("Python worker exited unexpectedly", "Python worker failed to connect back")
_STOPPED = ("stopped SparkContext", "SparkContext was shut down", "SparkContext has been shutdown")
_WRAPPERS = ("Job aborted", "Writing job aborted", "Task failed while", "[INTERNAL_ERROR")


@dataclass(frozen=True)
class Cause:
    """One link of a Java exception's chain."""

    kind: str
    condition: str | None
    message: str


def translate(error: Exception) -> AgentFailure:
    """The failure that says what went wrong; an AgentFailure stays what it is."""
    if isinstance(error, AgentFailure):
        return error
    if isinstance(error, Py4JNetworkError | ConnectionError):
        return AgentFailure(ErrorCode.INTERNAL, "Spark's JVM does not answer any more")
    causes = list(_causes(error))
    text = _text(error)
    if causes or _TRACEBACK in text:
        return _from_java(causes, text)
    return _from_python(error)


def _from_python(error: Exception) -> AgentFailure:
    if isinstance(error, MemoryError):
        return _memory_full()
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _disk_full()
    if isinstance(error, PySparkException):
        return _sql_error(error.getCondition(), str(error), type(error).__name__)
    failure = AgentFailure(ErrorCode.INTERNAL, f"the agent failed ({type(error).__name__})")
    failure.__cause__ = error
    return failure


def _from_java(causes: list[Cause], text: str) -> AgentFailure:
    whole = "\n".join([*(f"{c.kind}: {c.condition}: {c.message}" for c in causes), text])
    if _has(whole, _CANCELLED):
        return AgentFailure(ErrorCode.CANCELLED, "it was cancelled")
    if _has(whole, _DISK_FULL):
        return _disk_full()
    if _has(whole, _MEMORY_FULL):
        return _memory_full()
    if _has(whole, _STOPPED):
        return AgentFailure(ErrorCode.INTERNAL, "Spark of this scope was stopped")
    if _has(whole, _WORKER_GONE):
        return _sql_error("PYTHON_WORKER_ENDED", WORKER_GONE, "PythonWorker")
    python = next((c for c in causes if c.kind.endswith("PythonException")), None)
    if python is not None or not causes:
        return _python_error(python.message if python else text)
    best = _most_telling(causes)
    return _sql_error(best.condition, best.message, best.kind.rpartition(".")[2])


def _sql_error(condition: str | None, message: str, kind: str) -> AgentFailure:
    text = tidy(message)
    found = _CONDITION.match(text)
    condition = condition or (found.group(1) if found else None)
    facts = {"error_class": condition} if condition else {}
    position = _POSITION.search(text)
    if position:
        facts |= {"line": position.group(1), "position": position.group(2)}
    return AgentFailure(
        ErrorCode.SQL_ERROR, text, ename=condition or kind, evalue=text, traceback=[], facts=facts
    )


def _python_error(message: str) -> AgentFailure:
    """A function of the tenant failed in a Python worker; its traceback is theirs to see."""
    start = message.find(_TRACEBACK)
    lines = _FRAME.split(message[max(start, 0) :].strip())[0].strip().splitlines()
    found = next((m for m in map(_PYTHON_ERROR.match, reversed(lines)) if m), None)
    ename = found.group(1) if found else "PythonException"
    evalue = (found.group(2) or "") if found else ""
    return AgentFailure(
        ErrorCode.SQL_ERROR,
        f"a Python function failed: {ename}: {evalue}",
        ename=ename,
        evalue=evalue,
        traceback=lines,
        facts={"error_class": "PYTHON_FUNCTION"},
    )


def _memory_full() -> AgentFailure:
    return AgentFailure(ErrorCode.MEMORY_FULL, "the scope's memory is full")


def _disk_full() -> AgentFailure:
    return AgentFailure(ErrorCode.DISK_FULL, "the scope's disk is full")


def tidy(message: str) -> str:
    """Spark's message without Java frames, query plans and wrappers."""
    text = message.split("\n\nJVM stacktrace:")[0]
    text = text.split("\n\nDriver stacktrace:")[0]
    text = _FRAME.split(text)[0]
    text = re.split(r";\n['!+:\w]", text)[0]
    return text.strip()[:MAX_MESSAGE_CHARS]


def _most_telling(causes: list[Cause]) -> Cause:
    """The innermost with an error class of Spark's; else the innermost that says something."""
    named = [c for c in causes if c.condition and not c.message.startswith(_WRAPPERS)]
    if named:
        return named[0]
    worded = [c for c in causes if c.message and not c.message.startswith(_WRAPPERS)]
    return worded[-1] if worded else causes[0]


def _causes(error: Exception) -> Iterator[Cause]:
    java: Any = _java_of(error)
    for _ in range(MAX_CAUSES):
        if java is None:
            return
        yield _describe(java)
        java = java.getCause()


def _java_of(error: Exception) -> Any:
    if isinstance(error, CapturedException):
        return error._origin
    return error.java_exception if isinstance(error, Py4JJavaError) else None


def _text(error: Exception) -> str:
    if isinstance(error, CapturedException):
        return error._desc or ""
    return str(error) if isinstance(error, Py4JJavaError) else ""


def _describe(java: Any) -> Cause:
    return Cause(
        kind=str(java.getClass().getName()),
        condition=_ask(java, "getCondition"),
        message=_ask(java, "getSimpleMessage") or _ask(java, "getMessage") or "",
    )


def _ask(java: Any, method: str) -> str | None:
    """The answer of a method that only some exceptions have."""
    try:
        answer = getattr(java, method)()
    except (Py4JError, TypeError):
        return None
    return None if answer is None else str(answer)


def _has(text: str, marks: tuple[str, ...]) -> bool:
    return any(mark in text for mark in marks)
