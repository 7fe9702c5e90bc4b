"""Arctern's old "db" API: a db is a scope of that user, named `db.<name>`. Nothing else knows it.

Clients of it look at `code: -1` and at the texts, and find a db by an id: the scope's sandbox id.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import wraps
from typing import Any, Final

import msgspec
from sanic import HTTPResponse

from control.errors import (
    AgentFailed,
    GeoscopeError,
    LegacyError,
    RequestError,
    ScopeExists,
)
from control.routes.fields import DEFAULT_SESSION, InSession
from control.routes.maps import Map, render_request
from control.routes.queries import Query, query_request
from control.routes.sessions import NewSession
from control.routes.tables import LoadItem, describe, make_tables, old_schema, tables_of
from control.scopes.limits import ScopeWish
from control.scopes.scope import Scope
from control.web.agents import ask_on, query_timeout, relayed
from control.web.answers import JSON, base64_chunks, base64_length, encode, relay, success
from control.web.call import Call
from control.web.decoding import convert, decode_object
from control.web.endpoint import Handler, Routes
from wire.protocol import ErrorCode

routes = Routes("legacy")

PREFIX: Final = "db."
HIDDEN_FILE: Final = ".legacy/hidden.json"
CHARTS: Final = {
    "point": "pointmap",
    "heat": "heatmap",
    "choropleth": "choropleth",
    "weighted": "weighted",
    "icon": "icon_viz",
    "fishnet": "fishnetmap",
}
NO_DB: Final = "no db_name or type field!"
BAD_TYPE: Final = "sorry, but unsupported db type!"
NO_ID: Final = "json error: id is not exist"
BAD_QUERY: Final = "query format error"


class OldItem(LoadItem, frozen=True, kw_only=True):
    """A table to load; `visibility: "False"` keeps it out of `/db/tables`."""

    visibility: str | bool = "True"


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """Tables to load into a db."""

    db_name: str
    type: str
    tables: list[OldItem] = msgspec.field(default_factory=list)
    spark: dict[str, Any] = msgspec.field(default_factory=dict)


class OldQuery(msgspec.Struct, frozen=True, kw_only=True):
    """SQL, and how to draw it unless `type` is sql."""

    type: str
    sql: str
    params: dict[str, Any] = msgspec.field(default_factory=dict)


def old_errors(handler: Handler) -> Handler:
    """Make every error of the handler one that old clients understand."""

    @wraps(handler)
    async def guarded(*arguments: Any, **parts: Any) -> HTTPResponse | None:
        try:
            return await handler(*arguments, **parts)
        except LegacyError:
            raise
        except (AgentFailed, RequestError) as error:
            raise OldFailure(error) from error

    return guarded


class OldFailure(GeoscopeError):
    """Another error, with the code that old clients look at."""

    def __init__(self, error: GeoscopeError) -> None:
        super().__init__(error.message)
        # A missing db or table has its own text; all other errors were HTTP 400 by contract.
        self.status = 400 if error.status < 500 else error.status
        self.type = error.type
        self._facts = error.facts()

    def facts(self) -> dict[str, Any]:
        """The other error's facts and the old code."""
        return {**self._facts, "code": -1}


@routes.post("/load", streams_body=True)
@old_errors
async def load(call: Call) -> HTTPResponse:
    """Load tables into a db, which is made if need be; tables of the same name are replaced."""
    body = decode_object(await call.body())
    if not ("db_name" in body and "type" in body):
        raise LegacyError(NO_DB)
    wanted = convert(body, Load)
    if wanted.type != "spark":
        raise LegacyError(BAD_TYPE)
    scope = await _db(call, wanted.db_name)
    await _configure(call, scope, wanted.spark)
    sources = [item.source(f"tables[{n}]") for n, item in enumerate(wanted.tables)]
    if sources:
        await make_tables(call, InSession(scope=scope), sources, None)
        await _hide(call, scope, wanted.tables)
    return success("load data succeed!")


@routes.get("/dbs")
@old_errors
async def list_dbs(call: Call) -> HTTPResponse:
    """The caller's dbs, in order of making."""
    dbs = [
        {"id": scope.sandbox_id, "name": scope.name.removeprefix(PREFIX), "type": "spark"}
        for scope in _dbs(call)
    ]
    return success("", data=dbs)


@routes.post("/db/tables", streams_body=True)
@old_errors
async def db_tables(call: Call) -> HTTPResponse:
    """The names of a db's tables that are not hidden."""
    scope = _by_id(call, decode_object(await call.body()))
    hidden = await _hidden(call, scope)
    names = [table.name for table in await tables_of(call, scope) if table.name not in hidden]
    return success("", data=names)


@routes.post("/db/table/info", streams_body=True)
@old_errors
async def db_table_info(call: Call) -> HTTPResponse:
    """A table's columns."""
    body = decode_object(await call.body())
    scope = _by_id(call, body)
    if "table" not in body:
        raise LegacyError(BAD_QUERY)
    table = str(body["table"])
    try:
        found = await describe(call, scope, DEFAULT_SESSION, table)
    except AgentFailed as error:
        if error.code is not ErrorCode.TABLE_NOT_FOUND:
            raise
        missing = f"the table {table} is not in this db!"
        raise LegacyError(missing, 404) from error
    return success("", data=old_schema(found))


@routes.post("/db/query", streams_body=True)
@old_errors
async def db_query(call: Call) -> HTTPResponse | None:
    """Rows of SQL, or a picture of them in base64."""
    body = decode_object(await call.body())
    scope = _by_id(call, body)
    query = _query(body)
    if query.type == "sql":
        await _rows(call, scope, query)
        return None
    chart = CHARTS.get(query.type)
    if chart is None:
        unknown = f"{query.type} not support"
        raise LegacyError(unknown)
    await _picture(call, scope, query, chart)
    return None


def _dbs(call: Call) -> list[Scope]:
    scopes = [s for s in call.services.registry.list(call.user) if s.name.startswith(PREFIX)]
    return sorted(scopes, key=lambda scope: scope.created)


def _by_id(call: Call, body: dict[str, Any]) -> str:
    if "id" not in body:
        raise LegacyError(NO_ID)
    for scope in _dbs(call):
        if scope.sandbox_id == str(body["id"]):
            return scope.name
    missing = f"there is no database whose id equal to {body['id']}"
    raise LegacyError(missing, 404)


def _query(body: dict[str, Any]) -> OldQuery:
    try:
        return convert(body.get("query"), OldQuery)
    except RequestError as error:
        raise LegacyError(BAD_QUERY) from error


async def _db(call: Call, db_name: str) -> str:
    name = PREFIX + db_name
    if any(scope.name == name for scope in _dbs(call)):
        return name
    try:
        opening = call.services.registry.open(call.user, ScopeWish(name=name))
        await call.services.background.shield(opening)
    except ScopeExists:
        # Another request made it meanwhile, which is as good.
        return name
    return name


async def _configure(call: Call, scope: str, spark: dict[str, Any]) -> None:
    """What `/session` would do with these members; a session that is there already stays."""
    if not spark:
        return
    wanted = convert({"session": "db", **spark, "scope": scope}, NewSession)
    try:
        await ask_on(call, scope, wanted.message(), query_timeout(call, None))
    except AgentFailed as error:
        if error.code is not ErrorCode.SESSION_EXISTS:
            raise


async def _hidden(call: Call, scope: str) -> set[str]:
    """Which tables are hidden; kept among the scope's files, so that it lives as long as they."""
    try:
        async with (
            call.services.registry.use(call.user, scope) as client,
            client.get_file(HIDDEN_FILE, request_id=call.request_id) as found,
        ):
            chunks = getattr(found, "chunks", None)
            text = b"".join([chunk async for chunk in chunks]) if chunks else b"[]"
    except AgentFailed as error:
        if error.code is not ErrorCode.FILE_NOT_FOUND:
            raise
        return set()
    try:
        return msgspec.json.decode(text, type=set[str])
    except msgspec.DecodeError:
        # The tenant's own file, and they have made something else of it: then nothing is hidden.
        return set()


async def _hide(call: Call, scope: str, items: list[OldItem]) -> None:
    before = await _hidden(call, scope)
    loaded = {item.name for item in items}
    hidden = {item.name for item in items if str(item.visibility).lower() == "false"}
    after = (before - loaded) | hidden
    if after == before:
        return

    async def body() -> AsyncIterator[bytes]:
        yield encode(sorted(after))

    async with call.services.registry.use(call.user, scope) as client:
        await client.put_file(HIDDEN_FILE, body(), request_id=call.request_id)


async def _rows(call: Call, scope: str, query: OldQuery) -> None:
    wanted = Query(scope=scope, sql=query.sql)
    request = query_request(call, wanted, "records")
    async with relayed(call, scope, request, request.work_id, request.timeout_s) as (head, rows):
        around = _around(query.sql, b"", b"")
        await relay(call.request, JSON, rows, head.content_length, around=around)


async def _picture(call: Call, scope: str, query: OldQuery, chart: str) -> None:
    # `icon` is the member of that chart here, and a parameter of the same chart there.
    others = {name: value for name, value in query.params.items() if name != query.type}
    params = {**others, **_own(query)}
    wanted = Map(scope=scope, sql=query.sql, params=params)
    request = render_request(call, wanted, chart, None)
    async with relayed(call, scope, request, request.work_id, request.timeout_s) as (head, png):
        around = _around(query.sql, b'"', b'"')
        length = base64_length(head.content_length)
        await relay(call.request, JSON, base64_chunks(png), length, around=around)


def _own(query: OldQuery) -> dict[str, Any]:
    own = query.params.get(query.type, {})
    if not isinstance(own, dict):
        raise LegacyError(BAD_QUERY)
    return own


def _around(sql: str, opening: bytes, closing: bytes) -> tuple[bytes, bytes]:
    data = encode({"sql": sql, "err": False}).removesuffix(b"}") + b',"result":' + opening
    members = encode({"status": "success", "code": 200, "message": ""}).removesuffix(b"}")
    return members + b',"data":' + data, closing + b"}}"
