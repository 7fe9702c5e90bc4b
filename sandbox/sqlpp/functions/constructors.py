"""Values of a named type from texts and from values of other types: `int8("5")`, `date("…")`."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias
from uuid import UUID, uuid4

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.functions.checks import bad_format, unsupported
from sandbox.sqlpp.functions.function import Function, fixed
from sandbox.sqlpp.functions.number_text import clamped, double_of, rounded_integer_of
from sandbox.sqlpp.functions.temporal_text import date_of, datetime_of, duration_of, time_of
from sandbox.sqlpp.functions.texts import text_of
from sandbox.sqlpp.printing.calendar import MS_PER_DAY
from sandbox.sqlpp.values import (
    NUMBERS,
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
    to_float32,
    type_name,
)

Parse: TypeAlias = Callable[[str], Value]
"""A value from its text, None if it is none."""
Convert: TypeAlias = Callable[[Any], Value]

_FLOAT_MAX: Final = (2 - 2**-23) * 2.0**127
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2})*")
_BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _constructor(name: str, kind: str, parse: Parse, convert: dict[type, Convert]) -> Function:
    """A function of a text or of a value of the types in the table, which includes its own."""

    def call(context: Context, args: list[Value]) -> Value:
        value = args[0]
        if type(value) is str:
            made = parse(value)
            if made is None:
                bad_format(context, kind, value)
            return made
        apply = convert.get(type(value))
        if apply is None:
            return unsupported(context, f"{name}()", type_name(value))
        return apply(value)

    return fixed(name, 1, call)


def boolean_of(text: str) -> bool | None:
    """`true` or `false`, nothing else."""
    return {"true": True, "false": False}.get(text)


def is_nonzero(value: Any) -> bool:
    """Whether a number counts as true; NaN does not."""
    return bool(value == value and value != 0)


def _integers(name: str, kind: type, words: str) -> Function:
    def parse(text: str) -> Value:
        value = rounded_integer_of(text, kind)
        return None if value is None else kind(value)

    def convert(value: Any) -> Value:
        return kind(clamped(value, kind))

    return _constructor(name, words, parse, _from_numbers(convert))


def _from_numbers(convert: Convert) -> dict[type, Convert]:
    table: dict[type, Convert] = dict.fromkeys(NUMBERS, convert)
    return table | {bool: convert}


def _float_of(text: str) -> Float32 | None:
    value = double_of(text)
    return None if value is None else to_float32(value)


def _float_from(value: Any) -> Float32:
    """The nearest float; what is too large becomes the largest."""
    number = float(value)
    if number == number:
        number = max(-_FLOAT_MAX, min(_FLOAT_MAX, number))
    return to_float32(number)


def hex_of(text: str) -> bytes | None:
    """Pairs of hexadecimal digits."""
    return bytes.fromhex(text) if _HEX.fullmatch(text) else None


def base64_of(text: str) -> bytes | None:
    """Base 64 with its padding."""
    if not _BASE64.fullmatch(text):
        return None
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def _uuid_of(text: str) -> UUID | None:
    # What follows the 36 characters is not looked at.
    return UUID(text[:36]) if _UUID.match(text) else None


def _year_month_of(text: str) -> YearMonthDuration | None:
    duration = duration_of(text)
    if duration is None or any(letter in text for letter in "DTHS."):
        return None
    return YearMonthDuration(duration.months)


def _day_time_of(text: str) -> DayTimeDuration | None:
    duration = duration_of(text)
    date_part = text.partition("T")[0]
    if duration is None or "Y" in date_part or "M" in date_part:
        return None
    return DayTimeDuration(duration.ms)


def _same(value: Value) -> Value:
    return value


def _temporal() -> tuple[Function, ...]:
    dates: dict[type, Convert] = {Date: _same, DateTime: lambda v: Date(v.ms // MS_PER_DAY)}
    times: dict[type, Convert] = {Time: _same, DateTime: lambda v: Time(v.ms % MS_PER_DAY)}
    moments: dict[type, Convert] = {DateTime: _same, Date: lambda v: DateTime(v.days * MS_PER_DAY)}
    durations: dict[type, Convert] = {
        Duration: _same,
        YearMonthDuration: lambda v: Duration(v.months, 0),
        DayTimeDuration: lambda v: Duration(0, v.ms),
    }
    months: dict[type, Convert] = {
        YearMonthDuration: _same,
        Duration: lambda v: YearMonthDuration(v.months),
    }
    days: dict[type, Convert] = {
        DayTimeDuration: _same,
        Duration: lambda v: DayTimeDuration(v.ms),
    }
    return (
        _constructor("date", "date", date_of, dates),
        _constructor("time", "time", time_of, times),
        _constructor("datetime", "datetime", datetime_of, moments),
        _constructor("duration", "duration", duration_of, durations),
        _constructor("year-month-duration", "yearmonthduration", _year_month_of, months),
        _constructor("day-time-duration", "daytimeduration", _day_time_of, days),
    )


def _string(context: Context, args: list[Value]) -> Value:
    text = text_of(args[0])
    return unsupported(context, "string()", type_name(args[0])) if text is None else text


def _uuid(context: Context, args: list[Value]) -> Value:
    return _UUID_OF_TEXT.call(context, args) if args else uuid4()


_UUID_OF_TEXT: Final = _constructor("uuid", "uuid", _uuid_of, {UUID: _same})

FUNCTIONS: Final = (
    _constructor("boolean", "boolean", boolean_of, _from_numbers(is_nonzero)),
    _integers("int8", Int8, "tinyint"),
    _integers("int16", Int16, "smallint"),
    _integers("int32", Int32, "integer"),
    _integers("int64", int, "bigint"),
    _constructor("float", "float", _float_of, _from_numbers(_float_from)),
    _constructor("double", "double", double_of, _from_numbers(float)),
    fixed("string", 1, _string),
    *_temporal(),
    Function("uuid", 0, 1, _uuid),
    fixed("create-uuid", 0, lambda _, args: uuid4()),
    _constructor("hex", "binary", hex_of, {bytes: _same}),
    _constructor("base64", "binary", base64_of, {bytes: _same}),
)
