"""What a built-in function is, and the short ways to make one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.functions.checks import INTEGER_WORDS, NUMBER_WORDS, mismatch, type_error
from sandbox.sqlpp.values import (
    COLLECTIONS,
    INTEGERS,
    NUMBERS,
    Date,
    DateTime,
    DayTimeDuration,
    Duration,
    Interval,
    Time,
    Value,
    YearMonthDuration,
)

Call: TypeAlias = Callable[[Context, list[Value]], Value]


@dataclass(frozen=True, slots=True)
class Function:
    """A built-in function.

    `propagates`: whoever calls it answers MISSING if any argument is, else null if any is, and
    calls it only otherwise. `max_args` None is any number.
    """

    name: str
    min_args: int
    max_args: int | None
    call: Call
    propagates: bool = True


class Kind(NamedTuple):
    """What an argument may be, and how the original says so."""

    types: frozenset[type]
    words: str


def fixed(name: str, count: int, call: Call, *, propagates: bool = True) -> Function:
    """A function of exactly so many arguments."""
    return Function(name, count, count, call, propagates)


def plain(name: str, count: int, apply: Callable[..., Value]) -> Function:
    """A function of values, neither null nor MISSING, that never warns."""
    return fixed(name, count, lambda _, args: apply(*args))


def warning(name: str, kinds: tuple[Kind, ...], apply: Callable[..., Value]) -> Function:
    """A function of arguments of the given kinds; anything else is null with a warning."""

    def call(context: Context, args: list[Value]) -> Value:
        for index, (value, wanted) in enumerate(zip(args, kinds, strict=True)):
            if type(value) not in wanted.types:
                return mismatch(context, name, index, wanted.words, value)
        return apply(*args)

    return fixed(name, len(kinds), call)


def refusing(name: str, kinds: tuple[Kind, ...], apply: Callable[..., Value]) -> Function:
    """A function of arguments of the given kinds; anything else stops the statement."""

    def call(_: Context, args: list[Value]) -> Value:
        for index, (value, wanted) in enumerate(zip(args, kinds, strict=True)):
            if type(value) not in wanted.types:
                raise type_error(name, index, wanted.words, value)
        return apply(*args)

    return fixed(name, len(kinds), call)


def quiet(name: str, kinds: tuple[Kind | None, ...], apply: Callable[..., Value]) -> Function:
    """A function of arguments of the given kinds (None: any); else it is null without a word."""

    def call(_: Context, args: list[Value]) -> Value:
        for value, wanted in zip(args, kinds, strict=True):
            if wanted is not None and type(value) not in wanted.types:
                return None
        return apply(*args)

    return fixed(name, len(kinds), call)


def kind(words: str, *types: type) -> Kind:
    """Values of these types, and the words for them."""
    return Kind(frozenset(types), words)


STRING = kind("string", str)
INTEGER = Kind(INTEGERS, INTEGER_WORDS)
NUMBER = Kind(NUMBERS, NUMBER_WORDS)
BINARY = kind("binary", bytes)
DATE = kind("date", Date)
TIME = kind("time", Time)
DATETIME = kind("datetime", DateTime)
DURATION = kind("duration", Duration)
YEAR_MONTH = kind("yearmonthduration", YearMonthDuration)
DAY_TIME = kind("daytimeduration", DayTimeDuration)
INTERVAL = kind("interval", Interval)
OBJECT = kind("object", dict)
ARRAY = kind("array", list)
COLLECTION = Kind(COLLECTIONS, "array or multiset")
