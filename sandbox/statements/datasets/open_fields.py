"""Values as JSON text and back, every kind kept: what columns cannot hold lies in `_open`.

What JSON has is written as it is (an integer without a point is an int64). Any other kind is an
object of one member whose name begins with `$`: `{"$date": 18262}`; an object of the user's own
that looks like one is wrapped in `$object`.
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Callable
from typing import Any, Final

from sandbox.sqlpp.shapes import (
    SHAPES,
    Circle,
    Line,
    Point,
    Polygon,
    Rectangle,
    coordinates,
)
from sandbox.sqlpp.values import (
    Date,
    DateTime,
    DayTimeDuration,
    Duration,
    Float32,
    Int8,
    Int16,
    Int32,
    Interval,
    Multiset,
    Time,
    Value,
    YearMonthDuration,
)

_MARK: Final = "$"


def to_text(value: Value) -> str:
    """The value as JSON text."""
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def from_text(text: str) -> Value:
    """The value that a text holds."""
    return json.loads(text, object_hook=_object)


def _plain(value: Value) -> Any:
    write = _WRITERS.get(type(value))
    return value if write is None else write(value)


def _object_out(value: dict[str, Value]) -> Any:
    plain = {name: _plain(item) for name, item in value.items()}
    if len(plain) == 1 and next(iter(plain)).startswith(_MARK):
        # As pairs: an object would be read as what its name says.
        (pair,) = plain.items()
        return {"$object": list(pair)}
    return plain


def _double_out(value: float) -> Any:
    return value if math.isfinite(value) else {"$double": repr(value)}


def _points(numbers: list[float]) -> list[Point]:
    return [Point(x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]


def _tagged(name: str, plain: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: {name: plain(value)}


_WRITERS: Final[dict[type, Callable[[Any], Any]]] = {
    dict: _object_out,
    list: lambda value: [_plain(item) for item in value],
    float: _double_out,
    Multiset: _tagged("$multiset", lambda v: [_plain(item) for item in v]),
    Int8: _tagged("$int8", int),
    Int16: _tagged("$int16", int),
    Int32: _tagged("$int32", int),
    Float32: _tagged("$float", repr),
    bytes: _tagged("$binary", bytes.hex),
    uuid.UUID: _tagged("$uuid", str),
    Date: _tagged("$date", lambda v: v.days),
    Time: _tagged("$time", lambda v: v.ms),
    DateTime: _tagged("$datetime", lambda v: v.ms),
    Duration: _tagged("$duration", lambda v: [v.months, v.ms]),
    YearMonthDuration: _tagged("$year-month-duration", lambda v: v.months),
    DayTimeDuration: _tagged("$day-time-duration", lambda v: v.ms),
    Interval: _tagged("$interval", lambda v: [_plain(v.start), _plain(v.end)]),
    **{shape: _tagged(f"${shape.__name__.lower()}", coordinates) for shape in SHAPES},
}
_READERS: Final[dict[str, Callable[[Any], Value]]] = {
    "$object": lambda v: {v[0]: v[1]},
    "$double": float,
    "$multiset": Multiset,
    "$int8": Int8,
    "$int16": Int16,
    "$int32": Int32,
    "$float": lambda v: Float32(float(v)),
    "$binary": bytes.fromhex,
    "$uuid": uuid.UUID,
    "$date": Date,
    "$time": Time,
    "$datetime": DateTime,
    "$duration": lambda v: Duration(*v),
    "$year-month-duration": YearMonthDuration,
    "$day-time-duration": DayTimeDuration,
    "$interval": lambda v: Interval(*v),
    "$point": lambda v: Point(*v),
    "$line": lambda v: Line(*_points(v)),
    "$rectangle": lambda v: Rectangle(*_points(v)),
    "$circle": lambda v: Circle(Point(v[0], v[1]), v[2]),
    "$polygon": lambda v: Polygon(tuple(_points(v))),
}


def _object(members: dict[str, Any]) -> Value:
    if len(members) == 1:
        ((name, value),) = members.items()
        read = _READERS.get(name)
        if read is not None:
            return read(value)
    return members
