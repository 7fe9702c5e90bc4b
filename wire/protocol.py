"""What both sides must agree on before the first message: version, codes, exit codes, headers."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final

PROTOCOL: Final = 1
"""The protocol this build speaks; messages grow by optional fields without a new number."""

SUPPORTED_PROTOCOLS: Final = frozenset({PROTOCOL})
"""The control plane speaks N and N-1; there is no N-1 yet."""

REQUEST_ID_HEADER: Final = "X-Request-Id"
SOCKET_NAME: Final = "agent.sock"
RUN_FOLDER: Final = "run"
FILES_FOLDER: Final = "files"
EXPLAINED: Final = "explained"
"""The member of an agent's `plans` that is the answer of EXPLAIN, with `typed_signature` alone."""

MAX_HEAD_BYTES: Final = 4 * 1024 * 1024
"""The largest control message (reply or frame head) that is ever decoded."""


class ErrorCode(StrEnum):
    """Why an agent could not do it: low cardinality, stable, the `type` of the public error."""

    BAD_REQUEST = "bad_request"
    BAD_PARAMETER = "bad_parameter"
    BAD_PATH = "bad_path"
    SQL_ERROR = "sql_error"
    PYTHON_ERROR = "python_error"
    KERNEL_DIED = "kernel_died"
    INTERRUPTED = "interrupted"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    SESSION_NOT_FOUND = "session_not_found"
    SESSION_EXISTS = "session_exists"
    SESSION_NEEDS_OWN_CONTEXT = "session_needs_own_context"
    SESSION_FAILED = "session_failed"
    TABLE_NOT_FOUND = "table_not_found"
    TABLE_EXISTS = "table_exists"
    LOAD_FAILED = "load_failed"
    SAVE_FAILED = "save_failed"
    FILE_NOT_FOUND = "file_not_found"
    FILE_EXISTS = "file_exists"
    DUPLICATE_COLUMNS = "duplicate_columns"
    RESULT_TOO_LARGE = "result_too_large"
    DISK_FULL = "disk_full"
    MEMORY_FULL = "memory_full"
    NOT_READY = "not_ready"
    INTERNAL = "internal"


class ExitCode(IntEnum):
    """With which code an agent ends, so that the reason of a dead scope is true."""

    OK = 0
    BAD_SETTINGS = 64
    JVM_FAILED_TO_START = 69
    JVM_DIED = 70
    SPARK_STOPPED = 71
    AGENT_BUG = 72
    JVM_OUT_OF_MEMORY = 73
    JVM_KILLED = 74
    JVM_KILLED_FOR_MEMORY = 75


EXIT_REASONS: Final[dict[int, str]] = {
    ExitCode.OK: "the agent ended",
    ExitCode.BAD_SETTINGS: "the agent was started with bad settings",
    ExitCode.JVM_FAILED_TO_START: "Spark's JVM did not start",
    ExitCode.JVM_DIED: "Spark's JVM ended, for example by System.exit",
    ExitCode.SPARK_STOPPED: "the Spark context of the scope was stopped",
    ExitCode.AGENT_BUG: "the agent failed",
    ExitCode.JVM_OUT_OF_MEMORY: "Spark's JVM ran out of memory",
    ExitCode.JVM_KILLED: "Spark's JVM was killed (SIGKILL)",
    ExitCode.JVM_KILLED_FOR_MEMORY: "Spark's JVM was killed: the scope's memory ran out",
    137: "the container was killed (SIGKILL: out of memory, or by an operator)",
    139: "the agent crashed (SIGSEGV)",
    143: "the container was asked to end (SIGTERM)",
}
