"""What a scope's agent says no to."""

from __future__ import annotations

from typing import Any, Final

from control.errors.base import GeoscopeError
from wire.messages import AgentError
from wire.protocol import ErrorCode

AGENT_STATUS: dict[ErrorCode, int] = {
    ErrorCode.BAD_REQUEST: 400,
    ErrorCode.BAD_PARAMETER: 400,
    ErrorCode.BAD_PATH: 400,
    ErrorCode.SQL_ERROR: 400,
    ErrorCode.PYTHON_ERROR: 400,
    ErrorCode.KERNEL_DIED: 400,
    ErrorCode.INTERRUPTED: 400,
    ErrorCode.TIMEOUT: 504,
    ErrorCode.CANCELLED: 400,
    ErrorCode.SESSION_NOT_FOUND: 404,
    ErrorCode.SESSION_EXISTS: 409,
    ErrorCode.SESSION_NEEDS_OWN_CONTEXT: 409,
    ErrorCode.SESSION_FAILED: 400,
    ErrorCode.TABLE_NOT_FOUND: 404,
    ErrorCode.TABLE_EXISTS: 409,
    ErrorCode.LOAD_FAILED: 400,
    ErrorCode.SAVE_FAILED: 400,
    ErrorCode.FILE_NOT_FOUND: 404,
    ErrorCode.FILE_EXISTS: 409,
    ErrorCode.DUPLICATE_COLUMNS: 400,
    ErrorCode.RESULT_TOO_LARGE: 413,
    ErrorCode.DISK_FULL: 507,
    ErrorCode.MEMORY_FULL: 507,
    ErrorCode.NOT_READY: 503,
    ErrorCode.INTERNAL: 500,
}
"""The HTTP status of every code that an agent may answer; complete."""


AGENT_MEANING: dict[ErrorCode, str] = {
    ErrorCode.BAD_REQUEST: "The agent does not understand the request.",
    ErrorCode.BAD_PARAMETER: "A parameter is missing, ill-typed or out of range.",
    ErrorCode.BAD_PATH: "A path leaves the scope's own files.",
    ErrorCode.SQL_ERROR: "SQL that Spark refuses; its error class and position are in `facts`.",
    ErrorCode.PYTHON_ERROR: "An exception in user code: `ename`, `evalue`, `traceback`.",
    ErrorCode.KERNEL_DIED: "The scope's Python ended; its namespace is lost, its tables are not.",
    ErrorCode.INTERRUPTED: "Stopped by an interrupt.",
    ErrorCode.TIMEOUT: "It took longer than it may.",
    ErrorCode.CANCELLED: "A query, load or map was stopped by an interrupt of everything.",
    ErrorCode.SESSION_NOT_FOUND: "The scope has no SparkSession of that name.",
    ErrorCode.SESSION_EXISTS: "The scope has a SparkSession of that name already.",
    ErrorCode.SESSION_NEEDS_OWN_CONTEXT: "Another master or a static setting than the scope's.",
    ErrorCode.SESSION_FAILED: "Spark refuses the session.",
    ErrorCode.TABLE_NOT_FOUND: "No table or view of that name.",
    ErrorCode.TABLE_EXISTS: "A table of that name is there, and `mode` is `error`.",
    ErrorCode.LOAD_FAILED: "A table could not be loaded: which, and why.",
    ErrorCode.SAVE_FAILED: "A result could not be written: which, and why.",
    ErrorCode.FILE_NOT_FOUND: "No such file or folder in the scope.",
    ErrorCode.FILE_EXISTS: "A file or folder is in the way.",
    ErrorCode.DUPLICATE_COLUMNS: "Rows as objects cannot hold two columns of one name.",
    ErrorCode.RESULT_TOO_LARGE: "A result is larger than `GEOSCOPE_MAX_RESULT_BYTES`.",
    ErrorCode.DISK_FULL: "The scope's disk is full.",
    ErrorCode.MEMORY_FULL: "The scope's memory is full.",
    ErrorCode.NOT_READY: "The scope's Spark is still starting.",
    ErrorCode.INTERNAL: "A bug of ours in the agent; seen from outside it is `internal_error`.",
}
"""What each means, for the docs; complete."""


OURS: Final = frozenset({"status", "code", "message", "type"})
"""Members of an error that no agent may name: it could call its error a success."""


class AgentFailed(GeoscopeError):
    """A scope's agent could not do it; `type` is the agent's own code."""

    type = "agent_failed"

    def __init__(self, error: AgentError, extra: dict[str, Any] | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.code = error.code
        self.type = error.code.value
        self.status = AGENT_STATUS[error.code]
        self._extra = extra or {}

    def facts(self) -> dict[str, Any]:
        """What user code or Spark said, and what had been written until then."""
        error = self.error
        told = {name: fact for name, fact in error.facts.items() if name not in OURS}
        facts: dict[str, Any] = {**told, **self._extra}
        if error.ename is not None:
            facts["ename"] = error.ename
            facts["evalue"] = error.evalue or ""
            facts["traceback"] = error.traceback or []
        return facts
