"""`to_…`: values of any type as values of one; what has no meaning is null."""

from __future__ import annotations

from typing import Any, Final

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.functions.checks import bad_format, type_error, unsupported
from sandbox.sqlpp.functions.constructors import is_nonzero
from sandbox.sqlpp.functions.function import fixed, plain
from sandbox.sqlpp.functions.number_text import (
    clamped,
    double_of,
    integer_of,
    rounded_integer_of,
)
from sandbox.sqlpp.functions.texts import text_of
from sandbox.sqlpp.values import COLLECTIONS, NUMBERS, Value, type_name

_TO_NUMBER: Final = "to-number"
_NUMBER_WORDS: Final = (
    "tinyint, smallint, integer, bigint, float, double, boolean, string, array, multiset or object"
)
_CONTAINERS: Final = COLLECTIONS | {dict}


def to_array(value: Value) -> Value:
    """A collection's items, or the one value."""
    return list(value) if type(value) in COLLECTIONS else [value]


def to_atomic(value: Value) -> Value:
    """The one value in however many collections and objects of one."""
    while type(value) in _CONTAINERS:
        if len(value) != 1:
            return None
        value = next(iter(value.values() if type(value) is dict else value))
    return value


def to_object(value: Value) -> Value:
    """An object, empty for what is none."""
    return value if type(value) is dict else {}


def _to_boolean(context: Context, args: list[Value]) -> Value:
    value = args[0]
    kind = type(value)
    if kind is bool:
        return value
    if kind in NUMBERS:
        return is_nonzero(value)
    if kind is str or kind in _CONTAINERS:
        return bool(value)
    return unsupported(context, "to-boolean()", type_name(value))


def _to_bigint(context: Context, args: list[Value]) -> Value:
    value = args[0]
    kind = type(value)
    if kind in NUMBERS or kind is bool:
        return clamped(value, int)
    if kind is str:
        number = rounded_integer_of(value, int)
        if number is None:
            bad_format(context, "bigint", value)
        return number
    return _no_number(context, "to-bigint()", value)


def _to_double(context: Context, args: list[Value]) -> Value:
    value = args[0]
    kind = type(value)
    if kind in NUMBERS or kind is bool:
        return float(value)
    if kind is str:
        number = double_of(value)
        if number is None:
            bad_format(context, "double", value)
        return number
    return _no_number(context, "to-double()", value)


def _no_number(context: Context, name: str, value: Value) -> None:
    if type(value) not in _CONTAINERS:
        unsupported(context, name, type_name(value))


def _to_number(_: Context, args: list[Value]) -> Value:
    value: Any = args[0]
    kind = type(value)
    if kind in NUMBERS:
        return value
    if kind is bool:
        return int(value)
    if kind is str:
        return _number_of(value)
    if kind in _CONTAINERS:
        return None
    raise type_error(_TO_NUMBER, 0, _NUMBER_WORDS, value)


def _number_of(text: str) -> int | float | None:
    integer = integer_of(text, int)
    if integer is not None:
        return integer
    # Digits alone that are no integer are too many, and are no double either.
    if text[:1].isspace() or text.lstrip("+-").isdecimal():
        return None
    return double_of(text)


def _to_string(context: Context, args: list[Value]) -> Value:
    value = args[0]
    text = text_of(value)
    if text is None and type(value) not in _CONTAINERS:
        unsupported(context, "to-string()", type_name(value))
    return text


FUNCTIONS: Final = (
    plain("to-array", 1, to_array),
    plain("to-atomic", 1, to_atomic),
    plain("to-object", 1, to_object),
    fixed("to-boolean", 1, _to_boolean),
    fixed("to-bigint", 1, _to_bigint),
    fixed("to-double", 1, _to_double),
    fixed(_TO_NUMBER, 1, _to_number),
    fixed("to-string", 1, _to_string),
)
