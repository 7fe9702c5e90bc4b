"""What the operators mean: + - * / div % ^ and unary minus, over numbers and over time.

Both run the widest type of the two; integers that leave it are an error, a division by zero is
null. `/` gives a double even for integers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import runtime_error
from sandbox.sqlpp.functions.checks import ILLEGAL_ARGUMENT, NUMBER_WORDS, mismatch, overflow
from sandbox.sqlpp.functions.function import Function, fixed
from sandbox.sqlpp.functions.temporal_arithmetic import TEMPORAL, temporal
from sandbox.sqlpp.values import (
    FLOATS,
    INT64_MAX,
    INT64_MIN,
    INTEGERS,
    NUMBERS,
    Float32,
    Int8,
    Int16,
    Int32,
    Value,
    to_float32,
)

WIDTH: Final[dict[type, int]] = {Int8: 0, Int16: 1, Int32: 2, int: 3, Float32: 4, float: 5}
LIMITS: Final[dict[type, tuple[int, int]]] = {
    Int8: (-(2**7), 2**7 - 1),
    Int16: (-(2**15), 2**15 - 1),
    Int32: (-(2**31), 2**31 - 1),
    int: (INT64_MIN, INT64_MAX),
}
_POWER: Final = "power"
_ARITHMETIC_WORDS: Final = (
    "tinyint, smallint, integer, bigint, float, double, date, time, datetime, duration, "
    "yearmonthduration or daytimeduration"
)


class _Operator(NamedTuple):
    name: str
    integers: Callable[[int, int], int | None]
    doubles: Callable[[float, float], float | None]


def widest(left: Value, right: Value) -> type:
    """The type that both numbers are taken to."""
    kind, other = type(left), type(right)
    return kind if WIDTH[kind] >= WIDTH[other] else other


def fit(value: int, kind: type, function: str) -> Value:
    """The integer in the type, or an error."""
    low, high = LIMITS[kind]
    if low <= value <= high:
        return value if kind is int else kind(value)
    # The original finds that 64 bits are not enough before it asks in which direction.
    raise overflow(function, under=value < low and value >= INT64_MIN)


def as_type(value: float, kind: type) -> Value:
    """The double as a float or a double."""
    return to_float32(value) if kind is Float32 else value


def _binary(operator: _Operator) -> Function:
    name, integers = operator.name, operator.integers

    def call(context: Context, args: list[Value]) -> Value:
        left, right = args
        kind, other = type(left), type(right)
        if kind is int and other is int:
            result = integers(left, right)
            if result is None or INT64_MIN <= result <= INT64_MAX:
                return result
            raise overflow(name)
        if kind in NUMBERS and other in NUMBERS:
            return _numbers(operator, left, right)
        # One operand of time is enough; the left one is looked at first.
        for index, value in enumerate(args):
            if type(value) in TEMPORAL:
                return temporal(context, name, left, right)
            if type(value) not in NUMBERS:
                return mismatch(context, name, index, _ARITHMETIC_WORDS, value)
        raise AssertionError(args)

    return fixed(name, 2, call)


def _numbers(operator: _Operator, left: Any, right: Any) -> Value:
    kind = widest(left, right)
    if kind in INTEGERS:
        result = operator.integers(int(left), int(right))
        return None if result is None else fit(result, kind, operator.name)
    quotient = operator.doubles(float(left), float(right))
    return None if quotient is None else as_type(quotient, kind)


def _divide_call(context: Context, args: list[Value]) -> Value:
    left, right = args
    if type(left) in INTEGERS and type(right) in INTEGERS:
        return float(left) / float(right) if right else None
    return _DIVIDE.call(context, args)


def _add(left: Any, right: Any) -> Any:
    return left + right


def _subtract(left: Any, right: Any) -> Any:
    return left - right


def _multiply(left: Any, right: Any) -> Any:
    return left * right


def _quotient(left: float, right: float) -> float | None:
    return left / right if right else None


def _integer_quotient(left: int, right: int) -> int | None:
    if not right:
        return None
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) is (right < 0) else -quotient


def _remainder(left: int, right: int) -> int | None:
    if not right:
        return None
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


def _float_remainder(left: float, right: float) -> float | None:
    if right == 0:
        return None
    return math.fmod(left, right) if math.isfinite(left) else math.nan


def _integer_power(base: int, exponent: int) -> int:
    if exponent < 0:
        message = f"exponent ({exponent}) must be >= 0"
        raise runtime_error(ILLEGAL_ARGUMENT, message)
    # Nothing larger can fit, and Python would compute it; the original takes no long exponent.
    if exponent > LIMITS[Int32][1] or (exponent > 63 and abs(base) > 1):
        raise overflow(_POWER)
    result: int = base ** (exponent if abs(base) > 1 else exponent % 2 + 2 * (exponent > 0))
    if not INT64_MIN <= result <= INT64_MAX:
        raise overflow(_POWER)
    return result


def _float_power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        negative = base < 0 and exponent % 2 == 1
        return -math.inf if negative else math.inf
    except ValueError:
        if base != 0:
            return math.nan
        negative = math.copysign(1, base) < 0 and exponent % 2 == 1
        return -math.inf if negative else math.inf


def negate(context: Context, args: list[Value]) -> Value:
    """Unary minus; the lowest integer of a type is its own opposite."""
    value = args[0]
    kind = type(value)
    if kind in INTEGERS:
        return value if value == LIMITS[kind][0] else kind(-value)
    if kind in FLOATS:
        return kind(-value)
    return mismatch(context, "numeric-unary-minus", 0, NUMBER_WORDS, value)


_DIVIDE: Final = _binary(_Operator("numeric-divide", _integer_quotient, _quotient))

FUNCTIONS: Final = (
    _binary(_Operator("numeric-add", _add, _add)),
    _binary(_Operator("numeric-subtract", _subtract, _subtract)),
    _binary(_Operator("numeric-multiply", _multiply, _multiply)),
    fixed("numeric-divide", 2, _divide_call),
    _binary(_Operator("numeric-div", _integer_quotient, _quotient)),
    _binary(_Operator("numeric-mod", _remainder, _float_remainder)),
    _binary(_Operator(_POWER, _integer_power, _float_power)),
    fixed("numeric-unary-minus", 1, negate),
)
