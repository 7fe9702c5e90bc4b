"""Bits of 64-bit integers, counted from 1 at the right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.functions.checks import OUT_OF_RANGE, mismatch, ordinal, whole_number
from sandbox.sqlpp.functions.function import Function, fixed
from sandbox.sqlpp.values import COLLECTIONS, INT64_MAX, INT64_MIN, NUMBERS, Value

_BITS: Final = 64
_MASK: Final = 2**_BITS - 1


def _signed(value: int) -> int:
    value &= _MASK
    return value - 2**_BITS if value >> (_BITS - 1) else value


def _integer(context: Context, name: str, index: int, value: Value) -> int | None:
    number = whole_number(value)
    if number is not None and INT64_MIN <= number <= INT64_MAX:
        return number
    mismatch(context, name, index, "bigint", value)
    return None


def _folded(name: str, apply: Callable[[int, int], int]) -> Function:
    def call(context: Context, args: list[Value]) -> Value:
        result: int | None = None
        for index, value in enumerate(args):
            number = _integer(context, name, index, value)
            if number is None:
                return None
            result = number if result is None else apply(result, number)
        return result

    return Function(name, 1, None, call)


def _single(name: str, apply: Callable[[int], int]) -> Function:
    def call(context: Context, args: list[Value]) -> Value:
        number = _integer(context, name, 0, args[0])
        return None if number is None else apply(number)

    return fixed(name, 1, call)


def _mask(context: Context, name: str, count: int, value: Value) -> int | None:
    """The bits at one position or at several, or None after a warning."""
    mask = 0
    for item in value if type(value) in COLLECTIONS else [value]:
        position = whole_number(item)
        if position is None or not INT64_MIN <= position <= INT64_MAX:
            # Of numbers and of an array's items only what they should be is said.
            is_alone = item is value and type(item) not in NUMBERS
            expected = "bigint or array" if is_alone else "bigint"
            mismatch(context, name, 1, expected, item)
            return None
        if not 1 <= position <= _BITS:
            message = (
                f"Value out of range, function asterix:{name}#{count} expects its {ordinal(1)} "
                f"input parameter value to be between 1 and {_BITS}, received {position}"
            )
            context.warn(OUT_OF_RANGE, message)
            return None
        mask |= 1 << (position - 1)
    return mask


def _changed(name: str, apply: Callable[[int, int], int]) -> Function:
    def call(context: Context, args: list[Value]) -> Value:
        number = _integer(context, name, 0, args[0])
        if number is None:
            return None
        mask = _mask(context, name, len(args), args[1])
        return None if mask is None else _signed(apply(number, mask))

    return fixed(name, 2, call)


def _tested(name: str) -> Function:
    def call(context: Context, args: list[Value]) -> Value:
        number = _integer(context, name, 0, args[0])
        if number is None:
            return None
        mask = _mask(context, name, len(args), args[1])
        if mask is None:
            return None
        if len(args) > 2 and type(args[2]) is not bool:
            return mismatch(context, name, 2, "boolean", args[2])
        wants_all = len(args) > 2 and args[2]
        found = number & mask
        return found == mask if wants_all else found != 0

    return Function(name, 2, 3, call)


def _shift(context: Context, args: list[Value]) -> Value:
    number = _integer(context, "bitshift", 0, args[0])
    count = None if number is None else _integer(context, "bitshift", 1, args[1])
    if number is None or count is None:
        return None
    if len(args) > 2 and type(args[2]) is not bool:
        return mismatch(context, "bitshift", 2, "boolean", args[2])
    if len(args) > 2 and args[2]:
        left = count % _BITS
        bits = number & _MASK
        return _signed(bits << left | bits >> (_BITS - left))
    return _signed(number << count % _BITS) if count >= 0 else number >> -count % _BITS


FUNCTIONS: Final = (
    _folded("bitand", lambda left, right: left & right),
    _folded("bitor", lambda left, right: left | right),
    _folded("bitxor", lambda left, right: left ^ right),
    _single("bitnot", lambda value: ~value),
    _single("bitcount", lambda value: (value & _MASK).bit_count()),
    _changed("bitset", lambda value, mask: value | mask),
    _changed("bitclear", lambda value, mask: value & ~mask),
    Function("bitshift", 2, 3, _shift),
    _tested("bittest"),
    _tested("isbitset"),
)
