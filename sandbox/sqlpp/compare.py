"""Which values are equal, which comes first, and which belong to one group.

`equals` and `compare` answer in SQL++'s logic: MISSING if either side is, else null if either is or
if the two cannot be compared. `order_key` is total: MISSING, null, then by type, then by value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias
from uuid import UUID

from sandbox.sqlpp.shapes import (
    SHAPES,
    Circle,
    Geometry,
    Line,
    Point,
    Polygon,
    Rectangle,
    coordinates,
)
from sandbox.sqlpp.values import (
    FLOATS,
    MISSING,
    NUMBERS,
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
    Multiset,
    Time,
    Value,
    YearMonthDuration,
)

Key: TypeAlias = Any

# Within a rank the value decides, between ranks the rank, as ORDER BY has it.
_NUMBER: Final = 2
RANKS: Final[dict[type, int]] = {
    Missing: 0,
    type(None): 1,
    Int8: _NUMBER,
    Int16: _NUMBER,
    Int32: _NUMBER,
    int: _NUMBER,
    Float32: _NUMBER,
    float: _NUMBER,
    bytes: 3,
    str: 4,
    bool: 5,
    DateTime: 6,
    Date: 7,
    Time: 8,
    Duration: 9,
    Point: 10,
    list: 11,
    Multiset: 12,
    dict: 13,
    Line: 14,
    Polygon: 15,
    Circle: 16,
    Rectangle: 17,
    Interval: 18,
    YearMonthDuration: 19,
    DayTimeDuration: 20,
    UUID: 21,
    Geometry: 22,
}
# NaN is equal to itself and after every other number; -0.0 is before 0.0.
_NAN_KEY: Final = (_NUMBER, float("inf"), 1)
_UNORDERED: Final = SHAPES | {dict, Multiset, Duration, Interval, Geometry}


class Incomparable:
    """What comes of two values that have no order, or no equality, between them."""

    __slots__ = ()


INCOMPARABLE: Final = Incomparable()
Verdict: TypeAlias = int | Incomparable


def equals(left: Value, right: Value) -> Value:
    """`left = right`: true, false, null or MISSING."""
    if left is MISSING or right is MISSING:
        return MISSING
    if left is None or right is None:
        return None
    verdict = same(left, right)
    return None if verdict is INCOMPARABLE else verdict == 0


def compare(left: Value, right: Value) -> Value:
    """-1, 0 or 1, or null/MISSING where there is no order between the two."""
    if left is MISSING or right is MISSING:
        return MISSING
    if left is None or right is None:
        return None
    verdict = order(left, right)
    return None if verdict is INCOMPARABLE else verdict


def same(left: Value, right: Value) -> Verdict:
    """0 if two known values are equal, another number if not, or INCOMPARABLE."""
    kind, other = type(left), type(right)
    if kind is not other:
        if kind not in NUMBERS or other not in NUMBERS:
            return INCOMPARABLE
        if kind in FLOATS or other in FLOATS:
            return _ordered(float(left), float(right))
    deep = _DEEP.get(kind)
    return deep(left, right) if deep else _ordered(left, right)


def order(left: Value, right: Value) -> Verdict:
    """-1, 0 or 1 for two known values, or INCOMPARABLE."""
    return INCOMPARABLE if type(left) in _UNORDERED else same(left, right)


def order_key(value: Value) -> Key:
    """A key whose Python order is ORDER BY's; total over all values."""
    kind = type(value)
    if kind in NUMBERS:
        if value != value:
            return _NAN_KEY
        return (_NUMBER, value) if value else _zero_key(value)
    part = _ORDER_PARTS.get(kind)
    return (RANKS[kind], part(value) if part else value)


def group_key(value: Value) -> Key:
    """A hashable key: equal keys are one group, for GROUP BY, DISTINCT and hash joins."""
    return order_key(value)


def _zero_key(value: Value) -> Key:
    return (_NUMBER, 0, -1 if str(value)[0] == "-" else 0)


def _ordered(left: Value, right: Value) -> int:
    mine, yours = order_key(left), order_key(right)
    return int(mine > yours) - int(mine < yours)


def _nested(left: Value, right: Value) -> Verdict:
    """Inside of arrays and objects nothing can be said of null and MISSING."""
    if left is None or right is None or left is MISSING or right is MISSING:
        return INCOMPARABLE
    return same(left, right)


def _first_difference(pairs: Iterable[tuple[Value, Value]]) -> Verdict:
    """The first difference decides, but one pair that cannot be compared spoils all."""
    decision = 0
    for left, right in pairs:
        verdict = _nested(left, right)
        if isinstance(verdict, Incomparable):
            return INCOMPARABLE
        decision = decision or verdict
    return decision


def _compare_items(left: list[Value], right: list[Value]) -> Verdict:
    decision = _first_difference(zip(left, right, strict=False))
    return decision or len(left) - len(right)


def _compare_objects(left: dict[str, Value], right: dict[str, Value]) -> Verdict:
    if left.keys() != right.keys():
        return 1
    return _first_difference((value, right[name]) for name, value in left.items())


def _sequence(value: list[Value]) -> Key:
    return tuple(map(order_key, value))


def _fields(value: dict[str, Value]) -> Key:
    return tuple(sorted((name, order_key(item)) for name, item in value.items()))


_DEEP: Final[dict[type, Callable[[Any, Any], Verdict]]] = {
    list: _compare_items,
    Multiset: _compare_items,
    dict: _compare_objects,
}
_ORDER_PARTS: Final[dict[type, Callable[[Any], Key]]] = {
    type(None): lambda value: (),
    Missing: lambda value: (),
    list: _sequence,
    Multiset: _sequence,
    dict: _fields,
    Date: lambda value: value.days,
    Time: lambda value: value.ms,
    DateTime: lambda value: value.ms,
    Duration: lambda value: (value.months, value.ms),
    YearMonthDuration: lambda value: value.months,
    DayTimeDuration: lambda value: value.ms,
    Interval: lambda value: (order_key(value.start), order_key(value.end)),
    UUID: lambda value: value.int,
    Geometry: lambda value: value.wkb,
} | dict.fromkeys(SHAPES, coordinates)
