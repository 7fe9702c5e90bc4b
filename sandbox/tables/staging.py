"""One table on its way into the catalog: its rows are written, nobody can see it yet."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from pyspark.sql import DataFrame, SparkSession

from sandbox.failure import AgentFailure
from sandbox.query.columns import Field, fields_of
from sandbox.sqlerrors import translate
from sandbox.tables import text, vector  # noqa: F401  (they register their formats)
from sandbox.tables.catalog import Catalog
from sandbox.tables.conform import conform, is_same
from sandbox.tables.declared import REJECTED, declared_fields, to_json
from sandbox.tables.definitions import Definition
from sandbox.tables.generations import Generations
from sandbox.tables.names import table_key
from sandbox.tables.paths import Paths, fingerprint
from sandbox.tables.sources import IN_PLACE, READERS, Reading, format_of
from sandbox.tables.writing import Writer
from wire.messages import TableSource
from wire.protocol import ErrorCode

FOLLOWS = "geoscope.follows"
"""Property of a table over files read in place: `path`, or `pattern` for a glob."""
SEEN = "geoscope.seen"
"""Property of such a table: the mark of its files when its columns were last looked at."""
CACHED = "geoscope.cached"
"""Property of a table that Spark holds in its memory."""


@dataclass(frozen=True)
class Staged:
    """A table that only has to be named; `folder` is its own generation, if it has one."""

    source: TableSource
    definition: Definition
    location: str
    folder: Path | None = None
    rejected: int = 0
    warnings: list[str] = field(default_factory=list)

    def open(self, session: SparkSession) -> DataFrame:
        """Its rows, before it has a name."""
        return open_files(session, self.definition, self.location)


class Stager:
    """Makes staged tables; what it wrote for one that fails is gone again."""

    def __init__(self, catalog: Catalog, generations: Generations, paths: Paths) -> None:
        self._catalog = catalog
        self._generations = generations
        self._writer = Writer(generations)
        self._paths = paths

    def stage(self, session: SparkSession, source: TableSource) -> Staged:
        """Read the source and write its rows; every failure names the table."""
        table_key(source.name)
        try:
            if source.sql is not None:
                return self._from_sql(session, source, source.sql)
            return self._from_file(session, source)
        except Exception as error:
            raise _named(source, translate(error)) from error

    def discard(self, staged: Sequence[Staged]) -> None:
        """Remove what was written for tables that will not be."""
        for table in staged:
            if table.folder is not None:
                self._generations.discard(table.folder)

    def _from_sql(self, session: SparkSession, source: TableSource, sql: str) -> Staged:
        frame = session.sql(sql)
        if not frame.columns:
            raise AgentFailure(ErrorCode.BAD_PARAMETER, "its sql gives no columns")
        return self._written(session, source, frame)

    def _from_file(self, session: SparkSession, source: TableSource) -> Staged:
        if source.path is None:
            raise AgentFailure(ErrorCode.BAD_PARAMETER, "it has neither path nor sql")
        fmt = format_of(source)
        declared = declared_fields(session._jvm, source)
        found = self._paths.find(source.name, source.path)
        scratch = self._generations.new(source.name.lower())
        reading = Reading(session, source, found, scratch)
        try:
            if fmt in IN_PLACE:
                return self._in_place(reading, fmt, declared)
            frame = READERS[fmt](reading)
            if declared and REJECTED not in frame.columns:
                frame = conform(frame, declared)
            return self._written(session, source, frame, reading.warnings)
        finally:
            self._generations.discard(scratch)

    def _in_place(self, reading: Reading, fmt: str, declared: list[Field] | None) -> Staged:
        source, found = reading.source, reading.found
        options = reading.options
        if not found.is_pattern:
            options["__globPaths__"] = "false"
        frame = reading.session.read.format(fmt).options(**options).load(found.location)
        fields = fields_of(frame._jdf.schema())
        if declared and not is_same(fields, declared):
            return self._written(reading.session, source, conform(frame, declared))
        definition = self._define(source, "EXTERNAL", found.location, fields)
        follows = definition.properties | {
            FOLLOWS: "pattern" if found.is_pattern else "path",
            SEEN: fingerprint(list(found.files)),
        }
        definition = msgspec.structs.replace(
            definition, provider=fmt, options=options, properties=follows
        )
        return Staged(source, definition, found.location)

    def _written(
        self,
        session: SparkSession,
        source: TableSource,
        frame: DataFrame,
        warnings: Sequence[str] = (),
    ) -> Staged:
        written = self._writer.write(session, source, frame)
        location = str(written.folder)
        definition = self._define(source, "MANAGED", location, written.fields)
        return Staged(
            source, definition, location, written.folder, written.rejected, list(warnings)
        )

    def _define(
        self, source: TableSource, kind: str, location: str, fields: list[Field]
    ) -> Definition:
        return Definition(
            name=table_key(source.name),
            kind=kind,
            schema=to_json(fields),
            provider="parquet",
            location=self._catalog.uri(location),
            properties={CACHED: "true"} if source.cache else {},
            created_ms=int(time.time() * 1000),
        )


def open_files(session: SparkSession, definition: Definition, location: str) -> DataFrame:
    """The rows at a location as a definition reads them, with the columns they have now."""
    reader = session.read.format(definition.provider or "parquet")
    return reader.options(**definition.options).load(location)


def _named(source: TableSource, failure: AgentFailure) -> AgentFailure:
    """The failure with the table's name in front; a file's SQL error is a failed load."""
    code = failure.code
    if source.sql is None and code == ErrorCode.SQL_ERROR:
        code = ErrorCode.LOAD_FAILED
    prefix = f"table {source.name}: "
    message = failure.message if failure.message.startswith(prefix) else prefix + failure.message
    return AgentFailure(
        code,
        message,
        ename=failure.ename,
        evalue=failure.evalue,
        traceback=failure.traceback,
        facts=failure.facts | {"table": source.name},
    )
