"""Comma separated rows: strings always in quotes, nulls as `null`, no lists.

A row ends in a carriage return and a newline, which the caller adds. Two slips of the original are
not repeated: it cut strings after their first character, and broke the quoting of durations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final
from uuid import UUID

from sandbox.sqlpp.errors import runtime_error
from sandbox.sqlpp.printing import calendar
from sandbox.sqlpp.printing.geometries import geometry_json
from sandbox.sqlpp.printing.scalars import double_text, float_text
from sandbox.sqlpp.printing.shapes import shape_json
from sandbox.sqlpp.shapes import SHAPES, Geometry, Shape
from sandbox.sqlpp.values import (
    Date,
    DateTime,
    DayTimeDuration,
    Duration,
    Float32,
    Int8,
    Int16,
    Int32,
    Missing,
    Time,
    Value,
    YearMonthDuration,
    type_name,
)

_UNSUPPORTED: Final = "ASX0004"


def csv_row(value: Value) -> str:
    """An object's values, or one value; an object within is written in its place."""
    if type(value) is dict:
        return ",".join([csv_row(item) for item in value.values()])
    return _PRINTERS.get(type(value), _refused)(value)


def csv_header(names: Iterable[str]) -> str:
    """The row of column names."""
    return ",".join(quoted(name) for name in names)


def quoted(text: str) -> str:
    """In quotes, with quotes within doubled."""
    return '"' + text.replace('"', '""') + '"'


def _refused(value: Value) -> str:
    message = f"Unsupported type: csv cannot process input type {type_name(value)}"
    raise runtime_error(_UNSUPPORTED, message)


def _shape(value: Shape) -> str:
    return quoted(shape_json(value))


def _geometry(value: Geometry) -> str:
    return quoted(geometry_json(value))


def _null(_: Value) -> str:
    return "null"


_SCALARS: Final[dict[type, Callable[[Any], str]]] = {
    type(None): _null,
    Missing: _null,
    bool: lambda value: "true" if value else "false",
    int: int.__repr__,
    Int8: int.__repr__,
    Int16: int.__repr__,
    Int32: int.__repr__,
    float: double_text,
    Float32: float_text,
    str: quoted,
    bytes: lambda value: value.hex().upper(),
    UUID: lambda value: f'"{value}"',
    Date: lambda value: f'"{calendar.date_text(value.days)}"',
    Time: lambda value: f'"{calendar.time_text(value.ms)}"',
    DateTime: lambda value: f'"{calendar.datetime_text(value.ms)}"',
    Duration: lambda value: f'"{calendar.duration_text(value.months, value.ms)}"',
    YearMonthDuration: lambda value: f'"{calendar.duration_text(value.months, 0)}"',
    DayTimeDuration: lambda value: f'"{calendar.duration_text(0, value.ms)}"',
}
_PRINTERS: Final[dict[type, Callable[[Any], str]]] = {
    **_SCALARS,
    **dict.fromkeys(SHAPES, _shape),
    Geometry: _geometry,
}
