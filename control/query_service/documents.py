"""What a handle is good for: the status of a request, and a result - read, or removed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from sanic import HTTPResponse

from control.errors import AgentFailed, ScopeNotFound
from control.logs import bind
from control.query_service import cancelling, records, reply
from control.query_service.orders import origin
from control.query_service.outlet import Outlet
from control.query_service.problems import WORDS
from control.query_service.records import Record, Result
from control.query_service.reply import Ending
from control.web import answers
from control.web.agents import GRACE_S
from control.web.call import Call
from wire.messages import ReadResult, ResultHead

STATUS: Final = "/status"
RESULT: Final = "/result"
NOT_FOUND: Final = 404
WRAPPING: Final = "wrap-array="
SLACK: Final = 2
"""What is around rows, and between them, is not counted in their size."""


@dataclass(frozen=True, kw_only=True)
class Handle:
    """The end of a handle's path; newer ones name the request too, and may name a partition."""

    number: int
    index: int
    request_id: str | None = None
    partition: int | None = None

    @property
    def text(self) -> str:
        """As it stands in a path, without a partition."""
        own = f"{self.number}-{self.index}"
        return own if self.request_id is None else f"{self.request_id}/{own}"


def parse(text: str) -> Handle | None:
    """The handle that this is; None for what is none."""
    *before, last = text.split("/")
    partition = None
    if len(before) == 2 and last.isdecimal() and len(last) < 10:
        partition = int(last)
        *before, last = before
    found = records.parse_handle(last)
    if found is None or len(before) > 1:
        return None
    request_id = before[0] if before else None
    return Handle(number=found[0], index=found[1], request_id=request_id, partition=partition)


async def status(call: Call, text: str) -> HTTPResponse:
    """How a request is, and once it went well where its result is."""
    handle = parse(text)
    if handle is None or handle.partition is not None:
        return _empty(400)
    record = _find(call, handle)
    if record is None or not record.has(handle.index):
        return _empty(NOT_FOUND)
    result = record.result(handle.index)
    if record.state != "success" or result is None:
        word = "running" if record.problem is None else WORDS[record.problem.kind]
        word = word if record.state in ("running", "timeout") else "failed"
        return Outlet(call.request).whole(reply.document(word, problem=record.problem))
    url = _result_url(call, record, handle)
    body = reply.document("success", url=url)
    if record.is_modern:
        body = reply.more(body, _newer_members(record, result, url))
    return Outlet(call.request).whole(body)


async def result(call: Call, text: str) -> HTTPResponse | None:
    """The rows of a result; None: they were sent."""
    handle = parse(text)
    if handle is None:
        return _empty(400)
    record = _find(call, handle)
    found = None if record is None else record.result(handle.index)
    if record is None or found is None or record.state != "success" or handle.partition:
        return _empty(NOT_FOUND)
    return await _read(call, record, found)


async def remove(call: Call, text: str) -> HTTPResponse:
    """Remove a result; one that is not there is no error."""
    handle = parse(text)
    if handle is None or handle.partition is not None:
        return _empty(400)
    record = _find(call, handle)
    if record is None:
        return _empty(202 if handle.request_id is None else NOT_FOUND)
    found = record.result(handle.index)
    if found is not None and not record.is_open:
        record.results.remove(found)
        await _settle(call, record)
    return _empty(202)


async def _read(call: Call, record: Record, result: Result) -> HTTPResponse | None:
    jobs = call.services.jobs
    is_last = jobs.take_read(record, result)
    is_sent = False
    request = ReadResult(
        work_id=record.request_id, index=result.index, wrap_array=_wraps(call, record)
    )
    try:
        async with _relayed(call, record, request) as (head, rows):
            is_sent = True
            await answers.relay(
                call.request,
                _content_type(record),
                rows,
                head.content_length,
                around=_around(record),
            )
    except AgentFailed as error:
        if error.status != NOT_FOUND:
            raise
        is_sent = is_last = True
        return _empty(NOT_FOUND)
    finally:
        if not is_sent:
            jobs.give_back(record, result)
        elif is_last:
            call.services.background.spawn(_settle(call, record))
    return None


@asynccontextmanager
async def _relayed(
    call: Call, record: Record, request: ReadResult
) -> AsyncIterator[tuple[ResultHead, AsyncIterator[bytes]]]:
    settings = call.services.settings
    timeout_s, limit = settings.query_timeout_s + GRACE_S, SLACK * settings.max_result_bytes
    async with (
        call.services.registry.use(call.user, record.scope) as client,
        client.relay(request, timeout_s, call.request_id, max_bytes=limit) as relayed,
    ):
        yield relayed


async def _settle(call: Call, record: Record) -> None:
    """A request without results is forgotten, here and by its agent."""
    jobs = call.services.jobs
    if record.results:
        jobs.save(record)
        return
    jobs.drop(record)
    try:
        client = call.services.registry.peek(record.owner, record.scope)
    except ScopeNotFound:
        return
    if client is not None:
        await cancelling.drop(client, record.request_id)


def _find(call: Call, handle: Handle) -> Record | None:
    """The caller's request; one whose scope is gone has left no results."""
    record = call.services.jobs.find(call.user, handle.number)
    if record is None:
        return None
    if handle.request_id is not None and handle.request_id != record.request_id:
        return None
    bind(scope=record.scope)
    if record.state != "success" or _is_there(call, record):
        return record
    call.services.jobs.drop(record)
    return None


def _is_there(call: Call, record: Record) -> bool:
    try:
        scope = call.services.registry.get(record.owner, record.scope)
    except ScopeNotFound:
        return False
    return scope.sandbox_id == record.sandbox_id


def _result_url(call: Call, record: Record, handle: Handle) -> str:
    base = call.request.path.partition(f"{STATUS}/")[0]
    path = f"{base}{RESULT}/{handle.text}"
    return path if record.is_modern else f"{origin(call)}{path}"


def _newer_members(record: Record, result: Result, url: str) -> dict[str, object]:
    elapsed_ns = record.counts.elapsed_ns
    return {
        **records.partitions(record, result, url),
        "metrics": reply.metric_members(Ending(counts=record.counts, elapsed_ns=elapsed_ns)),
        "createdAt": answers.iso_time(record.created),
    }


def _is_document(record: Record) -> bool:
    return record.is_wrapped and record.format.type_member is None


def _content_type(record: Record) -> str:
    return record.format.content_type


def _around(record: Record) -> tuple[bytes, bytes]:
    if not _is_document(record):
        return b"", b""
    ending = Ending(counts=record.counts, elapsed_ns=record.counts.elapsed_ns)
    return reply.around_result(ending)


def _wraps(call: Call, record: Record) -> bool | None:
    """Whether the client wants the array around rows, or none; None: it does not say."""
    if _is_document(record):
        return True
    wanted = call.request.args.get("wrapper-array")
    if wanted is None:
        accept = call.request.headers.get("accept", "").lower().replace(" ", "")
        _, _, wanted = accept.partition(WRAPPING)
    word = wanted.lower()
    if word.startswith("true"):
        return True
    return False if word.startswith("false") else None


def _empty(status: int) -> HTTPResponse:
    return HTTPResponse(b"", status)
