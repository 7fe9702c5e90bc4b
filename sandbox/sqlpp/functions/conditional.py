"""Choosing among values that may be unknown, NaN or infinite, and comparing whole values."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from sandbox.sqlpp.compare import equals, group_key
from sandbox.sqlpp.context import Context
from sandbox.sqlpp.functions.function import Function, plain
from sandbox.sqlpp.values import MISSING, NUMBERS, Multiset, Value


def _first(name: str, skips: Callable[[Value], bool]) -> Function:
    """The first argument that is not skipped, else null."""

    def call(_: Context, args: list[Value]) -> Value:
        return next((value for value in args if not skips(value)), None)

    return Function(name, 0, None, call, propagates=False)


def _first_number(name: str, skips: Callable[[Any], bool]) -> Function:
    """The first number that is not skipped; anything but a number before it makes it null."""

    def call(_: Context, args: list[Value]) -> Value:
        if args[0] is MISSING:
            return MISSING
        for value in args:
            if type(value) not in NUMBERS:
                return None
            if not skips(value):
                return value
        return None

    return Function(name, 2, None, call, propagates=False)


def _unless_equal(name: str, instead: Value) -> Function:
    """The first argument, unless it equals the second."""
    return plain(name, 2, lambda value, other: instead if equals(value, other) is True else value)


def _switch(_: Context, args: list[Value]) -> Value:
    """The value after the case that is the first argument, else the last one."""
    subject = _deep_key(args[0])
    for case, value in zip(args[1:-1:2], args[2::2], strict=False):
        # A number of another type is another case.
        if type(case) is type(args[0]) and _deep_key(case) == subject:
            return value
    return args[-1]


def deeply_equal(left: Value, right: Value) -> bool:
    """Whether the two are the same all the way down; an unknown inside equals its like."""
    same: bool = _deep_key(left) == _deep_key(right)
    return same


def _deep_key(value: Value) -> Any:
    """Equal for values that are the same: the order of a multiset and of fields says nothing."""
    if type(value) is dict:
        return ("object", frozenset((name, _deep_key(item)) for name, item in value.items()))
    if type(value) is list:
        return ("array", tuple(map(_deep_key, value)))
    if type(value) is Multiset:
        return ("multiset", frozenset(Counter(map(_deep_key, value)).items()))
    return group_key(value)


def _is_null(value: Value) -> bool:
    return value is None


def _is_missing(value: Value) -> bool:
    return value is MISSING


def _is_unknown(value: Value) -> bool:
    return value is None or value is MISSING


def _is_nan(value: float) -> bool:
    return value != value


def _is_nan_or_infinite(value: float) -> bool:
    return not math.isfinite(value)


FUNCTIONS: Final = (
    _first("if-null", _is_null),
    _first("if-missing", _is_missing),
    _first("if-missing-or-null", _is_unknown),
    _first_number("if-inf", math.isinf),
    _first_number("if-nan", _is_nan),
    _first_number("if-nan-or-inf", _is_nan_or_infinite),
    _unless_equal("null-if", None),
    _unless_equal("missing-if", MISSING),
    _unless_equal("nan-if", math.nan),
    _unless_equal("posinf-if", math.inf),
    _unless_equal("neginf-if", -math.inf),
    Function("switch-case", 3, None, _switch, propagates=False),
    plain("deep-equal", 2, deeply_equal),
)
