"""One command: it waits for its turn and runs to its end, whoever listens or leaves."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

from control.agent_client import AgentClient
from control.errors import AgentFailed, AgentMisbehaved, DeadlineExceeded, GeoscopeError
from control.logs import bind
from control.scopes.wait import Deadline
from control.web.agents import GRACE_S, giving_up
from control.web.answers import encode, failure_members, success_members
from control.web.call import Call
from wire.messages import (
    AgentError,
    DisplayEvent,
    DoneEvent,
    ExecuteEvent,
    ExecuteReply,
    ExecuteRequest,
    OutputEvent,
    StateEvent,
)

MESSAGE: Final = "execute command successfully!"
Event = tuple[str, dict[str, Any]]


@dataclass
class Outcome:
    """What a command wrote and how it ended; `reply` is None until it has.

    An agent of ours cuts at `most` bytes by itself; one that does not is not ours any more.
    """

    most: int
    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    display: list[dict[str, Any]] = field(default_factory=list)
    reply: ExecuteReply | None = None
    size: int = 0

    def take(self, event: ExecuteEvent) -> Event | None:
        """Note an event; gives it as clients see it (the last one is theirs to make)."""
        match event:
            case OutputEvent():
                self._count(len(event.text))
                (self.stdout if event.name == "stdout" else self.stderr).append(event.text)
                return event.name, {"text": event.text}
            case DisplayEvent():
                self._count(len(encode(event.mime)))
                self.display.append(event.mime)
                return "display", event.mime
            case StateEvent():
                return "state", {"state": event.state}
            case DoneEvent():
                self.reply = event.reply
        return None

    def _count(self, size: int) -> None:
        self.size += size
        if self.size > self.most:
            why = f"more output than {self.most} bytes"
            raise AgentMisbehaved(why)

    def written(self) -> dict[str, Any]:
        """Everything that it wrote."""
        return {
            "stdout": "".join(self.stdout),
            "stderr": "".join(self.stderr),
            "display": self.display,
        }

    def members(self) -> dict[str, Any]:
        """The members of the reply; raises AgentFailed with what was written until then."""
        reply = self.reply
        if reply is None:
            why = "a command ended without a last word"
            raise AgentMisbehaved(why)
        if reply.status == "error":
            raise AgentFailed(_error(reply), {**self.written(), **_end(reply)})
        members = success_members(MESSAGE, result=reply.result, **self.written())
        more = {"execution_count": reply.execution_count, "truncated": reply.truncated}
        return {**members, **more}


class Execution:
    """A command under way: a task of its own, and a queue of what it said."""

    def __init__(self, call: Call, scope: str, code: str, timeout_s: float) -> None:
        self._call = call
        self._scope = scope
        self._code = code
        self._timeout_s = timeout_s
        self._outcome = Outcome(most=call.services.settings.max_output)
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._task = call.services.background.spawn(self._run())

    async def members(self) -> dict[str, Any]:
        """Wait for its end: the members of the reply, or the error that it became."""
        await asyncio.shield(self._task)
        return self._outcome.members()

    async def events(self) -> AsyncGenerator[Event, None]:
        """What it says as it says it; an error before its first word is raised."""
        first = await self._events.get()
        if first is None:
            await self._task
        while first is not None:
            yield first
            first = await self._events.get()
        yield "done", await self._last()

    async def _last(self) -> dict[str, Any]:
        try:
            return await self.members()
        except GeoscopeError as error:
            self._call.services.metrics.count_error(error.type)
            return failure_members(error)

    async def _run(self) -> None:
        bind(scope=self._scope)
        # Waiting counts: what is left of it when the turn comes is what the agent may take.
        deadline = Deadline.after(self._timeout_s)
        try:
            with self._call.statement(self._scope):
                await self._take_turn(deadline)
        finally:
            self._events.put_nowait(None)

    async def _take_turn(self, deadline: Deadline) -> None:
        registry = self._call.services.registry
        async with registry.command(self._call.user, self._scope, deadline) as client:
            left_s = deadline.remaining_s()
            if left_s == 0.0:
                what = "waiting for the commands before it"
                raise DeadlineExceeded(what, self._timeout_s)
            async with giving_up(left_s):
                await self._listen(client, left_s)

    async def _listen(self, client: AgentClient, left_s: float) -> None:
        request = self._request(left_s)
        stream = client.stream(
            request, left_s + 2 * GRACE_S, self._call.request_id, keep_values=True
        )
        async with aclosing(stream) as events:
            async for event in events:
                self._tell(event)

    def _tell(self, event: ExecuteEvent) -> None:
        told = self._outcome.take(event)
        if told is not None:
            self._events.put_nowait(told)

    def _request(self, timeout_s: float) -> ExecuteRequest:
        return ExecuteRequest(
            work_id=uuid.uuid4().hex,
            code=self._code,
            timeout_s=timeout_s,
            max_output_bytes=self._call.services.settings.max_output,
        )


def _error(reply: ExecuteReply) -> AgentError:
    if reply.code is None:
        why = "a command failed without a code"
        raise AgentMisbehaved(why)
    return AgentError(
        code=reply.code,
        message=reply.message or f"{reply.ename}: {reply.evalue}",
        ename=reply.ename,
        evalue=reply.evalue,
        traceback=reply.traceback,
    )


def _end(reply: ExecuteReply) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "truncated": reply.truncated or None,
        "namespace_lost": reply.namespace_lost or None,
        "exit_code": reply.exit_code,
        "out_of_memory": reply.out_of_memory,
    }
    return {name: value for name, value in facts.items() if value is not None}
