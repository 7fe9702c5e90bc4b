"""What functions say about values they cannot take: mostly null and a warning, seldom an error."""

from __future__ import annotations

from typing import Final

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import Location, SqlppError, runtime_error
from sandbox.sqlpp.printing.scalars import double_text
from sandbox.sqlpp.values import INTEGERS, NUMBERS, Value, type_name

INTEGER_WORDS: Final = "tinyint, smallint, integer or bigint"
NUMBER_WORDS: Final = "tinyint, smallint, integer, bigint, float or double"

TYPE_MISMATCH: Final = "ASX0002"
INCOMPATIBLE: Final = "ASX0003"
UNSUPPORTED: Final = "ASX0004"
BAD_ITEM: Final = "ASX0005"
BAD_FORMAT: Final = "ASX0006"
OVERFLOW: Final = "ASX0007"
UNDERFLOW: Final = "ASX0008"
NEGATIVE: Final = "ASX0010"
DUPLICATE_FIELD: Final = "ASX0013"
NOT_A_COLLECTION: Final = "ASX0037"
MIXED_LISTS: Final = "ASX0038"
OUT_OF_RANGE: Final = "ASX0043"
NOT_INTEGER: Final = "ASX0045"
BAD_LIKE: Final = "ASX0046"
TOO_LARGE: Final = "ASX1079"

MAX_SIZE: Final = 2**24
"""The most items or characters that one call may make of a few."""

# Errors of the platform under the original, which it passes on as they are.
ILLEGAL_ARGUMENT: Final = "IllegalArgumentException"
BAD_PATTERN: Final = "PatternSyntaxException"
NO_GROUP: Final = "IndexOutOfBoundsException"


class PlacelessError(SqlppError):
    """An error of the data that the original tells without a place."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message, None, "runtime")

    def at(self, location: Location) -> SqlppError:
        """The same error, still without a place."""
        return self


def ordinal(index: int) -> str:
    """1st, 2nd, … for an index counted from 0."""
    position = index + 1
    if position % 100 in (11, 12, 13):
        return f"{position}th"
    return f"{position}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(position % 10, 'th') }"


def mismatch_words(function: str, index: int, expected: str, value: Value) -> str:
    """The sentence about an argument of the wrong type."""
    return (
        f"Type mismatch: function {function} expects its {ordinal(index)} input parameter to be "
        f"of type {expected}, but the actual input type is {type_name(value)}"
    )


def mismatch(context: Context, function: str, index: int, expected: str, value: Value) -> None:
    """Warn of an argument of the wrong type; the function's value is null."""
    context.warn(TYPE_MISMATCH, mismatch_words(function, index, expected, value))


def type_error(function: str, index: int, expected: str, value: Value) -> SqlppError:
    """The error of those functions that refuse a wrong type."""
    return runtime_error(TYPE_MISMATCH, mismatch_words(function, index, expected, value))


def unsupported(context: Context, function: str, kind: str) -> None:
    """Warn of a type that the function has no meaning for."""
    context.warn(UNSUPPORTED, f"Unsupported type: {function} cannot process input type {kind}")


def incompatible(context: Context, function: str, left: Value, right: Value) -> None:
    """Warn of two values that do not go together."""
    context.warn(INCOMPATIBLE, incompatible_words(function, left, right))


def incompatible_words(function: str, left: Value, right: Value) -> str:
    """The sentence about two values that do not go together."""
    return (
        f"Type incompatibility: function {function} gets incompatible input values: "
        f"{type_name(left)} and {type_name(right)}"
    )


def bad_format(context: Context, kind: str, text: str) -> None:
    """Warn of a text that is no value of the type."""
    context.warn(BAD_FORMAT, f"Invalid format for {kind} in {text}")


def format_error(function: str, kind: str) -> SqlppError:
    """The error of those functions that refuse a text or a number."""
    return runtime_error(BAD_FORMAT, f"Invalid format for {kind} in {function}")


def item_error(function: str, value: Value) -> SqlppError:
    """The error about an item that a collection must not hold here."""
    message = (
        f"Invalid item type: function {function} cannot process item type {type_name(value)} "
        "in an input array (or multiset)"
    )
    return runtime_error(BAD_ITEM, message)


def overflow(function: str, *, under: bool = False) -> SqlppError:
    """The error about a number that its type cannot hold."""
    code, word = (UNDERFLOW, "Underflow") if under else (OVERFLOW, "Overflow")
    return runtime_error(code, f"{word} in {function}")


def integer_argument(context: Context, function: str, index: int, value: Value) -> int | None:
    """The argument as an integer (2.0 is one), or None after a warning."""
    if type(value) in INTEGERS:
        return int(value)
    if type(value) not in NUMBERS:
        mismatch(context, function, index, NUMBER_WORDS, value)
        return None
    if value.is_integer():
        return int(value)
    message = (
        f"Invalid value: function {function} expects its {ordinal(index)} input parameter to be "
        f"an integer value, got {_java_number(value)}"
    )
    context.warn(NOT_INTEGER, message)
    return None


def count_argument(context: Context, function: str, index: int, value: Value) -> int | None:
    """The argument as an integer that is not negative, or None after a warning."""
    count = integer_argument(context, function, index, value)
    if count is not None and count < 0:
        message = (
            f"Invalid value: function {function} expects its {ordinal(index)} input parameter to "
            f"be a non-negative value, got {_java_number(float(count))}"
        )
        context.warn(NEGATIVE, message)
        return None
    return count


def whole_number(value: Value) -> int | None:
    """The value as an integer if it is one (2.0 is), else None, without a word."""
    if type(value) in INTEGERS:
        return int(value)
    if type(value) in NUMBERS and value.is_integer():
        return int(value)
    return None


def _java_number(value: float) -> str:
    return {"INF": "Infinity", "-INF": "-Infinity"}.get(text := double_text(value), text)


def check_size(name: str, size: int) -> None:
    """Refuse what one small call would fill the memory with."""
    if size > MAX_SIZE:
        raise runtime_error(TOO_LARGE, f"{name} would make {size} items, more than {MAX_SIZE}")
