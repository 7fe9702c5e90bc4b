"""Aggregates as functions of a collection.

`array_…` skips null and MISSING, as SQL's aggregates do; `strict_…` (or `coll_…`) is null where
one is met. Both are null over nothing, but the counts.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from itertools import chain
from typing import Any, Final, TypeAlias

from sandbox.sqlpp.compare import order_key
from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import runtime_error
from sandbox.sqlpp.functions.arithmetic import WIDTH, as_type
from sandbox.sqlpp.functions.checks import (
    NOT_A_COLLECTION,
    incompatible,
    overflow,
    unsupported,
)
from sandbox.sqlpp.functions.function import Function, fixed
from sandbox.sqlpp.functions.moments import STATISTICS, statistic
from sandbox.sqlpp.shapes import SHAPES
from sandbox.sqlpp.values import (
    COLLECTIONS,
    FLOATS,
    INT64_MAX,
    INT64_MIN,
    MISSING,
    NUMBERS,
    Duration,
    Interval,
    Multiset,
    Value,
    is_unknown,
    type_name,
)

Aggregate: TypeAlias = Callable[[Context, list[Value]], Value]
"""The aggregate of known values; there is at least one."""

_SUM, _AVG, _MIN_MAX = "agg-sum", "agg-avg", "min/max"
# Python's own order of these is the language's.
_NATURAL: Final = frozenset({int, str, bytes})
_WITHOUT_ORDER: Final = SHAPES | {dict, Multiset, Duration, Interval}


def items_of(collection: Value) -> list[Value] | None:
    """The items, None for an unknown collection, an error for what is none."""
    if is_unknown(collection):
        return None
    if type(collection) in COLLECTIONS:
        items: list[Value] = collection
        return items
    message = (
        "Type mismatch: expected value of type array or multiset, but got the value of type "
        f"{type_name(collection)}"
    )
    raise runtime_error(NOT_A_COLLECTION, message)


def _known(items: list[Value]) -> list[Value]:
    return [item for item in items if item is not None and item is not MISSING]


def _skipping(aggregate: Aggregate) -> Aggregate:
    def call(context: Context, args: list[Value]) -> Value:
        known = _known(items_of(args[0]) or [])
        return aggregate(context, known) if known else None

    return call


def _strict(aggregate: Aggregate) -> Aggregate:
    def call(context: Context, args: list[Value]) -> Value:
        items = items_of(args[0]) or []
        # The values before an unknown are looked at, and may be worth a warning.
        known = items if all(map(_is_known, items)) else items[: _first_unknown(items)]
        result = aggregate(context, known) if known else None
        return result if len(known) == len(items) else None

    return call


def _is_known(value: Value) -> bool:
    return value is not None and value is not MISSING


def _first_unknown(items: list[Value]) -> int:
    return next(index for index, item in enumerate(items) if not _is_known(item))


def _count_known(_: Context, args: list[Value]) -> Value:
    return len(_known(items_of(args[0]) or []))


def _count_all(_: Context, args: list[Value]) -> Value:
    return len(items_of(args[0]) or [])


def _numbers(context: Context, name: str, items: list[Value]) -> list[Any]:
    """The numbers among the items, with a warning for each type that is none."""
    kinds = set(map(type, items))
    if kinds <= NUMBERS:
        return items
    for item in items:
        if type(item) not in NUMBERS:
            unsupported(context, name, type_name(item))
    return [item for item in items if type(item) in NUMBERS]


def _all_numbers(context: Context, name: str, items: list[Value]) -> list[Any] | None:
    """The items, or None with a warning about the first that is no number."""
    for item in items:
        if type(item) not in NUMBERS:
            unsupported(context, name, type_name(item))
            return None
    return items


def _total(numbers: list[Any]) -> int | float:
    """Integers as long as there are no doubles; 64 bits must do at every step."""
    if not any(type(number) in FLOATS for number in numbers):
        bound = max(map(abs, numbers), default=0) * len(numbers)
        if bound <= INT64_MAX:
            return int(sum(numbers))
    total: int | float = 0
    for number in numbers:
        if type(total) is int and type(number) in FLOATS:
            total = float(total)
        total += number
        if type(total) is int and not INT64_MIN <= total <= INT64_MAX:
            raise overflow(_SUM)
    return total


def _sum(context: Context, items: list[Value]) -> Value:
    return _total(_numbers(context, _SUM, items))


def _strict_sum(context: Context, items: list[Value]) -> Value:
    numbers = _all_numbers(context, _SUM, items)
    return None if numbers is None else _total(numbers)


def _mean(numbers: list[Any]) -> float | None:
    # Not sum(): later Pythons correct its rounding.
    total = reduce(operator.add, map(float, numbers), 0.0)
    return total / len(numbers) if numbers else None


def _avg(context: Context, items: list[Value]) -> Value:
    return _mean(_numbers(context, _AVG, items))


def _strict_avg(context: Context, items: list[Value]) -> Value:
    numbers = _all_numbers(context, _AVG, items)
    return None if numbers is None else _mean(numbers)


def _extreme(choose: Callable[..., Any]) -> Aggregate:
    """The least or the greatest of values of one type, numbers in the widest type among them."""

    def aggregate(context: Context, items: list[Value]) -> Value:
        first = items[0]
        kind = type(first)
        if kind in _WITHOUT_ORDER:
            return unsupported(context, _MIN_MAX, type_name(first))
        kinds = set(map(type, items))
        if kinds == {kind} and kind in _NATURAL:
            return choose(items)
        if kinds <= NUMBERS:
            best = choose(items, key=order_key)
            return best if len(kinds) == 1 else _widened(best, kinds)
        if len(kinds) == 1:
            return choose(items, key=order_key)
        other = next(item for item in items if not _alike(first, item))
        return incompatible(context, _MIN_MAX, first, other)

    return aggregate


def _alike(left: Value, right: Value) -> bool:
    return type(left) is type(right) or (type(left) in NUMBERS and type(right) in NUMBERS)


def _widened(value: Any, kinds: set[type]) -> Value:
    kind = max(kinds, key=WIDTH.__getitem__)
    return as_type(float(value), kind) if kind in FLOATS else kind(value)


def greatest(context: Context, args: list[Value]) -> Value:
    """The greatest of the arguments that are known."""
    return _MAX(context, [args])


def least(context: Context, args: list[Value]) -> Value:
    """The least of the arguments that are known."""
    return _MIN(context, [args])


def _collect(_: Context, args: list[Value]) -> Value:
    return list(items_of(args[0]) or [])


_MIN: Final = _skipping(_extreme(min))
_MAX: Final = _skipping(_extreme(max))
# Name after the prefix: the aggregate that skips unknowns, the one that does not.
_TABLE: Final[dict[str, tuple[Aggregate, Aggregate]]] = {
    "count": (_count_known, _count_all),
    "sum": (_skipping(_sum), _strict(_strict_sum)),
    "avg": (_skipping(_avg), _strict(_strict_avg)),
    "min": (_MIN, _strict(_extreme(min))),
    "max": (_MAX, _strict(_extreme(max))),
} | {name: (_skipping(statistic(name)), _strict(statistic(name))) for name in STATISTICS}


def _named(name: str, skipping: Aggregate, strict: Aggregate) -> tuple[Function, ...]:
    plain = name.replace("_", "-")
    return (
        fixed(f"array-{plain}", 1, skipping, propagates=False),
        fixed(f"strict-{plain}", 1, strict, propagates=False),
        fixed(f"coll-{plain}", 1, strict, propagates=False),
    )


FUNCTIONS: Final = (
    *chain.from_iterable(_named(name, *pair) for name, pair in _TABLE.items()),
    fixed("strict-arrayagg", 1, _collect, propagates=False),
    Function("greatest", 0, None, greatest, propagates=False),
    Function("least", 0, None, least, propagates=False),
)
