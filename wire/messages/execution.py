"""User code: statements, their events, and how they are stopped."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from wire.messages.base import Message, Request, StreamRequest
from wire.protocol import ErrorCode


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
