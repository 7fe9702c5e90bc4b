"""Asking what a value is."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.functions.function import Function, fixed, plain
from sandbox.sqlpp.values import (
    COLLECTIONS,
    MISSING,
    NUMBERS,
    Date,
    DateTime,
    DayTimeDuration,
    Duration,
    Interval,
    Multiset,
    Time,
    Value,
    YearMonthDuration,
    type_name,
)

_DURATIONS: Final = frozenset({Duration, YearMonthDuration, DayTimeDuration})
_TEMPORAL: Final = _DURATIONS | {Date, Time, DateTime, Interval}
_CONTAINERS: Final = COLLECTIONS | {dict}


def _is_one_of(name: str, *types: type) -> Function:
    allowed = frozenset(types)
    return plain(name, 1, lambda value: type(value) in allowed)


def _is_null(_: Context, args: list[Value]) -> Value:
    return MISSING if args[0] is MISSING else args[0] is None


def _is_missing(_: Context, args: list[Value]) -> bool:
    return args[0] is MISSING


def _is_unknown(_: Context, args: list[Value]) -> bool:
    return args[0] is MISSING or args[0] is None


def _get_type(_: Context, args: list[Value]) -> str:
    return type_name(args[0])


FUNCTIONS: Final = (
    fixed("is-null", 1, _is_null, propagates=False),
    fixed("is-missing", 1, _is_missing, propagates=False),
    fixed("is-unknown", 1, _is_unknown, propagates=False),
    fixed("get-type", 1, _get_type, propagates=False),
    plain("is-atomic", 1, lambda value: type(value) not in _CONTAINERS),
    _is_one_of("is-array", list),
    _is_one_of("is-multiset", Multiset),
    _is_one_of("is-object", dict),
    _is_one_of("is-boolean", bool),
    _is_one_of("is-number", *NUMBERS),
    _is_one_of("is-string", str),
    _is_one_of("is-binary", bytes),
    _is_one_of("is-uuid", UUID),
    _is_one_of("is-date", Date),
    _is_one_of("is-time", Time),
    _is_one_of("is-datetime", DateTime),
    _is_one_of("is-duration", *_DURATIONS),
    _is_one_of("is-interval", Interval),
    _is_one_of("is-temporal", *_TEMPORAL),
)
