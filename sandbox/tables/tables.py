"""The tables of a scope: load, save, describe, list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from pyspark.sql import SparkSession

from sandbox.failure import AgentFailure
from sandbox.query.columns import quoted
from sandbox.runtime.spark import SparkRuntime
from sandbox.tables.catalog import Catalog, default_key
from sandbox.tables.definitions import Definition, DefinitionFolder
from sandbox.tables.facts import TableFactsBook, measure
from sandbox.tables.generations import Generations
from sandbox.tables.mirror import Mirror
from sandbox.tables.names import missing, table_key
from sandbox.tables.paths import Paths
from sandbox.tables.saving import Saver
from sandbox.tables.staging import Staged, Stager
from sandbox.work import Work
from wire.messages import (
    DescribeTable,
    ListTables,
    LoadTables,
    SaveReply,
    SaveTables,
    TableFacts,
    TableSource,
    TablesReply,
)
from wire.protocol import ErrorCode
from wire.settings import AgentSettings


class Tables:
    """Everything that an agent does with tables; every method blocks."""

    def __init__(self, runtime: SparkRuntime, settings: AgentSettings) -> None:
        self._runtime = runtime
        root = Path(settings.scope_dir)
        paths = Paths(settings)
        self._catalog = Catalog(runtime.spark)
        self._generations = Generations(root / "tables")
        self._book = TableFactsBook(self._catalog)
        folder = DefinitionFolder(root / "catalog")
        self._mirror = Mirror(self._catalog, folder, self._generations, self._book)
        self._stager = Stager(self._catalog, self._generations, paths)
        self._saver = Saver(paths)

    def restore(self) -> None:
        """Register the tables that the scope's disk holds; once, before any other method."""
        self._mirror.restore()

    def sync(self) -> None:
        """Keep what SQL or Python made or dropped; a millisecond when nothing changed."""
        self._generations.sweep()
        self._mirror.sync()

    def follows_files(self) -> bool:
        """Whether there are tables over files read in place."""
        return self._mirror.follows_files()

    def refresh(self) -> None:
        """Let tables over files see files that changed; cheap when none did."""
        self._mirror.refresh(self._runtime.spark)

    def find(self, database: str, name: str) -> Definition | None:
        """A table or persistent view of the scope; None if there is none."""
        return self._mirror.known((database, name))

    def definitions(self) -> Sequence[Definition]:
        """Every table and persistent view of the scope, by name."""
        return self._mirror.all()

    def publish(self, definition: Definition, *, is_new: bool) -> None:
        """Make a table visible, or new rows of one; raises KeyError for a new one that exists."""
        self._mirror.publish([definition], must_be_new={definition.key} if is_new else set())

    @property
    def generations(self) -> Generations:
        """Where rows of tables are written."""
        return self._generations

    @property
    def catalog(self) -> Catalog:
        """Spark's catalog."""
        return self._catalog

    def load(self, request: LoadTables, work: Work) -> TablesReply:
        """Make the tables, all of them or none."""
        session = self._runtime.session(request.session)
        self._check(request.tables)
        self._generations.sweep()
        self.refresh()
        staged: list[Staged] = []
        try:
            for source in request.tables:
                work.check()
                staged.append(self._stager.stage(_seeing(session, staged), source))
            work.check()
            self._publish(staged)
        except BaseException:
            self._stager.discard(staged)
            raise
        return TablesReply(
            tables=[self._loaded(table) for table in staged],
            warnings=[warning for table in staged for warning in table.warnings],
        )

    def save(self, request: SaveTables, work: Work) -> SaveReply:
        """Write results of SQL to files of the scope."""
        session = self._runtime.session(request.session)
        self.refresh()
        work.check()
        return SaveReply(tables=self._saver.save(session, request.tables))

    def describe(self, request: DescribeTable, work: Work) -> TableFacts:
        """Columns, rows and extents of a view of the session or a table of the scope."""
        session = self._runtime.session(request.session)
        self.refresh()
        work.check()
        view = _temporary_view(session, request.table)
        if view is not None:
            return _view_facts(session, view)
        return self._book.full(session, self._find(session, request.table))

    def list(self, request: ListTables, work: Work) -> TablesReply:
        """Tables of the scope and temporary views of the session, without scanning any."""
        session = self._runtime.session(request.session)
        work.check()
        views = [TableFacts(name=name, is_view=True) for name in _temporary_views(session)]
        return TablesReply(tables=[*self.facts(), *views])

    def facts(self) -> Sequence[TableFacts]:
        """The tables of the scope with rows and bytes, where those are cheap to know."""
        return [self._book.cheap(definition) for definition in self._mirror.all()]

    def _check(self, sources: Sequence[TableSource]) -> None:
        """Refuse before any work what cannot come right."""
        times = Counter(table_key(source.name) for source in sources)
        for source in sources:
            if times[table_key(source.name)] > 1:
                raise AgentFailure(
                    ErrorCode.BAD_PARAMETER, f"table {source.name} is asked for twice"
                )
            key = default_key(table_key(source.name))
            if source.mode == "error" and self._mirror.get(key) is not None:
                raise _exists(source.name)

    def _publish(self, staged: Sequence[Staged]) -> None:
        new = {table.definition.key for table in staged if table.source.mode == "error"}
        try:
            self._mirror.publish([table.definition for table in staged], must_be_new=new)
        except KeyError as error:
            raise _exists(str(error.args[0])) from error

    def _loaded(self, table: Staged) -> TableFacts:
        facts = self._book.cheap(table.definition)
        return msgspec.structs.replace(facts, name=table.source.name, rejected=table.rejected)

    def _find(self, session: SparkSession, name: str) -> Definition:
        database, dot, table = name.rpartition(".")
        if not dot:
            database = str(session.catalog.currentDatabase())
        try:
            found = self._mirror.get((database.lower(), table_key(table)))
        except AgentFailure as error:
            raise missing(name) from error
        if found is None:
            raise missing(name)
        return found


def _seeing(session: SparkSession, staged: Sequence[Staged]) -> SparkSession:
    """A session in which tables of the same request can be read before they have a place.

    It is a copy with all views and settings, so that nothing of it shows in the real one.
    """
    if not staged:
        return session
    jsession: Any = session._jsparkSession.cloneSession()
    copy = SparkSession(session.sparkContext, jsession, {})
    for table in staged:
        table.open(copy).createOrReplaceTempView(table.source.name)
    return copy


def _temporary_view(session: SparkSession, name: str) -> str | None:
    catalog = session._jsparkSession.sessionState().catalog()
    return name if catalog.getTempView(name).isDefined() else None


def _temporary_views(session: SparkSession) -> list[str]:
    catalog = session._jsparkSession.sessionState().catalog()
    text = str(catalog.listLocalTempViews("*").mkString("\n"))
    names = [line.strip("`") for line in text.split("\n") if line]
    return sorted(names)


def _view_facts(session: SparkSession, name: str) -> TableFacts:
    measured = measure(session.table(quoted(name)), count=True)
    return TableFacts(name=name, num_rows=measured.num_rows, columns=measured.columns, is_view=True)


def _exists(name: str) -> AgentFailure:
    return AgentFailure(ErrorCode.TABLE_EXISTS, f"table {name} exists already")
