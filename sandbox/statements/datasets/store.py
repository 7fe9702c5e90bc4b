"""Datasets on the scope's disk: each change is a new generation, put in place in one step."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa

from sandbox.query.columns import quoted
from sandbox.runtime.spark import SparkRuntime
from sandbox.sqlpp.errors import runtime_error
from sandbox.statements.datasets.declaration import PROPERTY, Declaration
from sandbox.statements.datasets.files import Row, RowFiles
from sandbox.tables import Tables
from sandbox.tables.declared import to_json
from sandbox.tables.definitions import DEFAULT_DATABASE, Definition

Key = tuple[str, str]
"""Database and table, as Spark's catalog has them."""
KeyValue = tuple[object, ...]
MANY_FILES: Final = 32
"""So many small files become one with the next change."""
SMALL_BYTES: Final = 8 * 1024**2
_DUPLICATE: Final = "HYR0033", "Inserting duplicate keys into the primary storage"


@dataclass
class Change:
    """A dataset on its way from one generation to the next."""

    before: Definition
    declaration: Declaration
    files: RowFiles
    folder: Path
    is_done: bool = False


class DatasetStore:
    """Makes, changes and reads datasets; one writer of a dataset at a time.

    The mutable state is `_writers`, a lock for each dataset that was ever written.
    """

    def __init__(self, runtime: SparkRuntime, tables: Tables) -> None:
        self._runtime = runtime
        self._tables = tables
        self._lock = threading.Lock()
        self._writers: dict[Key, threading.Lock] = defaultdict(threading.Lock)

    def find(self, key: Key) -> Definition | None:
        """The table of a dataset, or any other."""
        return self._tables.find(*key)

    def declaration(self, definition: Definition) -> Declaration | None:
        """How a dataset was declared; None for a table that is none of ours."""
        text = definition.properties.get(PROPERTY)
        return None if text is None else msgspec.json.decode(text, type=Declaration)

    def create(self, key: Key, declaration: Declaration) -> None:
        """Make an empty dataset; raises KeyError if there is a table of that name."""
        folder = self._new(key)
        folder.mkdir()
        definition = Definition(
            name=key[1],
            database=key[0],
            kind="MANAGED",
            schema=to_json(declaration.spark),
            provider="parquet",
            location=self._tables.catalog.uri(str(folder)),
            properties={PROPERTY: msgspec.json.encode(declaration).decode()},
            created_ms=int(time.time() * 1000),
        )
        try:
            self._tables.publish(definition, is_new=True)
        except BaseException:
            self._tables.generations.discard(folder)
            raise

    def drop(self, key: Key) -> None:
        """Remove a dataset, table or view and its rows."""
        found = self.find(key)
        kind = "VIEW" if found is not None and found.is_view else "TABLE"
        with self._writing(key):
            self._runtime.spark.sql(f"DROP {kind} spark_catalog.{quoted(key[0])}.{quoted(key[1])}")
            self._tables.sync()

    def scan(self, definition: Definition) -> Iterator[Row]:
        """The objects of a dataset as they are now, whatever is written meanwhile."""
        files = RowFiles(self._declared(definition))
        with ExitStack() as opened:
            # All at once: a generation that is replaced meanwhile loses its names after a while.
            parts = [opened.enter_context(pa.OSFile(str(p))) for p in self._parts(definition)]
            for part in parts:
                yield from files.read(part)

    def insert(
        self, key: Key, values: Iterable[Row], check: Callable[[], None], *, keep: bool
    ) -> list[Row]:
        """Add objects; raises if the key of one is there already, and then adds none.

        With `keep` they are given back as they were added.
        """
        kept: list[Row] = []
        keys: set[KeyValue] = set()

        def admitted(declaration: Declaration) -> Iterator[Row]:
            for value in values:
                check()
                row = declaration.admit(value)
                place = declaration.key(row)
                if place in keys:
                    raise runtime_error(*_DUPLICATE)
                keys.add(place)
                if keep:
                    kept.append(row)
                yield row

        with self._changing(key) as change:
            if change.files.write(change.folder / _part(), admitted(change.declaration)):
                self._refuse_known(change, keys, check)
                self._carry_over(change, set(), check)
                self._swap(change)
        return kept

    def upsert(self, key: Key, values: Iterable[Row], check: Callable[[], None]) -> list[Row]:
        """Add objects, in place of those of the same keys; the last one of a key stays."""
        with self._changing(key) as change:
            rows: dict[KeyValue, Row] = {}
            for value in values:
                check()
                row = change.declaration.admit(value)
                rows[change.declaration.key(row)] = row
            if rows:
                self._carry_over(change, set(rows), check)
                change.files.write(change.folder / _part(), rows.values())
                self._swap(change)
        return list(rows.values())

    def delete(self, key: Key, keys: set[KeyValue], check: Callable[[], None]) -> None:
        """Remove the objects of these keys."""
        with self._changing(key) as change:
            if keys:
                self._carry_over(change, keys, check)
                self._swap(change)

    def _refuse_known(self, change: Change, keys: set[KeyValue], check: Callable[[], None]) -> None:
        for path in self._parts(change.before):
            check()
            if change.files.holds(path, keys):
                raise runtime_error(*_DUPLICATE)

    def _carry_over(self, change: Change, gone: set[KeyValue], check: Callable[[], None]) -> None:
        """The rows of the generation before, without those whose keys are gone."""
        parts = self._parts(change.before)
        small = [part for part in parts if part.stat().st_size < SMALL_BYTES]
        written = set(small) if len(small) >= MANY_FILES else set()
        for part in parts:
            check()
            if part not in written and gone and change.files.holds(part, gone):
                written.add(part)
            elif part not in written:
                os.link(part, change.folder / part.name)
        change.files.write(
            change.folder / _part(),
            (
                row
                for part in parts
                if part in written
                for row in change.files.read(part)
                if change.declaration.key(row) not in gone
            ),
        )

    @contextmanager
    def _changing(self, key: Key) -> Iterator[Change]:
        """A dataset and its next generation, while nobody else writes; discarded if not swapped."""
        with self._writing(key):
            before = self.find(key)
            if before is None:
                raise KeyError(key[1])
            folder = self._new(key)
            folder.mkdir()
            declaration = self._declared(before)
            change = Change(before, declaration, RowFiles(declaration), folder)
            try:
                yield change
            finally:
                if not change.is_done:
                    self._tables.generations.discard(folder)

    def _swap(self, change: Change) -> None:
        self._tables.generations.sweep()
        location = self._tables.catalog.uri(str(change.folder))
        after = msgspec.structs.replace(change.before, location=location)
        self._tables.publish(after, is_new=False)
        change.is_done = True

    def _declared(self, definition: Definition) -> Declaration:
        declaration = self.declaration(definition)
        assert declaration is not None  # noqa: S101
        return declaration

    def _parts(self, definition: Definition) -> list[Path]:
        path = self._tables.catalog.path(definition.location or "")
        assert path is not None  # noqa: S101
        return sorted(Path(path).glob("*.parquet"))

    def _new(self, key: Key) -> Path:
        return self._tables.generations.new(
            key[1] if key[0] == DEFAULT_DATABASE else f"{key[0]}.{key[1]}"
        )

    @contextmanager
    def _writing(self, key: Key) -> Iterator[None]:
        with self._lock:
            writer = self._writers[key]
        with writer:
            yield


def _part() -> str:
    # Sorted by name is sorted by age.
    return f"part-{time.time_ns():x}-{uuid.uuid4().hex[:8]}.parquet"
