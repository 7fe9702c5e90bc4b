"""Queries: SQL in, rows out, in the format that the client wants."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from sanic import HTTPResponse

from control.routes.fields import Flag, InSession, Timeout, flag_of
from control.web.agents import query_timeout, relayed
from control.web.answers import JSON, encode, relay, success
from control.web.call import Call
from control.web.endpoint import Routes
from wire.messages import QueryReply, QueryRequest, ResultFormat

routes = Routes("queries")

MOST_ROWS: Final = 2**31 - 2
MESSAGE: Final = "execute sql successfully!"
CONTENT_TYPES: Final[dict[str, str]] = {
    "arrow": "application/vnd.apache.arrow.stream",
    "csv": "text/csv; charset=utf-8",
    "geojson": "application/geo+json",
}
"""Formats that are the whole body; the others are the member `result` of a JSON reply."""
ACCEPTED: Final[dict[str, ResultFormat]] = {
    "application/vnd.apache.arrow.stream": "arrow",
    "text/csv": "csv",
    "application/geo+json": "geojson",
}


class Query(InSession, frozen=True, kw_only=True):
    """SQL to run; `params` are bound to `:name` or `?`."""

    sql: str
    collect_result: Flag | None = None
    params: dict[str, Any] | list[Any] | None = None
    limit: Annotated[int, Meta(ge=0)] | None = None
    timeout: Timeout | None = None
    format: ResultFormat | None = None

    def collects(self) -> bool:
        """Whether the rows are wanted; raises BadParameter."""
        return self.collect_result is None or flag_of("collect_result", self.collect_result)


@routes.post("/query", body=Query)
async def run_query(call: Call, wanted: Query) -> HTTPResponse | None:
    """Run SQL and answer its rows."""
    form = _format(call, wanted)
    request = query_request(call, wanted, form)
    async with relayed(call, wanted.scope, request, request.work_id, request.timeout_s) as (
        head,
        rows,
    ):
        if not request.collect:
            return success(MESSAGE, **_counts(head))
        if form in CONTENT_TYPES:
            await _send_plain(call, form, head, rows)
        else:
            await _send_json(call, head, rows)
    return None


def query_request(call: Call, wanted: Query, form: ResultFormat) -> QueryRequest:
    """What the agent is asked."""
    settings = call.services.settings
    return QueryRequest(
        work_id=uuid.uuid4().hex,
        session=wanted.session,
        sql=wanted.sql,
        params=wanted.params,
        format=form,
        collect=wanted.collects(),
        limit=_countable(wanted.limit),
        max_rows=_countable(settings.max_result_rows),
        max_bytes=settings.max_result_bytes,
        timeout_s=query_timeout(call, wanted.timeout),
    )


def _countable(rows: int | None) -> int | None:
    """The same, as far as Spark can count in a limit; more is no limit."""
    return None if rows is None or rows > MOST_ROWS else rows


def _format(call: Call, wanted: Query) -> ResultFormat:
    """The format asked for by name, else by Accept, else by what `collect_result` has come to mean.

    Arctern's document shows bare values for one column, its server gave row objects; its clients
    always sent `collect_result`, so its presence tells who asks.
    """
    if wanted.format is not None:
        return wanted.format
    for part in call.request.headers.get("accept", "").split(","):
        accepted = ACCEPTED.get(part.split(";")[0].strip().lower())
        if accepted is not None:
            return accepted
    return "auto" if wanted.collect_result is None else "records"


def _counts(head: QueryReply) -> dict[str, Any]:
    counts: dict[str, Any] = {
        "num_rows": head.num_rows,
        "truncated": head.truncated,
        "columns": msgspec.to_builtins(head.columns),
    }
    return {**counts, "warnings": head.warnings} if head.warnings else counts


async def _send_json(call: Call, head: QueryReply, rows: AsyncIterator[bytes]) -> None:
    members = {"status": "success", "code": 200, "message": MESSAGE, **_counts(head)}
    before = encode(members).removesuffix(b"}") + b',"result":'
    await relay(call.request, JSON, rows, head.content_length, around=(before, b"}"))


async def _send_plain(
    call: Call, form: ResultFormat, head: QueryReply, rows: AsyncIterator[bytes]
) -> None:
    headers = {"X-Truncated": str(head.truncated).lower()}
    if head.num_rows is not None:
        headers["X-Num-Rows"] = str(head.num_rows)
    kind = CONTENT_TYPES[form]
    await relay(call.request, kind, rows, head.content_length, headers=headers)
