"""The query service: statements run at once or as jobs, and the results that jobs leave."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from wire.messages.base import Message, PieceRequest, RelayRequest, Request
from wire.messages.life import Ok

RowFormat = Literal["json", "lossless-json", "adm", "lossless-adm", "csv"]
Dialect = Literal["sqlpp", "spark"]
ProblemKind = Literal["compile", "runtime", "timeout", "cancelled", "parameter", "agent"]
"""What went wrong, as far as the HTTP status is concerned (query-service.md 2.4)."""


class Problem(Message, frozen=True, kw_only=True):
    """An error or a warning; `text` is complete: `ASX1077: Cannot find … (in line 1, at …)`."""

    text: str
    kind: ProblemKind = "runtime"
    retriable: bool = False


class Counts(Message, frozen=True, kw_only=True):
    """What a run took and gave; times in nanoseconds, `result_size` in bytes of printed rows."""

    elapsed_ns: int = 0
    execution_ns: int = 0
    compile_ns: int = 0
    queue_ns: int = 0
    result_count: int = 0
    result_size: int = 0
    processed_objects: int = 0


class Statements(Message, frozen=True, kw_only=True):
    """What to run and how its rows are to be printed; `work_id` is the request's id."""

    work_id: str
    session: str
    statement: str
    timeout_s: float
    dialect: Dialect = "sqlpp"
    dataverse: str | None = None
    args: list[Any] = []
    named_args: dict[str, Any] = {}
    """By name, without the `$`."""
    format: RowFormat = "json"
    csv_header: bool = False
    pretty: bool = False
    readonly: bool = False
    multi_statement: bool = True
    parse_only: bool = False
    compile_only: bool = False
    plans: list[str] = []
    """Names of `plans` members that were asked for."""
    plan_format: Literal["json", "string", "dot"] = "json"
    profile: Literal["counts", "timings", "off"] = "counts"
    sql_compat: bool = False
    typed_signature: bool = False
    """`client-type=jdbc`: names and types of the columns instead of `"*"`."""
    max_warnings: int = 0
    max_bytes: int
    """Rows printed beyond: an error."""


class CompiledEvent(Message, frozen=True, kw_only=True, tag="compiled", tag_field="event"):
    """The statements make sense; comes once, before any row, not after a compile error."""

    signature: Any = None
    """`"*"` or names and types; None when no statement produces a result."""
    results: int = 0
    """How many statements will produce a result."""
    statement_parameters: list[Any] | None = None
    """For `parse_only` and `compile_only`."""
    statement_category: str = "query"


class ResultEvent(Message, frozen=True, kw_only=True, tag="result", tag_field="event"):
    """A result begins (`begin`), its rows follow as opaque pieces; or it has ended (`end`)."""

    index: int
    edge: Literal["begin", "end"]
    rows: int = 0
    size: int = 0


class FinishedEvent(Message, frozen=True, kw_only=True, tag="finished", tag_field="event"):
    """Always the last event, also after a failure."""

    problem: Problem | None = None
    counts: Counts
    warnings: list[Problem] = []
    warning_count: int = 0
    plans: dict[str, Any] = {}
    profile: Any = None


StatementEvent = CompiledEvent | ResultEvent | FinishedEvent

EVENT_PIECE = b"E"
ROWS_PIECE = b"R"
MAX_ROWS_PIECE_BYTES = 4 * 1024 * 1024
"""An answer is pieces: one byte of kind, four of length (big endian), then that many bytes."""


class RunStatements(PieceRequest, frozen=True, kw_only=True):
    """Run now; answered by pieces. With `spool` rows stay with the agent (deferred)."""

    path: ClassVar[str] = "/v1/statements/run"
    statements: Statements
    spool: bool = False
    ttl_s: float = 3600.0


class Submitted(Message, frozen=True, kw_only=True):
    """A job was taken (or is refused by `problem`, and leaves nothing)."""

    compiled: CompiledEvent | None = None
    problem: Problem | None = None


class SubmitStatements(Request, frozen=True, kw_only=True):
    """Take a job: compiled before the answer, run after it, four at a time and in fair order."""

    path: ClassVar[str] = "/v1/statements/submit"
    reply: ClassVar[type[Submitted]] = Submitted
    statements: Statements
    ttl_s: float = 3600.0


class JobResult(Message, frozen=True, kw_only=True):
    """One result that a job left in the scope's spool."""

    index: int
    rows: int
    size: int


class Job(Message, frozen=True, kw_only=True):
    """How a job ended, or that it has not; deferred runs leave jobs too."""

    work_id: str
    state: Literal["queued", "running", "success", "failed", "timeout", "cancelled"]
    results: list[JobResult] = []
    problem: Problem | None = None
    counts: Counts = Counts()


class Jobs(Message, frozen=True, kw_only=True):
    """The jobs that ended after `after`; `seq` is the number to ask with next."""

    boot: str
    """Another value than last time: the agent began anew, and `after` meant nothing to it."""
    seq: int
    ended: list[Job]
    open: list[str] = []
    """The work ids of queued and running jobs."""


class WatchJobs(Request, frozen=True, kw_only=True):
    """Wait up to `wait_s` until a job ends that ended after number `after` of `boot`.

    With another boot's number, or 0, all jobs whose results are still kept are told.
    """

    path: ClassVar[str] = "/v1/statements/watch"
    reply: ClassVar[type[Jobs]] = Jobs
    boot: str = ""
    after: int = 0
    wait_s: float = 0.0


class ResultHead(Message, frozen=True, kw_only=True):
    """The rows of one result follow, printed as in an immediate reply, the array around them."""

    content_length: int


class ReadResult(RelayRequest, frozen=True, kw_only=True):
    """The rows a job left; `wrap_array` None: as the format has it."""

    path: ClassVar[str] = "/v1/statements/result"
    reply: ClassVar[type[ResultHead]] = ResultHead
    work_id: str
    index: int
    wrap_array: bool | None = None


class DropJob(Request, frozen=True, kw_only=True):
    """Forget a job and its results; cancels it if it runs. Unknown ids are no error."""

    path: ClassVar[str] = "/v1/statements/drop"
    reply: ClassVar[type[Ok]] = Ok
    work_id: str
