"""Tables: load them from files, make them from SQL, save results, describe and list."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal

import msgspec
from sanic import HTTPResponse

from control.errors import AgentFailed, BadParameter
from control.routes.fields import DEFAULT_SESSION, InSession, Timeout
from control.routes.sessions import Value, as_texts
from control.web.agents import ask, ask_on, query_timeout
from control.web.answers import success
from control.web.call import Call
from control.web.endpoint import Routes
from wire.messages import (
    DescribeTable,
    ListTables,
    LoadTables,
    SaveTables,
    TableFacts,
    TableSource,
    TableTarget,
)
from wire.protocol import ErrorCode

routes = Routes("tables")
FILE_TROUBLE: Final = frozenset({ErrorCode.FILE_NOT_FOUND, ErrorCode.FILE_EXISTS})


class LoadItem(msgspec.Struct, frozen=True, kw_only=True):
    """A table to make from a file (`path`, `format`) or from `sql`."""

    name: str
    format: str | None = None
    path: str | None = None
    sql: str | None = None
    options: dict[str, Value] = {}
    schema: list[dict[str, str]] | None = None
    cache: bool = False
    mode: Literal["replace", "error"] = "replace"

    def source(self, where: str) -> TableSource:
        """What the agent is asked; raises BadParameter where neither path nor SQL is given."""
        if self.path is None and self.sql is None:
            parameter = f"{where}.path"
            raise BadParameter(parameter, "path or sql is required")
        return TableSource(
            name=self.name,
            format=self.format,
            path=self.path,
            sql=self.sql,
            options=as_texts(self.options),
            schema=_pairs(self.schema),
            cache=self.cache,
            mode=self.mode,
        )


class LoadFiles(InSession, frozen=True, kw_only=True):
    """Tables to load: all of them, or none."""

    tables: list[LoadItem]
    timeout: Timeout | None = None


class CreateItem(msgspec.Struct, frozen=True, kw_only=True):
    """A table to make from `sql`."""

    name: str
    sql: str
    mode: Literal["replace", "error"] = "replace"
    cache: bool = False


class CreateTables(InSession, frozen=True, kw_only=True):
    """Tables to make from SQL: all of them, or none."""

    tables: list[CreateItem]
    timeout: Timeout | None = None


class SaveItem(msgspec.Struct, frozen=True, kw_only=True):
    """A result to write to a file of the scope."""

    sql: str
    format: str
    path: str
    options: dict[str, Value] = {}
    mode: Literal["error", "overwrite", "append", "ignore"] = "error"


class SaveFiles(InSession, frozen=True, kw_only=True):
    """Results to write."""

    tables: list[SaveItem]
    timeout: Timeout | None = None


class TableQuery(InSession, frozen=True, kw_only=True):
    """Which table, as query arguments."""

    table: str


@routes.post("/loadfile", body=LoadFiles)
async def load_files(call: Call, wanted: LoadFiles) -> HTTPResponse:
    """Make tables from files."""
    sources = [item.source(f"tables[{n}]") for n, item in enumerate(wanted.tables)]
    tables = await make_tables(call, wanted, sources, wanted.timeout)
    return success("load table successfully!", tables=tables)


@routes.post("/createtable", body=CreateTables)
async def create_tables(call: Call, wanted: CreateTables) -> HTTPResponse:
    """Make tables from SQL."""
    sources = [
        TableSource(name=item.name, sql=item.sql, mode=item.mode, cache=item.cache)
        for item in wanted.tables
    ]
    tables = await make_tables(call, wanted, sources, wanted.timeout)
    return success("create table successfully!", tables=tables)


@routes.post("/savefile", aliases=("/savetable",), body=SaveFiles)
async def save_files(call: Call, wanted: SaveFiles) -> HTTPResponse:
    """Write results of SQL to files of the scope."""
    timeout_s = query_timeout(call, wanted.timeout)
    request = SaveTables(
        work_id=uuid.uuid4().hex,
        session=wanted.session,
        tables=[_target(item) for item in wanted.tables],
        timeout_s=timeout_s,
    )
    with _refusals(ErrorCode.SAVE_FAILED):
        reply = await ask_on(call, wanted.scope, request, timeout_s)
    return success("save table successfully!", tables=msgspec.to_builtins(reply.tables))


@routes.get("/table/<scope>/<session>/<table>")
async def describe_by_path(call: Call, scope: str, session: str, table: str) -> HTTPResponse:
    """A table's schema as `[{column: type}]`, its rows and columns."""
    found = await describe(call, scope, session, table)
    schema = [{column.name: column.type} for column in found.columns]
    return _described(found, table, schema)


@routes.get("/table/schema", aliases=("/table",), query=TableQuery)
async def describe_by_query(call: Call, wanted: TableQuery) -> HTTPResponse:
    """A table's schema as `[{col_name, data_type}]`, its rows and columns."""
    found = await describe(call, wanted.scope, wanted.session, wanted.table)
    return _described(found, wanted.table, old_schema(found))


@routes.get("/tables/<scope>/<session>")
async def list_tables(call: Call, scope: str, session: str) -> HTTPResponse:
    """Tables of the scope and views of one session."""
    tables = await tables_of(call, scope, session)
    return success("", tables=[table_members(table) for table in tables])


async def make_tables(
    call: Call, where: InSession, sources: list[TableSource], timeout: float | None
) -> list[dict[str, Any]]:
    """Make these tables, all or none, and tell what they are."""
    timeout_s = query_timeout(call, timeout)
    request = LoadTables(
        work_id=uuid.uuid4().hex, session=where.session, tables=sources, timeout_s=timeout_s
    )
    with _refusals(ErrorCode.LOAD_FAILED):
        reply = await ask_on(call, where.scope, request, timeout_s)
    return [_made(table) for table in reply.tables]


async def describe(call: Call, scope: str, session: str, table: str) -> TableFacts:
    """What the agent knows about a table."""
    timeout_s = query_timeout(call, None)
    request = DescribeTable(session=session, table=table, timeout_s=timeout_s)
    return await ask(call, scope, request, timeout_s)


async def tables_of(call: Call, scope: str, session: str = DEFAULT_SESSION) -> list[TableFacts]:
    """The tables that one session sees."""
    timeout_s = query_timeout(call, None)
    reply = await ask(call, scope, ListTables(session=session, timeout_s=timeout_s), timeout_s)
    return reply.tables


def old_schema(table: TableFacts) -> list[dict[str, str]]:
    """The schema as the shipped Arctern server gave it."""
    return [{"col_name": column.name, "data_type": column.type} for column in table.columns]


def table_members(table: TableFacts) -> dict[str, Any]:
    """A table in a list."""
    return {
        "name": table.name,
        "num_rows": table.num_rows,
        "bytes": table.bytes,
        "is_view": table.is_view,
    }


@contextmanager
def _refusals(code: ErrorCode) -> Iterator[None]:
    """Within it trouble with a file is what is wrong with the request, and not a missing page."""
    try:
        yield
    except AgentFailed as error:
        if error.code not in FILE_TROUBLE:
            raise
        raise AgentFailed(msgspec.structs.replace(error.error, code=code)) from error


def _made(table: TableFacts) -> dict[str, Any]:
    members: dict[str, Any] = {
        "name": table.name,
        "num_rows": table.num_rows,
        "schema": [{column.name: column.type} for column in table.columns],
    }
    return {**members, "rejected": table.rejected} if table.rejected else members


def _described(found: TableFacts, table: str, schema: list[dict[str, str]]) -> HTTPResponse:
    return success(
        "",
        table=table,
        schema=schema,
        num_rows=found.num_rows,
        columns=msgspec.to_builtins(found.columns),
    )


def _pairs(schema: list[dict[str, str]] | None) -> list[tuple[str, str]] | None:
    if schema is None:
        return None
    return [pair for column in schema for pair in column.items()]


def _target(item: SaveItem) -> TableTarget:
    return TableTarget(
        sql=item.sql,
        format=item.format,
        path=item.path,
        options=as_texts(item.options),
        mode=item.mode,
    )
