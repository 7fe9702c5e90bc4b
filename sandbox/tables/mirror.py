"""Spark's catalog lives in memory: what keeps the catalog folder equal to it, and back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from sandbox.query.columns import fields_of
from sandbox.tables.catalog import Catalog
from sandbox.tables.declared import to_json
from sandbox.tables.definitions import DEFAULT_DATABASE, Definition, DefinitionFolder
from sandbox.tables.facts import TableFactsBook
from sandbox.tables.generations import Generations
from sandbox.tables.staging import CACHED, FOLLOWS, SEEN, open_files

log = logging.getLogger(__name__)

Key = tuple[str, str]


class Mirror:
    """Publishes tables, and writes down what SQL and Python did to the catalog.

    The mutable state is `_known` (what the folder holds) and `_state` (the catalog's mark when
    that was true), changed only under `_lock`.
    """

    def __init__(
        self,
        catalog: Catalog,
        folder: DefinitionFolder,
        generations: Generations,
        book: TableFactsBook,
    ) -> None:
        self._catalog = catalog
        self._folder = folder
        self._generations = generations
        self._book = book
        self._lock = threading.RLock()
        self._known: dict[Key, Definition] = {}
        self._state: int | None = None

    def restore(self) -> None:
        """Register what the folder holds, and remove rows that belong to no table."""
        with self._lock:
            self._folder.recover()
            self._known = {definition.key: definition for definition in self._folder.read()}
            self._generations.remove_unknown(self._folders(self._known.values()))
            for name in self._folder.databases():
                self._catalog.add_database(name)
            for definition in self._known.values():
                self._register(definition)
            self._state = self._catalog.state()

    def get(self, key: Key) -> Definition | None:
        """One table of the catalog as it is now."""
        return self._catalog.get(key)

    def known(self, key: Key) -> Definition | None:
        """One table, without asking the JVM more than whether anything changed."""
        self.sync()
        with self._lock:
            return self._known.get(key)

    def all(self) -> list[Definition]:
        """Every table and persistent view, by name."""
        self.sync()
        with self._lock:
            return [self._known[key] for key in sorted(self._known)]

    def publish(self, definitions: Sequence[Definition], *, must_be_new: set[Key]) -> None:
        """Make the tables visible, all of them or none; raises KeyError for one that exists."""
        with self._lock:
            self.sync()
            old = [self._known.get(definition.key) for definition in definitions]
            for taken in (table.key for table in old if table and table.key in must_be_new):
                raise KeyError(taken[1])
            self._folder.commit(definitions)
            for definition, before in zip(definitions, old, strict=True):
                self._replace(before, definition)
            self.sync()

    def sync(self) -> None:
        """Write down tables that were made or changed, forget those that were dropped."""
        with self._lock:
            state = self._catalog.state()
            if state == self._state:
                return
            now = {table.key: table for table in self._catalog.tables()}
            changed = [table for key, table in now.items() if self._known.get(key) != table]
            if changed:
                self._folder.commit(changed)
            gone = self._known.keys() - now.keys()
            for key in gone:
                self._forget(self._known[key])
            self._sync_databases()
            self._book.forget(gone)
            self._known, self._state = now, state

    def follows_files(self) -> bool:
        """Whether any table is over files read in place."""
        return any(FOLLOWS in known.properties for known in list(self._known.values()))

    def refresh(self, session: SparkSession) -> None:
        """Let tables over files read in place see files that changed."""
        for definition in list(self._known.values()):
            if FOLLOWS not in definition.properties:
                continue
            files = self._book.files(definition)
            if files and files.names and files.mark != definition.properties.get(SEEN):
                self._follow(session, definition, files.mark)

    def _follow(self, session: SparkSession, definition: Definition, mark: str) -> None:
        location = self._catalog.path(definition.location or "") or ""
        try:
            fields = fields_of(open_files(session, definition, location)._jdf.schema())
        except PySparkException as error:
            # The next query over the table meets the same error, and tells its user.
            log.warning("files unreadable table=%s reason=%s", definition.name, error)
            return
        seen = definition.properties | {SEEN: mark}
        changed = msgspec.structs.replace(definition, schema=to_json(fields), properties=seen)
        self.publish([changed], must_be_new=set())

    def _register(self, definition: Definition) -> None:
        try:
            self._catalog.put(definition)
            if CACHED in definition.properties:
                self._catalog.cache(definition.key)
        except (PySparkException, Py4JError) as error:
            log.error("table not restored table=%s reason=%s", definition.name, error)

    def _replace(self, before: Definition | None, after: Definition) -> None:
        if before is not None and self._catalog.is_cached(before.key):
            self._catalog.uncache(before.key)
        self._catalog.put(after)
        if CACHED in after.properties:
            self._catalog.cache(after.key)
        if before is not None and before.location != after.location:
            self._retire(before)

    def _retire(self, definition: Definition) -> None:
        if definition.kind == "MANAGED":
            for folder in self._folders([definition]):
                self._generations.retire(folder)

    def _forget(self, definition: Definition) -> None:
        self._folder.remove(definition.key)
        if definition.kind != "MANAGED":
            return
        # Spark removed the rows when it dropped the table; the folder around them is ours.
        for folder in self._folders([definition]):
            if self._generations.owns(folder):
                self._generations.discard(folder)

    def _sync_databases(self) -> None:
        now = set(self._catalog.databases()) - {DEFAULT_DATABASE}
        before = set(self._folder.databases())
        for name in now - before:
            self._folder.add_database(name)
        for name in before - now:
            self._folder.remove_database(name)

    def _folders(self, definitions: Iterable[Definition]) -> list[Path]:
        paths = [self._catalog.path(d.location) for d in definitions if d.location]
        return [Path(path) for path in paths if path]
