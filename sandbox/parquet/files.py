"""Parquet files as Spark reads them, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from sandbox.parquet.give_up import NotTaken
from sandbox.parquet.words import TEXT

BATCH_ROWS: Final = 262_144
"""Small enough to be cheap to hold, large enough that Python's share is nothing."""

ARROW: Final[dict[str, pa.DataType]] = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "timestamp_ntz": pa.timestamp("us"),
    TEXT: pa.string(),
}
"""What a column of each type must be in the file; whatever else there is Spark converts."""

_CALENDAR: Final = frozenset({"date", "timestamp", "timestamp_ntz"})
_WRITER: Final = b"org.apache.spark.version"
_OLD_CALENDARS: Final = (b"org.apache.spark.legacyINT96", b"org.apache.spark.legacyDateTime")


class Bounds(Protocol):
    """What the values of wanted rows lie in."""

    def excludes(self, low: Any, high: Any) -> bool:
        """Whether none of them lies between these two."""


@dataclass(frozen=True, kw_only=True)
class FileColumn:
    """A column to read: its name in the files, Spark's number and type for it."""

    name: str
    number: int
    type: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """One row group of one file: what a thread reads at a time."""

    file: str
    group: int


def parts(
    files: Sequence[str],
    columns: Sequence[FileColumn],
    bounds: Mapping[int, Bounds] | None = None,
) -> list[Part]:
    """The row groups that may hold wanted rows; raises NotTaken for a file that is not plain."""
    found: list[Part] = []
    for file in files:
        try:
            with _open(file) as opened:
                _check(opened, columns)
                found += [
                    Part(file=file, group=group)
                    for group in range(opened.metadata.num_row_groups)
                    if not _is_excluded(opened.metadata.row_group(group), columns, bounds or {})
                ]
        except (OSError, pa.ArrowException) as error:
            raise NotTaken(reason=f"a file that cannot be read: {error}") from error
    return found


def rows(
    part: Part, columns: Sequence[FileColumn], *, use_threads: bool
) -> Iterator[pa.RecordBatch]:
    """The batches of a row group."""
    names = [column.name for column in columns]
    with _open(part.file) as opened:
        yield from opened.iter_batches(
            batch_size=BATCH_ROWS,
            row_groups=[part.group],
            columns=names,
            use_threads=use_threads,
        )


def _open(file: str) -> pq.ParquetFile:
    # Spark's INT96 has nanoseconds in which years run out; what Spark reads are microseconds.
    return pq.ParquetFile(file, coerce_int96_timestamp_unit="us", page_checksum_verification=False)


def _check(opened: pq.ParquetFile, columns: Sequence[FileColumn]) -> None:
    schema: pa.Schema = opened.schema_arrow
    for column in columns:
        places = schema.get_all_field_indices(column.name)
        if len(places) != 1:
            raise NotTaken(reason=f"a file with {len(places)} columns {column.name}")
        if not _is_as_spark_reads(schema.field(places[0]).type, column.type):
            raise NotTaken(reason=f"{column.name} is {schema.field(places[0]).type} in a file")
        if column.type in _CALENDAR:
            _check_calendar(opened.metadata.metadata or {})


def _is_as_spark_reads(found: pa.DataType, kind: str) -> bool:
    if found == ARROW[kind]:
        return True
    # An INT96, which Arrow reads as a time without a zone.
    return kind == "timestamp" and found == pa.timestamp("us")


def _check_calendar(facts: dict[bytes, bytes]) -> None:
    """Of other writers, and of Spark before its third version, the calendar is a guess."""
    if _WRITER not in facts or any(name in facts for name in _OLD_CALENDARS):
        raise NotTaken(reason="times of an unknown calendar")


def _is_excluded(group: Any, columns: Sequence[FileColumn], bounds: Mapping[int, Bounds]) -> bool:
    if group.num_rows == 0:
        return True
    bounded = {column.name: bounds[column.number] for column in columns if column.number in bounds}
    for index in range(group.num_columns):
        chunk = group.column(index)
        bound = bounded.get(chunk.path_in_schema)
        if bound is None or not chunk.is_stats_set or not chunk.statistics.has_min_max:
            continue
        if bound.excludes(chunk.statistics.min, chunk.statistics.max):
            return True
    return False
