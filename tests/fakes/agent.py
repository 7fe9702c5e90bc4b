"""ScriptedAgent: speaks the wire contract on a Unix socket and answers what a test tells it to."""

from __future__ import annotations

import asyncio
import inspect
import os
import socket
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from wire import messages as wire
from wire.codec import encode, event_piece, frame_head, rows_piece
from wire.protocol import REQUEST_ID_HEADER, ErrorCode

MAX_BODY_BYTES = 256 * 1024**2

Asked = wire.Request | wire.StreamRequest | wire.RelayRequest | wire.PieceRequest


@dataclass(frozen=True)
class Raw:
    """Bytes that need not be a message of ours."""

    body: bytes
    status: int = 200


@dataclass(frozen=True)
class Frame:
    """A head and its payload."""

    head: wire.Message
    payload: bytes = b""


@dataclass(frozen=True)
class Pieces:
    """Events and rows of statements, in order; at an `asyncio.Event` the answer waits for it."""

    pieces: Sequence[wire.StatementEvent | bytes | asyncio.Event]
    is_broken_off: bool = False
    """The connection breaks after the last piece, as when an agent dies."""


Fixed = wire.Message | Raw | Frame | Pieces | Sequence[wire.ExecuteEvent]
Answer = Fixed | Callable[[Any], Fixed | Awaitable[Fixed]]


def executed(result: Any = None, stdout: str = "") -> list[wire.ExecuteEvent]:
    """The events of a statement that went well."""
    events: list[wire.ExecuteEvent] = [wire.StateEvent(state="running")]
    if stdout:
        events.append(wire.OutputEvent(name="stdout", text=stdout))
    events.append(wire.DoneEvent(reply=wire.ExecuteReply(status="ok", result=result)))
    return events


def queried(rows: list[Any], columns: list[wire.Column] | None = None) -> Frame:
    """A result in JSON."""
    payload = msgspec.json.encode(rows)
    head = wire.QueryReply(
        num_rows=len(rows),
        columns=columns or [wire.Column(name="a", type="int")],
        content_length=len(payload),
    )
    return Frame(head, payload)


def ran(rows: bytes = b'{ "$1": 1 }\n', count: int = 1, **finished: Any) -> Pieces:
    """One statement with one result, whose rows come in one piece, without the array around."""
    counts = wire.Counts(
        elapsed_ns=2_000_000,
        execution_ns=1_000_000,
        result_count=count,
        result_size=len(rows),
        processed_objects=count,
    )
    return Pieces(
        [
            wire.CompiledEvent(signature="*", results=1),
            wire.ResultEvent(index=0, edge="begin"),
            rows,
            wire.ResultEvent(index=0, edge="end", rows=count, size=len(rows)),
            wire.FinishedEvent(counts=counts, **finished),
        ]
    )


def not_compiled(text: str, kind: wire.ProblemKind = "compile") -> Pieces:
    """Statements that make no sense."""
    problem = wire.Problem(text=text, kind=kind)
    return Pieces([wire.FinishedEvent(problem=problem, counts=wire.Counts())])


def read_result(rows: bytes = b'[ { "$1": 1 }\n ]') -> Frame:
    """The rows that a job left."""
    return Frame(wire.ResultHead(content_length=len(rows)), rows)


def submitted(_: wire.SubmitStatements) -> wire.Submitted:
    """A job was taken."""
    return wire.Submitted(compiled=wire.CompiledEvent(signature="*", results=1))


async def watched(request: wire.WatchJobs) -> wire.Jobs:
    """No job ever ends; the wait is waited."""
    await asyncio.sleep(request.wait_s)
    return wire.Jobs(boot="boot", seq=0, ended=[])


def drawn(picture: bytes = b"\x89PNG") -> Frame:
    """A picture and its facts."""
    head = wire.RenderReply(
        rows=2,
        drawn=1,
        dropped={"outside": 1},
        device="cpu",
        source="spark",
        cached=False,
        ms={"query": 1.0},
        content_length=len(picture),
    )
    return Frame(head, picture)


def failed(code: ErrorCode, message: str = "no", **more: Any) -> wire.AgentError:
    """An error reply."""
    return wire.AgentError(code=code, message=message, **more)


def made(request: wire.LoadTables) -> wire.TablesReply:
    """Every table that was asked for, without rows."""
    return wire.TablesReply(
        tables=[wire.TableFacts(name=t.name, num_rows=0) for t in request.tables]
    )


def saved(request: wire.SaveTables) -> wire.SaveReply:
    """Every target that was asked for."""
    return wire.SaveReply(
        tables=[wire.SavedTable(path=t.path, files=[t.path]) for t in request.tables]
    )


def opened(request: wire.CreateSession) -> wire.Session:
    """The session that was asked for."""
    return wire.Session(
        name=request.name,
        app_name=request.app_name or request.name,
        master=request.master or "local[*]",
    )


def usual_answers() -> dict[type[Asked], Answer]:
    """What an agent without a script says."""
    return {
        wire.HealthRequest: wire.Health(ready=True, stage="ready", kernel_alive=True),
        wire.ShutdownRequest: wire.Ok(),
        wire.FactsRequest: wire.Facts(sessions=["spark"]),
        wire.ExecuteRequest: lambda _: executed(),
        wire.InterruptRequest: wire.Interrupted(command=True),
        wire.CancelRequest: wire.Interrupted(work=1),
        wire.CreateSession: opened,
        wire.DeleteSession: wire.Ok(),
        wire.LoadTables: made,
        wire.SaveTables: saved,
        wire.DescribeTable: lambda r: wire.TableFacts(name=r.table, num_rows=0),
        wire.ListTables: wire.TablesReply(tables=[]),
        wire.QueryRequest: queried([]),
        wire.RenderRequest: drawn(),
        wire.RunStatements: ran(),
        wire.SubmitStatements: submitted,
        wire.WatchJobs: watched,
        wire.ReadResult: read_result(),
        wire.DropJob: wire.Ok(),
    }


@dataclass
class ScriptedAgent:
    """One agent; `asked` holds every request it got, `files` the scope's files by path."""

    socket: Path
    answers: dict[type[Asked], Answer] = field(default_factory=usual_answers)
    asked: list[Asked] = field(default_factory=list)
    request_ids: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    on_shutdown: Callable[[], Coroutine[Any, Any, None]] | None = None
    """What follows when it has said that it will end; without it nothing does."""
    _runner: web.AppRunner | None = None
    _ending: asyncio.Task[None] | None = None

    def on(self, kind: type[Asked], answer: Answer) -> None:
        """From now on `kind` is answered so: a value, or what a function of the request returns."""
        self.answers[kind] = answer

    def asked_for(self, kind: type[Any]) -> list[Any]:
        """The requests of one type, oldest first."""
        return [request for request in self.asked if isinstance(request, kind)]

    async def start(self) -> None:
        """Listen on the socket."""
        self.socket.parent.mkdir(parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        for kind in self.answers:
            app.router.add_route(getattr(kind, "method", "POST"), kind.path, self._route(kind))
        app.router.add_route("*", "/v1/files/{path:.*}", self._file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.SockSite(self._runner, _listening(self.socket)).start()

    async def stop(self) -> None:
        """Go away, as a killed agent does; twice is fine."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> ScriptedAgent:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _route(self, kind: type[Asked]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            body = await request.read() or b"{}"
            message = msgspec.json.decode(body, type=kind)
            self._note(message, request)
            sent = await _send(request, await self._answer(kind, message))
            if kind is wire.ShutdownRequest and self.on_shutdown is not None:
                self._ending = asyncio.create_task(self.on_shutdown())
            return sent

        return handle

    def _note(self, message: Asked, request: web.Request) -> None:
        self.asked.append(message)
        self.request_ids.append(request.headers.get(REQUEST_ID_HEADER, ""))

    async def _answer(self, kind: type[Asked], message: Asked) -> Fixed:
        answer = self.answers[kind]
        if not callable(answer):
            return answer
        found = answer(message)
        return await found if inspect.isawaitable(found) else found

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        if ".." in path.split("/"):
            return _error(failed(ErrorCode.BAD_PATH, f"bad path {path!r}"))
        if request.method == "PUT":
            self.files[path] = await request.read()
            return _json(wire.FileWritten(path=path, bytes=len(self.files[path])))
        if path in ("", "folder"):
            return self._listing()
        if path not in self.files:
            return _error(failed(ErrorCode.FILE_NOT_FOUND, f"file {path} not found!"))
        if request.method == "DELETE":
            del self.files[path]
            return _json(wire.Ok())
        return web.Response(body=self.files[path], content_type="application/octet-stream")

    def _listing(self) -> web.Response:
        entries = [
            wire.FileFacts(name=name, bytes=len(body), modified=0.0, is_dir=False)
            for name, body in sorted(self.files.items())
        ]
        response = _json(wire.FileListing(files=entries))
        response.headers[wire.FOLDER_HEADER] = "1"
        return response


def _listening(path: Path) -> socket.socket:
    """A socket at this path, which may be longer than the 107 bytes that an address holds."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
    return listener


async def hang(_: Any) -> Fixed:
    """Never answer (until the connection goes)."""
    await asyncio.Event().wait()
    return Raw(b"")


def _json(message: wire.Message, status: int = 200) -> web.Response:
    return web.Response(body=encode(message), status=status, content_type="application/json")


def _error(error: wire.AgentError) -> web.Response:
    return _json(error, 500 if error.code is ErrorCode.INTERNAL else 400)


async def _send(request: web.Request, answer: Fixed) -> web.StreamResponse:
    if isinstance(answer, wire.AgentError):
        return _error(answer)
    if isinstance(answer, wire.Message):
        return _json(answer)
    if isinstance(answer, Raw):
        return web.Response(body=answer.body, status=answer.status)
    if isinstance(answer, Frame):
        return web.Response(body=frame_head(answer.head) + answer.payload)
    if isinstance(answer, Pieces):
        return await _send_pieces(request, answer)
    return await _send_events(request, answer)


async def _send_events(
    request: web.Request, events: Sequence[wire.ExecuteEvent]
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    for event in events:
        await response.write(encode(event) + b"\n")
    await response.write_eof()
    return response


async def _send_pieces(request: web.Request, answer: Pieces) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
    await response.prepare(request)
    for piece in answer.pieces:
        if isinstance(piece, asyncio.Event):
            await piece.wait()
        elif isinstance(piece, bytes):
            await response.write(rows_piece(piece))
        else:
            await response.write(event_piece(piece))
    if answer.is_broken_off and request.transport is not None:
        request.transport.abort()
    else:
        await response.write_eof()
    return response
