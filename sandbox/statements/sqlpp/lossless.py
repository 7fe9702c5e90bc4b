"""Values of parameters in lossless ADM, as JDBC sends them: strings begin with a type's tag."""

from __future__ import annotations

import base64
import struct
import uuid
from collections.abc import Callable
from typing import Any, Final

from sandbox.sqlpp.errors import SqlppError, runtime_error
from sandbox.sqlpp.shapes import Point
from sandbox.sqlpp.values import (
    MISSING,
    Date,
    DateTime,
    DayTimeDuration,
    Duration,
    Float32,
    Int8,
    Int16,
    Int32,
    Time,
    Value,
    YearMonthDuration,
)


def untagged(value: Any) -> Value:
    """The value that was meant; raises what the original says of text without a tag."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [untagged(item) for item in value]
    if isinstance(value, dict):
        return {name: untagged(item) for name, item in value.items()}
    return value


def _text(text: str) -> Value:
    if not text:
        return text
    tag, colon, rest = text.partition(":")
    read = _READERS.get(tag.upper())
    if read is None or (not colon and tag.upper() != _MISSING):
        raise _malformed()
    try:
        return read(rest)
    except (ValueError, struct.error, TypeError):
        raise _malformed() from None


def _malformed() -> SqlppError:
    code, message = "HYR0124", "Parsing error at N/A: ASX3021: Malformed input stream"
    return runtime_error(code, message)


def _double(bits: str) -> float:
    number: float = struct.unpack("<d", struct.pack("<q", int(bits)))[0]
    return number


def _float(bits: str) -> Float32:
    return Float32(struct.unpack("<f", struct.pack("<i", int(bits)))[0])


def _point(text: str) -> Point:
    x, y = text.split(":")
    return Point(_double(x), _double(y))


def _duration(text: str) -> Duration:
    months, ms = text.split(":")
    return Duration(int(months), int(ms))


_MISSING: Final = "0E"
_READERS: Final[dict[str, Callable[[str], Value]]] = {
    "": lambda text: text,
    "01": Int8,
    "02": Int16,
    "03": Int32,
    "04": int,
    "09": lambda text: base64.b64decode(text, validate=True),
    "0B": _float,
    "0C": _double,
    "0D": lambda text: text,
    _MISSING: lambda text: MISSING,
    "0F": lambda text: text == "true",
    "10": lambda text: DateTime(int(text)),
    "11": lambda text: Date(int(text)),
    "12": lambda text: Time(int(text)),
    "13": _duration,
    "14": _point,
    "24": lambda text: YearMonthDuration(int(text)),
    "25": lambda text: DayTimeDuration(int(text)),
    "26": uuid.UUID,
    "29": lambda text: None,
}
