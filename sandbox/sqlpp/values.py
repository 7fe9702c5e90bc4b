"""The values of SQL++: null and MISSING apart, numbers by width, open objects, multisets.

null is None, boolean is bool, int64 is int, double is float, string is str, array is list, object
is dict (insertion order; a field never holds MISSING), binary is bytes, uuid is uuid.UUID.
"""

from __future__ import annotations

from ctypes import c_float
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from uuid import UUID

from sandbox.sqlpp.shapes import Circle, Geometry, Line, Point, Polygon, Rectangle

Value: TypeAlias = Any

INT64_MIN: Final = -(2**63)
INT64_MAX: Final = 2**63 - 1


class Missing:
    """The value of what is not there; never a truth value, so that no test forgets it."""

    __slots__ = ()

    def __bool__(self) -> bool:
        """Refuse: `if value` would take MISSING for an answer."""
        raise TypeError(repr(self))

    def __repr__(self) -> str:
        """Print as SQL++ spells it."""
        return "MISSING"

    def __reduce__(self) -> str:
        """Stay the only one when copied or pickled."""
        return "MISSING"


MISSING: Final = Missing()


class Int8(int):
    """A tinyint."""

    __slots__ = ()


class Int16(int):
    """A smallint."""

    __slots__ = ()


class Int32(int):
    """An integer of 32 bits."""

    __slots__ = ()


class Float32(float):
    """A float of 32 bits."""

    __slots__ = ()


class Multiset(list[Value]):
    """A collection without order: `{{ … }}`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Date:
    """Days since 1970-01-01."""

    days: int


@dataclass(frozen=True, slots=True)
class Time:
    """Milliseconds since midnight."""

    ms: int


@dataclass(frozen=True, slots=True)
class DateTime:
    """Milliseconds since 1970-01-01T00:00:00."""

    ms: int


@dataclass(frozen=True, slots=True)
class Duration:
    """Months and milliseconds, neither of which says how long the other is."""

    months: int
    ms: int


@dataclass(frozen=True, slots=True)
class YearMonthDuration:
    """A duration in whole months."""

    months: int


@dataclass(frozen=True, slots=True)
class DayTimeDuration:
    """A duration in milliseconds."""

    ms: int


@dataclass(frozen=True, slots=True)
class Interval:
    """From start to before end, both of one kind: Date, Time or DateTime."""

    start: Date | Time | DateTime
    end: Date | Time | DateTime


TYPE_NAMES: Final[dict[type, str]] = {
    Missing: "missing",
    type(None): "null",
    bool: "boolean",
    Int8: "tinyint",
    Int16: "smallint",
    Int32: "integer",
    int: "bigint",
    Float32: "float",
    float: "double",
    str: "string",
    list: "array",
    Multiset: "multiset",
    dict: "object",
    bytes: "binary",
    UUID: "uuid",
    Date: "date",
    Time: "time",
    DateTime: "datetime",
    Duration: "duration",
    YearMonthDuration: "yearmonthduration",
    DayTimeDuration: "daytimeduration",
    Interval: "interval",
    Point: "point",
    Line: "line",
    Rectangle: "rectangle",
    Circle: "circle",
    Polygon: "polygon",
    Geometry: "geometry",
}

INTEGERS: Final = frozenset({int, Int8, Int16, Int32})
FLOATS: Final = frozenset({float, Float32})
NUMBERS: Final = INTEGERS | FLOATS
COLLECTIONS: Final = frozenset({list, Multiset})


def type_name(value: Value) -> str:
    """The name of a value's type, as get_type() and the messages spell it."""
    return TYPE_NAMES[type(value)]


def is_number(value: Value) -> bool:
    """Whether it is an integer or floating number of any width (a boolean is not)."""
    return type(value) in NUMBERS


def is_collection(value: Value) -> bool:
    """Whether it is an array or a multiset."""
    return type(value) in COLLECTIONS


def is_unknown(value: Value) -> bool:
    """Whether it is null or MISSING."""
    return value is None or value is MISSING


def to_float32(number: float) -> Float32:
    """The nearest float of 32 bits; what is too large becomes infinite."""
    return Float32(c_float(number).value)
