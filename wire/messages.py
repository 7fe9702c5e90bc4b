"""Every message between the control plane and an agent.

A request is a value that knows its endpoint and the type of its reply. Three shapes of answer:

* `Request`: one JSON reply.
* `StreamRequest`: JSON events, one a line, the last of them a `DoneEvent`.
* `RelayRequest`: a frame - 4 bytes (big endian) of length, that many bytes of JSON (the head, of
  type `reply`), then `content_length` bytes that the control plane relays without looking at them.

An agent that cannot do it answers an HTTP status of 400 or more and an `AgentError`.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from wire.protocol import PROTOCOL, ErrorCode


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Anything that travels; unknown members are ignored so that messages can grow."""


class Request(Message, frozen=True, kw_only=True):
    """A request with one JSON reply."""

    method: ClassVar[str] = "POST"
    path: ClassVar[str]
    reply: ClassVar[type[Message]]


class StreamRequest(Message, frozen=True, kw_only=True):
    """A request answered by `ExecuteEvent`s, one JSON object a line."""

    path: ClassVar[str]


class RelayRequest(Message, frozen=True, kw_only=True):
    """A request answered by a frame: head, then opaque bytes."""

    path: ClassVar[str]
    reply: ClassVar[type[Message]]


class AgentError(Message, frozen=True, kw_only=True):
    """Why it could not be done. `message` is for people; the last three are user code's or SQL's."""

    code: ErrorCode
    message: str
    ename: str | None = None
    evalue: str | None = None
    traceback: list[str] | None = None
    facts: dict[str, str] = {}


# ---------------------------------------------------------------- life


class Ok(Message, frozen=True, kw_only=True):
    """Done, nothing to add."""


class Health(Message, frozen=True, kw_only=True):
    """`ready` means: commands, queries and loads are served."""

    protocol: int = PROTOCOL
    version: str = ""
    ready: bool = False
    stage: str = ""
    """What is going on while not ready: `jvm`, `spark`, `catalog`, `ready`."""
    kernel_alive: bool = False


class HealthRequest(Request, frozen=True, kw_only=True):
    """Are you there, and ready?"""

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/v1/health"
    reply: ClassVar[type[Health]] = Health


class ShutdownRequest(Request, frozen=True, kw_only=True):
    """Flush what is to be kept and end."""

    path: ClassVar[str] = "/v1/shutdown"
    reply: ClassVar[type[Ok]] = Ok


class Variable(Message, frozen=True, kw_only=True):
    """One name of the namespace, as of the last finished statement."""

    name: str
    type: str
    size_bytes: int | None = None


class Facts(Message, frozen=True, kw_only=True):
    """What a scope holds now."""

    sessions: list[str] = []
    tables: list[TableFacts] = []
    variables: list[Variable] = []
    disk_used_bytes: int | None = None
    disk_total_bytes: int | None = None


class FactsRequest(Request, frozen=True, kw_only=True):
    """What do you hold?"""

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/v1/facts"
    reply: ClassVar[type[Facts]] = Facts


# ---------------------------------------------------------------- user code


class ExecuteRequest(StreamRequest, frozen=True, kw_only=True):
    """Run one statement in the namespace; output is capped while it arrives."""

    path: ClassVar[str] = "/v1/execute"
    work_id: str
    code: str
    timeout_s: float
    max_output_bytes: int


class OutputEvent(Message, frozen=True, kw_only=True, tag="output", tag_field="event"):
    """Text that the statement wrote."""

    name: Literal["stdout", "stderr"]
    text: str


class DisplayEvent(Message, frozen=True, kw_only=True, tag="display", tag_field="event"):
    """A MIME bundle, as Jupyter has it: binary types base64, `application/json` a value."""

    mime: dict[str, Any]


class StateEvent(Message, frozen=True, kw_only=True, tag="state", tag_field="event"):
    """`running` once it begins; `restarting` when the kernel had to be made anew first."""

    state: str


class ExecuteReply(Message, frozen=True, kw_only=True):
    """How a statement ended."""

    status: Literal["ok", "error"]
    code: ErrorCode | None = None
    """On error: python_error, timeout, interrupted, kernel_died, cancelled."""
    message: str = ""
    result: Any = None
    """The last expression's value: JSON where it is JSON, else its repr as a string."""
    execution_count: int = 0
    ename: str | None = None
    evalue: str | None = None
    traceback: list[str] | None = None
    truncated: bool = False
    """Output was cut at `max_output_bytes`."""
    namespace_lost: bool = False
    exit_code: int | None = None
    out_of_memory: bool | None = None


class DoneEvent(Message, frozen=True, kw_only=True, tag="done", tag_field="event"):
    """Always the last event of an execution."""

    reply: ExecuteReply


ExecuteEvent = OutputEvent | DisplayEvent | StateEvent | DoneEvent


class Interrupted(Message, frozen=True, kw_only=True):
    """What was stopped."""

    command: bool = False
    """A running statement was interrupted."""
    work: int = 0
    """How many queries, loads and maps were cancelled."""


class InterruptRequest(Request, frozen=True, kw_only=True):
    """Stop the running statement (its Python and its Spark jobs); `all`: everything else too."""

    path: ClassVar[str] = "/v1/interrupt"
    reply: ClassVar[type[Interrupted]] = Interrupted
    all: bool = False


class CancelRequest(Request, frozen=True, kw_only=True):
    """Stop one query, load, map or statement by its `work_id`; unknown ids are no error."""

    path: ClassVar[str] = "/v1/cancel"
    reply: ClassVar[type[Interrupted]] = Interrupted
    work_id: str


# ---------------------------------------------------------------- sessions


class Session(Message, frozen=True, kw_only=True):
    """One SparkSession of the scope; also a variable of that name in the namespace."""

    name: str
    app_name: str
    master: str


class CreateSession(Request, frozen=True, kw_only=True):
    """Make a session with its own configuration and temporary views."""

    path: ClassVar[str] = "/v1/sessions/create"
    reply: ClassVar[type[Session]] = Session
    name: str
    app_name: str | None = None
    master: str | None = None
    configs: dict[str, str] = {}
    envs: dict[str, str] = {}


class DeleteSession(Request, frozen=True, kw_only=True):
    """End a session (not `spark`, the default one)."""

    path: ClassVar[str] = "/v1/sessions/delete"
    reply: ClassVar[type[Ok]] = Ok
    name: str


# ---------------------------------------------------------------- tables


class Column(Message, frozen=True, kw_only=True):
    """A column; `type` is Spark's simple string, `geometry` for geometries.

    `extent` is (min_x, min_y, max_x, max_y) in the column's own CRS, where it is known.
    """

    name: str
    type: str
    nullable: bool = True
    srid: int | None = None
    extent: tuple[float, float, float, float] | None = None


class TableFacts(Message, frozen=True, kw_only=True):
    """A table of the scope's catalog, or a temporary view of one session."""

    name: str
    num_rows: int | None = None
    bytes: int | None = None
    columns: list[Column] = []
    is_view: bool = False
    rejected: int = 0
    """Rows left out by `options.mode` PERMISSIVE or DROPMALFORMED at load."""


class TableSource(Message, frozen=True, kw_only=True):
    """One table to make: from a file (`path`, `format`) or from `sql`."""

    name: str
    format: str | None = None
    path: str | None = None
    sql: str | None = None
    options: dict[str, str] = {}
    schema: list[tuple[str, str]] | None = None
    """(column, Spark type) in the order of the file's columns."""
    cache: bool = False
    mode: Literal["replace", "error"] = "replace"


class TablesReply(Message, frozen=True, kw_only=True):
    """The tables made, in the order asked for."""

    tables: list[TableFacts]
    warnings: list[str] = []


class LoadTables(Request, frozen=True, kw_only=True):
    """Make tables: all of them, or none."""

    path: ClassVar[str] = "/v1/tables/load"
    reply: ClassVar[type[TablesReply]] = TablesReply
    work_id: str
    session: str
    tables: list[TableSource]
    timeout_s: float


class TableTarget(Message, frozen=True, kw_only=True):
    """One result to write; `mode`: error (default), overwrite, append, ignore."""

    sql: str
    format: str
    path: str
    options: dict[str, str] = {}
    mode: Literal["error", "overwrite", "append", "ignore"] = "error"


class SavedTable(Message, frozen=True, kw_only=True):
    """What one target became; `files` are relative to the scope's files where they lie there."""

    path: str
    files: list[str]
    num_rows: int | None = None
    bytes: int = 0


class SaveReply(Message, frozen=True, kw_only=True):
    """The targets written, in the order asked for."""

    tables: list[SavedTable]


class SaveTables(Request, frozen=True, kw_only=True):
    """Write results of SQL to files of the scope."""

    path: ClassVar[str] = "/v1/tables/save"
    reply: ClassVar[type[SaveReply]] = SaveReply
    work_id: str
    session: str
    tables: list[TableTarget]
    timeout_s: float


class DescribeTable(Request, frozen=True, kw_only=True):
    """Columns and rows of one table or view."""

    path: ClassVar[str] = "/v1/tables/describe"
    reply: ClassVar[type[TableFacts]] = TableFacts
    session: str
    table: str
    timeout_s: float


class ListTables(Request, frozen=True, kw_only=True):
    """Tables of the scope and views of one session."""

    path: ClassVar[str] = "/v1/tables/list"
    reply: ClassVar[type[TablesReply]] = TablesReply
    session: str
    timeout_s: float


# ---------------------------------------------------------------- queries and maps

ResultFormat = Literal["auto", "records", "values", "arrow", "csv", "geojson"]
"""`auto`: bare values for a single column, else records (the seed's form)."""


class QueryReply(Message, frozen=True, kw_only=True):
    """The head of a result; complete, so every number here is true."""

    num_rows: int | None
    """None for `collect: false`."""
    columns: list[Column]
    content_length: int
    truncated: bool = False
    warnings: list[str] = []
    elapsed_ms: float = 0.0


class QueryRequest(RelayRequest, frozen=True, kw_only=True):
    """Run SQL; the payload is in `format` (JSON arrays for auto, records, values)."""

    path: ClassVar[str] = "/v1/query"
    reply: ClassVar[type[QueryReply]] = QueryReply
    work_id: str
    session: str
    sql: str
    params: dict[str, Any] | list[Any] | None = None
    format: ResultFormat = "records"
    collect: bool = True
    limit: int | None = None
    max_rows: int | None = None
    """Beyond: `truncated` is true."""
    max_bytes: int | None = None
    """Beyond: error result_too_large."""
    timeout_s: float


class RenderReply(Message, frozen=True, kw_only=True):
    """The facts of a picture; `rows` = `drawn` + the sum of `dropped`, in rows."""

    rows: int
    drawn: int
    dropped: dict[str, int]
    device: str
    source: Literal["direct", "spark", "cache"]
    cached: bool
    ms: dict[str, float]
    content_length: int
    content_type: Literal["image/png", "image/webp"] = "image/png"


class RenderRequest(RelayRequest, frozen=True, kw_only=True):
    """Draw the rows of `sql` as `chart`; `params` are checked by `wire.charts` on both sides."""

    path: ClassVar[str] = "/v1/render"
    reply: ClassVar[type[RenderReply]] = RenderReply
    work_id: str
    session: str
    sql: str
    chart: str
    params: dict[str, Any]
    max_pixels: int
    timeout_s: float


# ---------------------------------------------------------------- files

# `GET|PUT|DELETE /v1/files/<path>`: bytes as they are. A folder answers a FileListing with the
# header `X-Geoscope-Folder: 1`; a PUT answers FileWritten; a DELETE answers Ok.

FOLDER_HEADER = "X-Geoscope-Folder"


class FileFacts(Message, frozen=True, kw_only=True):
    """One entry of a folder; `modified` in seconds since the epoch."""

    name: str
    bytes: int
    modified: float
    is_dir: bool


class FileListing(Message, frozen=True, kw_only=True):
    """A folder's entries, by name."""

    files: list[FileFacts]
    truncated: bool = False


class FileWritten(Message, frozen=True, kw_only=True):
    """A file that was put in place."""

    path: str
    bytes: int
