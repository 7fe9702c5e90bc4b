"""What a scope's agent says no to."""

from __future__ import annotations

from typing import Any

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
        facts: dict[str, Any] = {**error.facts, **self._extra}
        if error.ename is not None:
            facts["ename"] = error.ename
            facts["evalue"] = error.evalue or ""
            facts["traceback"] = error.traceback or []
        return facts
