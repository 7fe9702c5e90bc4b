"""Every message between the control plane and an agent.

A request is a value that knows its endpoint and the type of its reply. Three shapes of answer:

* `Request`: one JSON reply.
* `StreamRequest`: JSON events, one a line, the last of them a `DoneEvent`.
* `RelayRequest`: a frame - 4 bytes (big endian) of length, that many bytes of JSON (the head, of
  type `reply`), then `content_length` bytes that the control plane relays without looking at them.

* `PieceRequest`: pieces - one byte of kind, four of length, then that many bytes: a
  `StatementEvent` in JSON, or rows that are relayed; the last piece is a `FinishedEvent`.

An agent that cannot do it answers an HTTP status of 400 or more and an `AgentError`.
"""

from wire.messages.base import (
    AgentError,
    Message,
    PieceRequest,
    RelayRequest,
    Request,
    StreamRequest,
)
from wire.messages.execution import (
    CancelRequest,
    DisplayEvent,
    DoneEvent,
    ExecuteEvent,
    ExecuteReply,
    ExecuteRequest,
    Interrupted,
    InterruptRequest,
    OutputEvent,
    StateEvent,
)
from wire.messages.files import (
    FOLDER_HEADER,
    FileFacts,
    FileListing,
    FileWritten,
)
from wire.messages.life import (
    Facts,
    FactsRequest,
    Health,
    HealthRequest,
    Ok,
    ShutdownRequest,
    Variable,
)
from wire.messages.results import (
    QueryReply,
    QueryRequest,
    RenderReply,
    RenderRequest,
    ResultFormat,
)
from wire.messages.sessions import (
    CreateSession,
    DeleteSession,
    Session,
)
from wire.messages.statements import (
    CompiledEvent,
    Counts,
    Dialect,
    DropJob,
    FinishedEvent,
    Job,
    JobResult,
    Jobs,
    Problem,
    ProblemKind,
    ReadResult,
    ResultEvent,
    ResultHead,
    RowFormat,
    RunStatements,
    StatementEvent,
    Statements,
    SubmitStatements,
    Submitted,
    WatchJobs,
)
from wire.messages.tables import (
    Column,
    DescribeTable,
    ListTables,
    LoadTables,
    SavedTable,
    SaveReply,
    SaveTables,
    TableFacts,
    TableSource,
    TablesReply,
    TableTarget,
)

__all__ = [
    "FOLDER_HEADER",
    "AgentError",
    "CancelRequest",
    "Column",
    "CompiledEvent",
    "Counts",
    "CreateSession",
    "DeleteSession",
    "DescribeTable",
    "Dialect",
    "DisplayEvent",
    "DoneEvent",
    "DropJob",
    "ExecuteEvent",
    "ExecuteReply",
    "ExecuteRequest",
    "Facts",
    "FactsRequest",
    "FileFacts",
    "FileListing",
    "FileWritten",
    "FinishedEvent",
    "Health",
    "HealthRequest",
    "InterruptRequest",
    "Interrupted",
    "Job",
    "JobResult",
    "Jobs",
    "ListTables",
    "LoadTables",
    "Message",
    "Ok",
    "OutputEvent",
    "PieceRequest",
    "Problem",
    "ProblemKind",
    "QueryReply",
    "QueryRequest",
    "ReadResult",
    "RelayRequest",
    "RenderReply",
    "RenderRequest",
    "Request",
    "ResultEvent",
    "ResultFormat",
    "ResultHead",
    "RowFormat",
    "RunStatements",
    "SaveReply",
    "SaveTables",
    "SavedTable",
    "Session",
    "ShutdownRequest",
    "StateEvent",
    "StatementEvent",
    "Statements",
    "StreamRequest",
    "SubmitStatements",
    "Submitted",
    "TableFacts",
    "TableSource",
    "TableTarget",
    "TablesReply",
    "Variable",
    "WatchJobs",
]
