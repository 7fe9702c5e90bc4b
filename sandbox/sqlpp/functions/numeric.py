"""Numeric functions: they keep the type of their argument where the original does."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from decimal import Context as DecimalContext
from typing import Any, Final

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.functions.arithmetic import LIMITS, as_type
from sandbox.sqlpp.functions.checks import (
    INTEGER_WORDS,
    NUMBER_WORDS,
    integer_argument,
    mismatch,
    whole_number,
)
from sandbox.sqlpp.functions.function import NUMBER, Function, fixed, warning
from sandbox.sqlpp.printing.scalars import double_text, float_text
from sandbox.sqlpp.values import (
    INT64_MAX,
    INT64_MIN,
    INTEGERS,
    NUMBERS,
    Float32,
    Int8,
    Value,
)

# Wide enough for the longest double written out.
_EXACT: Final = DecimalContext(prec=1200)


def guarded(apply: Callable[..., float]) -> Callable[..., float]:
    """The function of Python's math with Java's answers: NaN and infinity instead of errors."""

    def call(*args: float) -> float:
        try:
            return apply(*map(float, args))
        except ValueError:
            return math.nan
        except OverflowError:
            return math.inf

    return call


def java_round(value: float) -> int:
    """Half goes up; NaN is 0; what is too large becomes the largest 64-bit integer."""
    if value != value:
        return 0
    if math.isinf(value):
        return INT64_MAX if value > 0 else INT64_MIN
    floor = math.floor(value)
    return max(INT64_MIN, min(INT64_MAX, floor + (value - floor >= 0.5)))


def _double(name: str, apply: Callable[..., float], count: int = 1) -> Function:
    return warning(name, (NUMBER,) * count, guarded(apply))


def _keeping(
    name: str, integers: Callable[[Any], Value], doubles: Callable[[float], float]
) -> Function:
    """A function of one number whose result has the number's type."""

    def apply(value: Any) -> Value:
        kind = type(value)
        if kind in INTEGERS:
            return integers(value)
        return kind(doubles(value) if math.isfinite(value) else value)

    return warning(name, (NUMBER,), apply)


def _ceiling(value: float) -> float:
    return math.copysign(float(math.ceil(value)), value)


def _floor(value: float) -> float:
    return math.copysign(float(math.floor(value)), value)


def _rint(value: float) -> float:
    return math.copysign(float(round(value)), value)


def _abs(value: Any) -> Value:
    kind = type(value)
    if kind not in INTEGERS:
        return value if value >= 0 or value != value else kind(-value)
    return value if value >= 0 or value == LIMITS[kind][0] else kind(-value)


def _sign(value: Any) -> Int8:
    # NaN is not above or at zero, and so is below.
    return Int8((value > 0) - (not value >= 0))


def _ln(value: float) -> float:
    return -math.inf if value == 0 else math.log(value)


def _log(value: float) -> float:
    return -math.inf if value == 0 else math.log10(value)


def _sinh(value: float) -> float:
    try:
        return math.sinh(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def _round(context: Context, args: list[Value]) -> Value:
    value, digits = args[0], whole_number(args[1]) if len(args) > 1 else 0
    if type(value) not in NUMBERS:
        return mismatch(context, "round", 0, NUMBER_WORDS, value)
    if digits is None:
        return mismatch(context, "round", 1, INTEGER_WORDS, args[1])
    if digits >= 0:
        factor = _power_of_ten(digits)
        if type(value) in INTEGERS:
            return int(value)
        rounded = float(java_round(_product(value, factor)))
        return as_type(rounded / factor if factor else math.nan, type(value))
    factor = _power_of_ten(-digits)
    rounded = _product(float(java_round(value / factor)), factor)
    return _saturated(rounded) if type(value) in INTEGERS else as_type(rounded, type(value))


def _power_of_ten(exponent: int) -> float:
    return 10.0**exponent if exponent <= 308 else math.inf


def _product(left: float, right: float) -> float:
    return math.nan if left == 0 and math.isinf(right) else left * right


def _saturated(value: float) -> int:
    if value != value:
        return 0
    return INT64_MAX if value >= INT64_MAX else INT64_MIN if value <= INT64_MIN else int(value)


def _scaled(name: str, mode: str) -> Function:
    """Rounding the decimal digits that are written, not the binary number behind them."""

    def call(context: Context, args: list[Value]) -> Value:
        value = args[0]
        kind = type(value)
        if kind not in NUMBERS:
            return mismatch(context, name, 0, NUMBER_WORDS, value)
        digits = integer_argument(context, name, 1, args[1])
        if digits is None:
            return None
        if kind in INTEGERS or not math.isfinite(value) or value == 0:
            return value
        # Beyond these there is nothing left to cut, or everything.
        unit = Decimal(1).scaleb(-max(-400, min(400, digits)))
        written = Decimal(float_text(value) if kind is Float32 else double_text(value))
        rounded = written.quantize(unit, rounding=mode, context=_EXACT)
        return as_type(float(rounded), kind) if rounded else kind(0.0)

    return fixed(name, 2, call)


def _half_to_even() -> Function:
    one = _keeping("round-half-to-even", lambda value: value, _rint)
    two = _scaled("round-half-to-even", ROUND_HALF_EVEN)

    def call(context: Context, args: list[Value]) -> Value:
        return (one if len(args) == 1 else two).call(context, args)

    return Function("round-half-to-even", 1, 2, call)


FUNCTIONS: Final = (
    warning("abs", (NUMBER,), _abs),
    _keeping("ceiling", lambda value: value, _ceiling),
    _keeping("floor", lambda value: value, _floor),
    warning("sign", (NUMBER,), _sign),
    _double("acos", math.acos),
    _double("asin", math.asin),
    _double("atan", math.atan),
    _double("atan2", math.atan2, 2),
    _double("cos", math.cos),
    _double("cosh", math.cosh),
    _double("sin", math.sin),
    _double("sinh", _sinh),
    _double("tan", math.tan),
    _double("tanh", math.tanh),
    _double("degrees", math.degrees),
    _double("radians", math.radians),
    _double("exp", math.exp),
    _double("ln", _ln),
    _double("log", _log),
    _double("sqrt", math.sqrt),
    fixed("e", 0, lambda _, args: math.e),
    fixed("pi", 0, lambda _, args: math.pi),
    Function("round", 1, 2, _round),
    _half_to_even(),
    _scaled("round-half-up", ROUND_HALF_UP),
    _scaled("trunc", ROUND_DOWN),
)
