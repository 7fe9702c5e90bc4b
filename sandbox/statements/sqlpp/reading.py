"""What queries read: datasets of SQL++, and every other table and view of the scope."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pyspark.sql import DataFrame, SparkSession

from sandbox.query.batches import Converters
from sandbox.query.columns import fields_of, quoted
from sandbox.query.projection import carry, project
from sandbox.query.scans import Scans
from sandbox.sqlpp.source import Dataset
from sandbox.sqlpp.values import Value
from sandbox.statements.datasets.types import FieldSpec, Record, Scalar
from sandbox.statements.program import Run
from sandbox.statements.spark_values import rows_of
from sandbox.statements.sqlpp.catalog_rows import METADATA, TEXTS, metadata_rows
from sandbox.statements.sqlpp.table_types import record_of, type_of_table
from sandbox.tables.definitions import DEFAULT_DATABASE, Definition

if TYPE_CHECKING:
    from sandbox.runtime.spark import SparkRuntime
    from sandbox.statements.datasets.store import DatasetStore
    from sandbox.statements.sqlpp.request import Request

_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,128}")


class SparkReader:
    """Rows of frames as objects, a batch at a time."""

    def __init__(self, runtime: SparkRuntime, spool_dir: Path) -> None:
        self._runtime = runtime
        self._scans = Scans(spool_dir)

    @cached_property
    def _converters(self) -> Converters:
        return Converters(self._runtime.spark)

    def rows(self, frame: DataFrame) -> Iterator[dict[str, Value]]:
        """The rows of a frame."""
        carried = [carry(field, as_text=True) for field in fields_of(frame._jdf.schema())]
        with closing(self._scans.read(self._converters, project(frame, carried))) as batches:
            for batch in batches:
                yield from rows_of(batch, carried)


@dataclass(frozen=True)
class Objects:
    """A dataset that SQL++ made: read from its files, without Spark."""

    name: str
    definition: Definition
    store: DatasetStore
    run: Run

    def type(self) -> Record:
        """The type of its objects."""
        return type_of_table(self.store, self.definition)

    def scan(self) -> Iterator[dict[str, Value]]:
        """All its objects."""
        for row in self.store.scan(self.definition):
            self.run.processed_objects += 1
            yield row


@dataclass(frozen=True)
class SparkRows:
    """A table or view of Spark's."""

    name: str
    full_name: str
    session: SparkSession
    reader: SparkReader
    run: Run

    def type(self) -> Record:
        """The type of its rows."""
        self.run.join()
        return record_of(fields_of(self.session.table(self.full_name)._jdf.schema()))

    def scan(self) -> Iterator[dict[str, Value]]:
        """All its rows."""
        self.run.join()
        for row in self.reader.rows(self.session.table(self.full_name)):
            self.run.processed_objects += 1
            yield row


@dataclass(frozen=True)
class Given:
    """Objects that are at hand."""

    name: str
    rows: list[Any]
    texts: tuple[str, ...] = ()
    """Names of fields that are strings in all of them."""

    def type(self) -> Record:
        """What is known of their type."""
        return Record([FieldSpec(name, Scalar("string")) for name in self.texts])

    def scan(self) -> Iterator[Any]:
        """All of them."""
        return iter(self.rows)


class ScopeDatasets:
    """All that a request can name, and what its statement adds under names of its own."""

    def __init__(self, request: Request, extra: dict[str, list[Any]]) -> None:
        self._request = request
        self._extra = extra
        self._found: dict[tuple[str, str], Dataset | None] = {}

    def find(self, dataverse: str | None, name: str) -> Dataset | None:
        """The dataset of that name; None as the dataverse means the request's default one."""
        if dataverse is None and name in self._extra:
            return Given(name, self._extra[name])
        key = self._request.key(dataverse, name)
        if key not in self._found:
            self._found[key] = self._look_up(key, name) if _NAME.fullmatch(name) else None
        return self._found[key]

    def has_dataverse(self, name: str) -> bool:
        """Whether there is such a dataverse."""
        return self._request.has_dataverse(name)

    def _look_up(self, key: tuple[str, str], name: str) -> Dataset | None:
        request, scope = self._request, self._request.scope
        request.run.join()
        session, run = request.session, request.run
        if key[0] == DEFAULT_DATABASE and _is_temporary(session, key[1]):
            return SparkRows(name, quoted(key[1]), session, scope.reader, run)
        definition = scope.store.find(key)
        if definition is None:
            rows = metadata_rows(request, name) if key[0] == METADATA else None
            return None if rows is None else Given(name, rows, TEXTS[name.lower()])
        declared = scope.store.declaration(definition)
        if declared is not None:
            # Spark's names have no case, those of SQL++ have.
            is_it = declared.name == name
            return Objects(name, definition, scope.store, run) if is_it else None
        scope.tables.refresh()
        full = f"spark_catalog.{quoted(key[0])}.{quoted(key[1])}"
        return SparkRows(name, full, session, scope.reader, run)


def _is_temporary(session: SparkSession, name: str) -> bool:
    catalog: Any = session._jsparkSession.sessionState().catalog()
    return bool(catalog.getTempView(name).isDefined())
