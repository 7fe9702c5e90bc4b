"""Values as bare texts: what `string()` and `to_string()` give."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from sandbox.sqlpp.printing.calendar import date_text, datetime_text, duration_text, time_text
from sandbox.sqlpp.printing.scalars import double_text, float_text
from sandbox.sqlpp.values import (
    Date,
    DateTime,
    DayTimeDuration,
    Duration,
    Float32,
    Int8,
    Int16,
    Int32,
    Time,
    Value,
    YearMonthDuration,
)


def text_of(value: Value) -> str | None:
    """The text, or None for a type that has none."""
    convert = _TEXTS.get(type(value))
    return None if convert is None else convert(value)


_TEXTS: Final[dict[type, Callable[[Any], str]]] = {
    bool: lambda value: "true" if value else "false",
    int: int.__repr__,
    Int8: int.__repr__,
    Int16: int.__repr__,
    Int32: int.__repr__,
    float: double_text,
    Float32: float_text,
    str: lambda value: value,
    bytes: lambda value: base64.b64encode(value).decode(),
    UUID: str,
    Date: lambda value: date_text(value.days),
    Time: lambda value: time_text(value.ms),
    DateTime: lambda value: datetime_text(value.ms),
    Duration: lambda value: duration_text(value.months, value.ms),
    YearMonthDuration: lambda value: duration_text(value.months, 0),
    DayTimeDuration: lambda value: duration_text(0, value.ms),
}
