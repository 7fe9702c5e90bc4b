"""Texts as numbers, the way the original reads them; None for a text that is none."""

from __future__ import annotations

import re
from typing import Any, Final

from sandbox.sqlpp.functions.arithmetic import LIMITS
from sandbox.sqlpp.values import Int8, Int16, Int32

SUFFIXES: Final[dict[type, str]] = {Int8: "i8", Int16: "i16", Int32: "i32", int: "i64"}
_INTEGER: Final = re.compile(r"[+-]?\d+", re.ASCII)
_DOUBLE: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NAMED: Final = {
    "NaN": "nan",
    "INF": "inf",
    "-INF": "-inf",
    "Infinity": "inf",
    "+Infinity": "inf",
    "-Infinity": "-inf",
}


def integer_of(text: str, kind: type) -> int | None:
    """Digits that the type can hold; the type's own suffix may follow (`5i8`)."""
    digits = text.removesuffix(SUFFIXES[kind])
    if not _INTEGER.fullmatch(digits):
        return None
    low, high = LIMITS[kind]
    value = int(digits)
    return value if low <= value <= high else None


def double_of(text: str) -> float | None:
    """A decimal number, with spaces around it and a `d` or `f` after it if need be."""
    text = text.strip()
    if text in _NAMED:
        return float(_NAMED[text])
    if text[-1:] in ("d", "D", "f", "F"):
        text = text[:-1]
    return float(text) if _DOUBLE.fullmatch(text) else None


def rounded_integer_of(text: str, kind: type) -> int | None:
    """An integer, or a number with a point or exponent cut down to one."""
    if _INTEGER.fullmatch(text.removesuffix(SUFFIXES[kind])):
        return integer_of(text, kind)
    # Spaces may stand after a point or an exponent only.
    if text[:1].isspace() or _INTEGER.fullmatch(text.strip()):
        return None
    value = double_of(text)
    return None if value is None else clamped(value, kind)


def clamped(value: Any, kind: type) -> int:
    """The number without its fraction, or the nearest that the type can hold; NaN is 0."""
    low, high = LIMITS[kind]
    if value != value:
        return 0
    return high if value >= high else low if value <= low else int(value)
