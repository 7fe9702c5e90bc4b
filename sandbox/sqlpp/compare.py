"""Which values are equal, which comes first, and which belong to one group.

`equals` and `compare` answer in SQL++'s logic: MISSING if either side is, else null if either is or
if the two cannot be compared. `order_key` is total: MISSING, null, then by type, then by value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias
from uuid import UUID

from sandbox.sqlpp.values import (
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

# Within a rank the value decides, between ranks the rank.
RANKS: Final[dict[type, int]] = {
    Missing: 0,
    type(None): 1,
    bool: 2,
    Int8: 3,
    Int16: 3,
    Int32: 3,
    int: 3,
    Float32: 3,
    float: 3,
    str: 4,
    Date: 5,
    Time: 6,
    DateTime: 7,
    Duration: 8,
    YearMonthDuration: 9,
    DayTimeDuration: 10,
    Interval: 11,
    UUID: 12,
    bytes: 13,
    list: 14,
    Multiset: 15,
    dict: 16,
}
_NAN: Final = (1, 0.0)


def equals(left: Value, right: Value) -> Value:
    """`left = right`: true, false, null or MISSING."""
    if left is MISSING or right is MISSING:
        return MISSING
    if left is None or right is None:
        return None
    kind, other = type(left), type(right)
    if kind is other or (kind in NUMBERS and other in NUMBERS):
        deep = _DEEP.get(kind)
        return deep(left, right) if deep else left == right
    return None


def compare(left: Value, right: Value) -> Value:
    """-1, 0 or 1, or null/MISSING where there is no order between the two."""
    if left is MISSING or right is MISSING:
        return MISSING
    if left is None or right is None or not comparable(left, right):
        return None
    mine, yours = order_key(left), order_key(right)
    return (mine > yours) - (mine < yours)


def comparable(left: Value, right: Value) -> bool:
    """Whether the two have an order: same type or both numbers, and neither object nor multiset."""
    kind, other = type(left), type(right)
    if kind in NUMBERS:
        return other in NUMBERS
    return kind is other and kind not in _UNORDERED


def order_key(value: Value) -> Key:
    """A key whose Python order is ORDER BY's; total over all values."""
    rank = RANKS[type(value)]
    if rank == RANKS[int]:
        # NaN sorts after every other number, and is equal to itself.
        return (rank, _NAN if value != value else (0, value))
    part = _ORDER_PARTS.get(type(value))
    return (rank, part(value) if part else value)


def group_key(value: Value) -> Key:
    """A hashable key: equal keys are one group, for GROUP BY, DISTINCT and hash joins."""
    return order_key(value)


def _items_equal(left: list[Value], right: list[Value]) -> Value:
    if len(left) != len(right):
        return False
    return _all_equal(zip(left, right, strict=True))


def _multisets_equal(left: list[Value], right: list[Value]) -> Value:
    return sorted(map(order_key, left)) == sorted(map(order_key, right))


def _objects_equal(left: dict[str, Value], right: dict[str, Value]) -> Value:
    if left.keys() != right.keys():
        return False
    return _all_equal((value, right[name]) for name, value in left.items())


def _all_equal(pairs: Any) -> Value:
    unknown = False
    for left, right in pairs:
        same = equals(left, right)
        if same is False:
            return False
        unknown = unknown or same is not True
    return None if unknown else True


def _sequence(value: list[Value]) -> Key:
    return tuple(map(order_key, value))


def _bag(value: list[Value]) -> Key:
    return tuple(sorted(map(order_key, value)))


def _fields(value: dict[str, Value]) -> Key:
    return tuple(sorted((name, order_key(item)) for name, item in value.items()))


_UNORDERED: Final = frozenset({dict, Multiset, Duration, Interval})
_DEEP: Final[dict[type, Callable[[Any, Any], Value]]] = {
    list: _items_equal,
    Multiset: _multisets_equal,
    dict: _objects_equal,
}
_ORDER_PARTS: Final[dict[type, Callable[[Any], Key]]] = {
    type(None): lambda value: (),
    Missing: lambda value: (),
    list: _sequence,
    Multiset: _bag,
    dict: _fields,
    Date: lambda value: value.days,
    Time: lambda value: value.ms,
    DateTime: lambda value: value.ms,
    Duration: lambda value: (value.months, value.ms),
    YearMonthDuration: lambda value: value.months,
    DayTimeDuration: lambda value: value.ms,
    Interval: lambda value: (order_key(value.start), order_key(value.end)),
    UUID: lambda value: value.int,
}
