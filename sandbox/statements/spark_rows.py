"""Arrow batches as printed rows: whole columns at a time for JSON, value by value otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.query import text
from sandbox.query.projection import Carried, Kind
from sandbox.query.text import Form
from sandbox.sqlpp.printing import printer
from sandbox.sqlpp.printing.scalars import string_text
from sandbox.sqlpp.values import Value
from sandbox.statements.printing import RowPrinter
from sandbox.statements.sinks import SEPARATOR
from sandbox.statements.spark_values import rows_of, values_of

Texts = tuple[pa.Array, Form]

_PLAIN_FROM, _PLAIN_BELOW = 1e-3, 1e7
"""Doubles between are written without an exponent."""
_ZERO: Final = 0.0
_DELETE, _LATIN_CONTROLS = 0x7F, 0xC2
_MIN_YEAR, _MAX_YEAR = "0001-01-01", "9999-12-31"


class BatchPrinter:
    """Prints the batches of one frame."""

    def __init__(
        self, carried: Sequence[Carried], rows: RowPrinter, *, is_bare: bool = False
    ) -> None:
        self._carried = list(carried)
        self._rows = rows
        self._json = printer("json")
        self._is_columnar = rows.format == "json" and not rows.pretty and bool(carried)
        self._is_bare = is_bare
        opening = SEPARATOR.decode() if rows.is_array else ""
        self._before = [opening] if is_bare else _between(carried, opening)
        self._after = "\n" if is_bare else " }\n"

    def print(self, batch: pa.RecordBatch) -> bytes:
        """The batch's rows."""
        if not self._is_columnar:
            return self._rows.rows(self._values(batch))
        columns = [
            self._texts(batch.column(place), column) for place, column in enumerate(self._carried)
        ]
        return text.json_rows(self._before, columns, self._after)

    def _values(self, batch: pa.RecordBatch) -> list[Value]:
        if self._is_bare:
            return values_of(batch.column(0), self._carried[0])
        return list(rows_of(batch, self._carried))

    def _texts(self, column: pa.Array, carried: Carried) -> Texts:
        vector = _VECTORS.get(_kind_of(column, carried))
        found = None if vector is None else vector(column)
        return found or self._one_by_one(values_of(column, carried))

    def _one_by_one(self, values: list[Value]) -> Texts:
        return pa.array([self._json(value) for value in values], pa.string()), Form.JSON


def _between(carried: Sequence[Carried], opening: str) -> list[str]:
    """What goes before each value of a row; the first also opens the row."""
    keys = [f"{string_text(column.field.name)}: " for column in carried]
    return [(opening + "{ " if i == 0 else ", ") + key for i, key in enumerate(keys)]


def _kind_of(column: pa.Array, carried: Carried) -> str:
    kind = column.type
    if carried.kind is not Kind.VALUE:
        return ""
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return "plain"
    if pa.types.is_floating(kind):
        return "float"
    if pa.types.is_string(kind):
        return "string"
    if pa.types.is_date(kind):
        return "date"
    return "timestamp" if pa.types.is_timestamp(kind) else ""


def _plain(column: pa.Array) -> Texts:
    return column.cast(pa.string()), Form.PLAIN


def _strings(column: pa.Array) -> Texts | None:
    """Texts; None where characters are in them that only the row printer escapes."""
    if _holds_rare(column):
        return None
    return column, Form.STRING


def _holds_rare(column: pa.Array) -> bool:
    data = column.buffers()[2]
    if data is None:
        return False
    offsets = np.frombuffer(column.buffers()[1], np.int32)
    start, stop = offsets[column.offset], offsets[column.offset + len(column)]
    held = np.frombuffer(data, np.uint8)[start:stop]
    return bool((held == _DELETE).any() or (held == _LATIN_CONTROLS).any())


def _floats(column: pa.Array) -> Texts | None:
    """Doubles with a point; None where one of them wants an exponent or is no number."""
    values = column.fill_null(_ZERO).to_numpy(zero_copy_only=False)
    size = np.abs(values)
    usual = (size >= _PLAIN_FROM) & (size < _PLAIN_BELOW)
    zero = (values == _ZERO) & ~np.signbit(values)
    if not (usual | zero).all():
        return None
    texts = column.cast(pa.string())
    whole = values == np.floor(values)
    if whole.all():
        return pc.binary_join_element_wise(texts, ".0", ""), Form.PLAIN
    if whole.any():
        ends = pc.if_else(pa.array(whole), ".0", "")
        texts = pc.binary_join_element_wise(texts, ends, "")
    return texts, Form.PLAIN


def _dates(column: pa.Array) -> Texts | None:
    if not _is_usual(column, pa.date32()):
        return None
    return column.cast(pa.string()), Form.STRING


def _timestamps(column: pa.Array) -> Texts | None:
    """To the millisecond, as all times of SQL++ are."""
    local = column.cast(pa.timestamp("us"))
    if not _is_usual(local, pa.date32()):
        return None
    millis = pc.floor_temporal(local, unit="millisecond").cast(pa.timestamp("ms"))
    return pc.strftime(millis, "%Y-%m-%dT%H:%M:%S"), Form.STRING


def _is_usual(column: pa.Array, kind: pa.DataType) -> bool:
    """Whether all years have four digits."""
    ends: Any = pc.min_max(column.cast(kind, safe=False))
    low, high = ends["min"].cast(pa.string()).as_py(), ends["max"].cast(pa.string()).as_py()
    return low is None or (low >= _MIN_YEAR and high <= _MAX_YEAR and len(high) == len(_MAX_YEAR))


_VECTORS: Final[dict[str, Callable[[pa.Array], Texts | None]]] = {
    "plain": _plain,
    "float": _floats,
    "string": _strings,
    "date": _dates,
    "timestamp": _timestamps,
}
