"""Parquet files as Spark reads them, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sandbox.render.direct.give_up import NotTaken
from sandbox.render.direct.nodes import TEXT, TYPES
from sandbox.render.direct.plan import FileColumn
from sandbox.render.direct.pruning import Range
from sandbox.render.direct.values import Column

BATCH_ROWS: Final = 262_144
"""Small enough to be cheap to hold, large enough that Python's share is nothing."""

_ARROW: Final[dict[str, pa.DataType]] = {
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


@dataclass(frozen=True, kw_only=True)
class Part:
    """One row group of one file: what a thread reads at a time."""

    file: str
    group: int


def parts(
    files: Sequence[str], columns: Sequence[FileColumn], ranges: dict[int, Range]
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
                    if not _is_excluded(opened.metadata.row_group(group), columns, ranges)
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


def column_of(array: pa.Array, kind: str) -> Column:
    """An Arrow array's values and nulls, without a copy where it can be."""
    valid = array.is_valid().to_numpy(zero_copy_only=False) if array.null_count else None
    if kind == "boolean":
        filled = array.fill_null(False) if array.null_count else array
        return Column(filled.to_numpy(zero_copy_only=False), valid)
    return Column(_values(array, np.dtype(TYPES[kind])), valid)


def _values(array: pa.Array, dtype: np.dtype[Any]) -> NDArray[Any]:
    start = array.offset * dtype.itemsize
    return np.frombuffer(array.buffers()[1], dtype, count=len(array), offset=start)


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
    if found == _ARROW[kind]:
        return True
    # An INT96, which Arrow reads as a time without a zone.
    return kind == "timestamp" and found == pa.timestamp("us")


def _check_calendar(facts: dict[bytes, bytes]) -> None:
    """Of other writers, and of Spark before its third version, the calendar is a guess."""
    if _WRITER not in facts or any(name in facts for name in _OLD_CALENDARS):
        raise NotTaken(reason="times of an unknown calendar")


def _is_excluded(group: Any, columns: Sequence[FileColumn], ranges: dict[int, Range]) -> bool:
    if group.num_rows == 0:
        return True
    bounded = {column.name: ranges[column.number] for column in columns if column.number in ranges}
    for index in range(group.num_columns):
        chunk = group.column(index)
        range_ = bounded.get(chunk.path_in_schema)
        if range_ is None or not chunk.is_stats_set or not chunk.statistics.has_min_max:
            continue
        if range_.excludes(chunk.statistics.min, chunk.statistics.max):
            return True
    return False
