"""Tables: made, saved, described."""

from __future__ import annotations

from typing import ClassVar, Literal

from wire.messages.base import Message, Request


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
