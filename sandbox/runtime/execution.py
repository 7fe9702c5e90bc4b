"""One execution of a statement: its events while they happen, capped, and its reply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final, Literal

import msgspec

from sandbox.runtime.kernel_values import VALUE_MIME
from wire.codec import encode
from wire.messages import (
    DisplayEvent,
    DoneEvent,
    ExecuteEvent,
    ExecuteReply,
    ExecuteRequest,
    OutputEvent,
    StateEvent,
)
from wire.protocol import ErrorCode

MAX_TRACEBACK_CHARS: Final = 64 * 1024
MAX_EVENTS: Final = 50_000
"""So that events which nobody reads yet are bounded too when they are tiny."""
MESSAGES: Final = {
    ErrorCode.TIMEOUT: "the command took longer than allowed and was interrupted",
    ErrorCode.INTERRUPTED: "the command was interrupted",
    ErrorCode.CANCELLED: "the command was cancelled",
}


class Execution:
    """What one statement says, in order; the last event is always a DoneEvent.

    The mutable state is the queue, the room left in it, and why the statement is to stop.
    """

    def __init__(self, request: ExecuteRequest) -> None:
        self.request = request
        self.stopping = asyncio.Event()
        self.reason: ErrorCode | None = None
        self.used_spark = True
        """Until the kernel says that it did not."""
        self._queue: asyncio.Queue[ExecuteEvent] = asyncio.Queue()
        self._room = request.max_output_bytes
        self._events_left = MAX_EVENTS
        self._result: Any = None
        self._truncated = False
        self._lost_namespace = False

    async def events(self) -> AsyncIterator[ExecuteEvent]:
        """Every event; ends after the DoneEvent."""
        while True:
            event = await self._queue.get()
            yield event
            if isinstance(event, DoneEvent):
                return

    def stop(self, reason: ErrorCode) -> None:
        """Ask for its end; the first reason counts."""
        self.reason = self.reason or reason
        self.stopping.set()

    def say(self, state: str) -> None:
        """A StateEvent."""
        self._queue.put_nowait(StateEvent(state=state))

    def lose_namespace(self) -> None:
        """What the tenant had defined is gone."""
        self._lost_namespace = True

    def take(self, kind: str, content: dict[str, Any]) -> None:
        """One message that the kernel published."""
        handler = _HANDLERS.get(kind)
        if handler is not None:
            handler(self, content)

    def finish(self, reply: ExecuteReply) -> None:
        """The end; adds what was learnt on the way."""
        whole = msgspec.structs.replace(
            reply,
            result=self._result if reply.status == "ok" else None,
            truncated=self._truncated,
            namespace_lost=self._lost_namespace or reply.namespace_lost,
        )
        self._queue.put_nowait(DoneEvent(reply=whole))

    def replied(self, content: dict[str, Any]) -> ExecuteReply:
        """The kernel's reply, seen together with why it was stopped, if it was."""
        count = int(content.get("execution_count") or 0)
        self.used_spark = content.get("metadata", {}).get("used_spark") is not False
        if content.get("status") == "ok" and self.reason in (None, ErrorCode.INTERRUPTED):
            return ExecuteReply(status="ok", execution_count=count)
        ename, evalue = content.get("ename"), content.get("evalue")
        code = self.reason or ErrorCode.PYTHON_ERROR
        return ExecuteReply(
            status="error",
            code=code,
            message=MESSAGES.get(code) or f"{ename}: {evalue}",
            execution_count=count,
            ename=ename,
            evalue=evalue,
            traceback=_lines(content.get("traceback") or []),
        )

    def _on_stream(self, content: dict[str, Any]) -> None:
        name: Literal["stdout", "stderr"] = (
            "stderr" if content.get("name") == "stderr" else "stdout"
        )
        text = self._fit(str(content.get("text", "")))
        if text:
            self._queue.put_nowait(OutputEvent(name=name, text=text))

    def _on_display(self, content: dict[str, Any]) -> None:
        event = DisplayEvent(mime=dict(content.get("data") or {}))
        if self._take_room(len(encode(event))):
            self._queue.put_nowait(event)

    def _on_result(self, content: dict[str, Any]) -> None:
        mime = dict(content.get("data") or {})
        value = mime.pop(VALUE_MIME, None)
        if value is not None and self._is_small(value):
            self._result = msgspec.json.decode(value)
            return
        text = str(mime.get("text/plain") if value is None else value)
        self._result = text if self._is_small(text) else text[: self.request.max_output_bytes]
        if len(mime) > 1:
            self._on_display({"data": mime})

    def _is_small(self, text: str) -> bool:
        small = len(text) < self.request.max_output_bytes
        self._truncated = self._truncated or not small
        return small

    def _fit(self, text: str) -> str:
        """As much of the text as there is room for."""
        size = len(text.encode(errors="replace"))
        if self._take_room(size):
            return text
        kept = text.encode(errors="replace")[: self._room].decode(errors="ignore")
        self._room = 0
        return kept

    def _take_room(self, size: int) -> bool:
        if size > self._room or self._events_left == 0:
            self._truncated = True
            return False
        self._room -= size
        self._events_left -= 1
        return True


_HANDLERS: Final = {
    "stream": Execution._on_stream,
    "display_data": Execution._on_display,
    "update_display_data": Execution._on_display,
    "execute_result": Execution._on_result,
}


def _lines(traceback: list[str]) -> list[str]:
    return "\n".join(traceback)[-MAX_TRACEBACK_CHARS:].splitlines()
