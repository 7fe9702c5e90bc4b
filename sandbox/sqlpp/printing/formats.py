"""How each format writes what is neither an object nor a collection: a table from type to text."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from typing import Any, Final, TypeAlias
from uuid import UUID

from sandbox.sqlpp.errors import runtime_error
from sandbox.sqlpp.printing.calendar import date_text, datetime_text, duration_text, time_text
from sandbox.sqlpp.printing.geometries import geometry_json
from sandbox.sqlpp.printing.scalars import (
    double_json,
    double_text,
    float_text,
    json_number,
    string_text,
)
from sandbox.sqlpp.printing.shapes import (
    double_bits,
    shape_adm,
    shape_json,
    shape_lossless,
    shape_tagged,
)
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
    Interval,
    Missing,
    Time,
    Value,
    YearMonthDuration,
    type_name,
)

_UNSUPPORTED: Final = "ASX0004"

Table: TypeAlias = dict[type, Callable[[Any], str]]


def json() -> Table:
    """Plain JSON: types that JSON lacks are strings (a year-month-duration is an object)."""
    return (
        _common()
        | _shapes(shape_json)
        | {
            float: double_json,
            Float32: lambda value: json_number(float_text(value)),
            UUID: lambda value: f'"{value}"',
            bytes: lambda value: f'"{value.hex().upper()}"',
            Date: lambda value: f'"{date_text(value.days)}"',
            Time: lambda value: f'"{time_text(value.ms)}"',
            DateTime: lambda value: f'"{datetime_text(value.ms)}"',
            Duration: lambda value: f'"{duration_text(value.months, value.ms)}"',
            YearMonthDuration: lambda value: f'{{ "year-month-duration": {value.months}}}',
            DayTimeDuration: lambda value: f'"{duration_text(0, value.ms)}"',
            Interval: _interval_json(json),
        }
    )


def lossless_json() -> Table:
    """JSON in which integers and temporal values are objects that name their type."""
    return (
        json()
        | _shapes(shape_lossless)
        | {
            int: lambda value: f'{{ "int64": {value} }}',
            Int8: lambda value: f'{{ "int8": {int(value)} }}',
            Int16: lambda value: f'{{ "int16": {int(value)} }}',
            Int32: lambda value: f'{{ "int32": {int(value)} }}',
            Date: lambda value: f'{{ "date": "{date_text(value.days)}" }}',
            Time: lambda value: f'{{ "time": "{time_text(value.ms)}" }}',
            DateTime: lambda value: f'{{ "datetime": "{datetime_text(value.ms)}" }}',
            Duration: lambda value: f'{{ "duration": "{duration_text(value.months, value.ms)}" }}',
            # The original leaves the quotes out, and so is no JSON.
            DayTimeDuration: lambda value: (
                f'{{ "day-time-duration": "{duration_text(0, value.ms)}"}}'
            ),
            Interval: _interval_json(lossless_json),
        }
    )


def adm() -> Table:
    """The data model's own notation: `date("2020-01-01")`."""
    return (
        _common()
        | _shapes(shape_adm)
        | {
            float: double_text,
            Float32: float_text,
            UUID: lambda value: f'uuid("{value}")',
            bytes: lambda value: f'hex("{value.hex().upper()}")',
            Date: lambda value: f'date("{date_text(value.days)}")',
            Time: lambda value: f'time("{time_text(value.ms)}")',
            DateTime: lambda value: f'datetime("{datetime_text(value.ms)}")',
            Duration: lambda value: f'duration("{duration_text(value.months, value.ms)}")',
            YearMonthDuration: lambda value: (
                f'year-month-duration("{duration_text(value.months, 0)}")'
            ),
            DayTimeDuration: lambda value: f'day-time-duration("{duration_text(0, value.ms)}")',
            Interval: _interval_adm,
        }
    )


def lossless_adm() -> Table:
    """JSON in which what is not an int64, boolean or null is a string: type tag, colon, value."""
    return (
        _common()
        | _shapes(shape_tagged)
        | {
            Missing: lambda value: '"0E"',
            str: lambda value: f'":{string_text(value)[1:]}' if value else '""',
            Int8: lambda value: f'"01:{int(value)}"',
            Int16: lambda value: f'"02:{int(value)}"',
            Int32: lambda value: f'"03:{int(value)}"',
            bytes: lambda value: f'"09:{base64.b64encode(value).decode()}"',
            Float32: lambda value: f'"0B:{_float_bits(value)}"',
            float: lambda value: f'"0C:{double_bits(value)}"',
            DateTime: lambda value: f'"10:{value.ms}"',
            Date: lambda value: f'"11:{value.days}"',
            Time: lambda value: f'"12:{value.ms}"',
            Duration: lambda value: f'"13:{value.months}:{value.ms}"',
            YearMonthDuration: lambda value: f'"24:{value.months}"',
            DayTimeDuration: lambda value: f'"25:{value.ms}"',
            UUID: lambda value: f'"26:{value}"',
            Interval: _refused,
            Geometry: _refused,
        }
    )


def _shapes(print_shape: Callable[[Shape], str]) -> Table:
    return {**dict.fromkeys(SHAPES, print_shape), Geometry: geometry_json}


def _common() -> Table:
    return {
        type(None): _null,
        Missing: _null,
        bool: lambda value: "true" if value else "false",
        int: int.__repr__,
        Int8: int.__repr__,
        Int16: int.__repr__,
        Int32: int.__repr__,
        str: string_text,
    }


def _null(_: Value) -> str:
    return "null"


def _interval_json(table: Callable[[], Table]) -> Callable[[Interval], str]:
    def text(value: Interval) -> str:
        instant = table()[type(value.start)]
        start, end = instant(value.start), instant(value.end)
        return f'{{ "interval": {{ "start": {start}, "end": {end}}}}}'

    return text


def _interval_adm(value: Interval) -> str:
    instant = adm()[type(value.start)]
    return f"interval({instant(value.start)}, {instant(value.end)})"


def _refused(value: Value) -> str:
    message = f"Unsupported type: lossless-adm cannot process input type {type_name(value)}"
    raise runtime_error(_UNSUPPORTED, message)


def _float_bits(value: float) -> int:
    bits: int = struct.unpack("<i", struct.pack("<f", value))[0]
    return bits
