"""Columns, rows and bytes of tables; what a scan told is kept while the files are the same."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from pyspark.sql import DataFrame, SparkSession

from sandbox.query.columns import Field, fields_of, fields_of_json, quoted
from sandbox.tables.catalog import Catalog
from sandbox.tables.definitions import DEFAULT_DATABASE, Definition
from sandbox.tables.footers import count_rows
from sandbox.tables.paths import files_under, fingerprint
from sandbox.tables.staging import FOLLOWS
from wire.messages import Column, TableFacts

Extent = tuple[float, float, float, float]


@dataclass(frozen=True)
class Files:
    """The files of a table at one moment."""

    names: list[str]
    mark: str

    @property
    def size_bytes(self) -> int:
        """All of them together; one that just went counts as nothing."""
        return sum(_size(name) for name in self.names)


@dataclass(frozen=True)
class Entry:
    """Facts of a table, and the state of it that they hold for."""

    state: tuple[str, str]
    """Mark of the files, and schema."""
    facts: TableFacts
    is_full: bool


class TableFactsBook:
    """Facts of tables, computed when asked for and kept while a table's files are the same.

    The mutable state is `_entries`, by table, changed only under `_lock`.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()
        self._entries: dict[tuple[str, str], Entry] = {}

    def files(self, definition: Definition) -> Files | None:
        """Where its rows lie; None for a view, or rows that are not on this machine."""
        path = self._catalog.path(definition.location) if definition.location else None
        if path is None or definition.is_view:
            return None
        is_pattern = definition.properties.get(FOLLOWS) == "pattern"
        names = files_under(path, is_pattern=is_pattern)
        return Files(names, fingerprint(names))

    def cheap(self, definition: Definition) -> TableFacts:
        """Rows (None where only counting would tell) and bytes, without Spark."""
        files = self.files(definition)
        entry = self._recall(definition, files)
        if entry is not None:
            return entry.facts
        facts = TableFacts(
            name=shown_name(definition),
            num_rows=count_rows(definition.provider, files.names) if files else None,
            bytes=files.size_bytes if files else None,
            columns=[field.to_column() for field in fields_of_json(definition.schema)],
            is_view=definition.is_view,
        )
        self._keep(definition, files, facts, is_full=False)
        return facts

    def full(self, session: SparkSession, definition: Definition) -> TableFacts:
        """All facts; extents and, where footers do not tell it, the rows cost a scan."""
        files = self.files(definition)
        entry = self._recall(definition, files)
        if entry is not None and entry.is_full:
            return entry.facts
        facts = self.cheap(definition)
        frame = session.table(full_name(definition))
        measured = measure(frame, count=facts.num_rows is None)
        facts = msgspec.structs.replace(facts, **_kept(facts, measured))
        self._keep(definition, files, facts, is_full=True)
        return facts

    def forget(self, keys: set[tuple[str, str]]) -> None:
        """Drop what is known of tables that are no more."""
        with self._lock:
            for key in keys:
                self._entries.pop(key, None)

    def _keep(
        self, definition: Definition, files: Files | None, facts: TableFacts, *, is_full: bool
    ) -> None:
        if files is None:
            return
        with self._lock:
            state = (files.mark, definition.schema)
            self._entries[definition.key] = Entry(state, facts, is_full)

    def _recall(self, definition: Definition, files: Files | None) -> Entry | None:
        if files is None:
            return None
        with self._lock:
            entry = self._entries.get(definition.key)
        return entry if entry and entry.state == (files.mark, definition.schema) else None


@dataclass(frozen=True)
class Measured:
    """What a scan told: rows if asked for, SRID and extent of geometries."""

    num_rows: int | None
    columns: list[Column]


def measure(frame: DataFrame, *, count: bool) -> Measured:
    """Count rows and find extents in one pass; no pass at all where there is nothing to find."""
    fields = fields_of(frame._jdf.schema())
    shapes = [index for index, field in enumerate(fields) if field.is_geometry]
    wanted = ["count(1)"] if count else []
    wanted += [text for index in shapes for text in _aggregates(f"`c{index}`")]
    if not wanted:
        return Measured(None, [field.to_column() for field in fields])
    row = frame.toDF(*(f"c{i}" for i in range(len(fields)))).selectExpr(*wanted).collect()[0]
    values = list(row)
    num_rows = int(values.pop(0)) if count else None
    columns = [field.to_column() for field in fields]
    for place, index in enumerate(shapes):
        columns[index] = _located(fields[index], values[place * 6 : place * 6 + 6])
    return Measured(num_rows, columns)


def shown_name(definition: Definition) -> str:
    """The table's name; with its database in front where that is not the scope's own."""
    if definition.database == DEFAULT_DATABASE:
        return definition.name
    return f"{definition.database}.{definition.name}"


def full_name(definition: Definition) -> str:
    """The name that means this table even beside a temporary view of the same name."""
    return f"spark_catalog.{quoted(definition.database)}.{quoted(definition.name)}"


def _aggregates(column: str) -> list[str]:
    bounds = ("min(ST_XMin({0}))", "min(ST_YMin({0}))", "max(ST_XMax({0}))", "max(ST_YMax({0}))")
    srids = ("min(ST_SRID({0}))", "max(ST_SRID({0}))")
    return [text.format(column) for text in bounds + srids]


def _located(field: Field, values: list[Any]) -> Column:
    *bounds, low, high = values
    extent = None if None in bounds else tuple(float(value) for value in bounds)
    srid = int(low) if low is not None and low == high and low != 0 else None
    return msgspec.structs.replace(field.to_column(), srid=srid, extent=extent)


def _kept(facts: TableFacts, measured: Measured) -> dict[str, Any]:
    if measured.num_rows is None:
        return {"columns": measured.columns}
    return {"columns": measured.columns, "num_rows": measured.num_rows}


def _size(name: str) -> int:
    try:
        return Path(name).stat().st_size
    except FileNotFoundError:
        return 0
