"""Readers of files, one for each format, and what they share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pyspark.sql import DataFrame, DataFrameReader, SparkSession
from pyspark.sql import functions as F

from sandbox.failure import AgentFailure
from sandbox.query.columns import Field, fields_of, quoted
from sandbox.tables.declared import GEOMETRY, REJECTED, declared_fields, to_struct
from sandbox.tables.paths import Found
from wire.messages import TableSource
from wire.protocol import ErrorCode

IN_PLACE = frozenset({"parquet", "orc", "geoparquet"})
"""Formats that Spark reads as fast as its own tables: no copy is made."""

_OURS = frozenset({"mode", "columnnameofcorruptrecord"})


@dataclass(frozen=True)
class Reading:
    """One file source to read; readers add to `warnings`, and may write below `scratch`."""

    session: SparkSession
    source: TableSource
    found: Found
    scratch: Path
    warnings: list[str] = field(default_factory=list)

    @property
    def options(self) -> dict[str, str]:
        """The request's options for Spark's reader, keys in lower case, ours left out."""
        given = {key.lower(): value for key, value in self.source.options.items()}
        return {key: value for key, value in given.items() if key not in _OURS}

    @property
    def declared(self) -> list[Field] | None:
        """The declared columns; None without a schema."""
        return declared_fields(self.session._jvm, self.source)

    def reader(self, fmt: str, options: dict[str, str]) -> DataFrameReader:
        """A reader of exactly the files found, that marks rows which do not fit."""
        return (
            self.session.read.format(fmt)
            .options(**options)
            .option("__globPaths__", "false")
            .option("mode", "PERMISSIVE")
            .option("columnNameOfCorruptRecord", REJECTED)
        )


Reader = Callable[[Reading], DataFrame]
READERS: dict[str, Reader] = {}


def reads(*formats: str) -> Callable[[Reader], Reader]:
    """Register the reader of some formats."""

    def register(reader: Reader) -> Reader:
        READERS.update(dict.fromkeys(formats, reader))
        return reader

    return register


def format_of(source: TableSource) -> str:
    """The source's format; raises AgentFailure(BAD_PARAMETER) for one that nobody reads."""
    known = sorted([*READERS, *IN_PLACE])
    fmt = (source.format or "").lower()
    if fmt not in known:
        problem = f"unknown format {source.format!r}" if source.format else "no format"
        raise AgentFailure(
            ErrorCode.BAD_PARAMETER,
            f"table {source.name}: {problem}; one of {', '.join(known)}",
        )
    return fmt


def read_text(reading: Reading, fmt: str, options: dict[str, str]) -> DataFrame:
    """Read rows of text with the declared schema, or with the one that the files suggest."""
    files = list(reading.found.files)
    declared = reading.declared
    columns = declared or _inferred(reading, fmt, options)
    as_read = [_without_geometry(column) for column in columns]
    marked = [*as_read, Field(REJECTED, "string")]
    reader = reading.reader(fmt, options)
    reader._jreader = reader._jreader.schema(to_struct(reading.session._jvm, marked))
    return _with_geometry(reader.load(files), columns)


def _inferred(reading: Reading, fmt: str, options: dict[str, str]) -> list[Field]:
    reader = reading.reader(fmt, options).option("inferSchema", "true")
    frame = reader.load(list(reading.found.files))
    fields = [f for f in fields_of(frame._jdf.schema()) if f.name != REJECTED]
    if not fields:
        raise AgentFailure(
            ErrorCode.LOAD_FAILED, f"table {reading.source.name}: the file has no columns"
        )
    return fields


def _without_geometry(column: Field) -> Field:
    return Field(column.name, "string") if column.type == GEOMETRY else column


def _with_geometry(frame: DataFrame, columns: list[Field]) -> DataFrame:
    """Declared geometries are read as WKT; text that is none makes its row a misfit."""
    for name in (column.name for column in columns if column.type == GEOMETRY):
        text, shape = F.col(quoted(name)), F.expr(f"ST_GeomFromText({quoted(name)})")
        misfit = F.when(text.isNotNull() & shape.isNull(), text)
        frame = frame.withColumn(REJECTED, F.coalesce(F.col(REJECTED), misfit))
        frame = frame.withColumn(name, shape)
    return frame
