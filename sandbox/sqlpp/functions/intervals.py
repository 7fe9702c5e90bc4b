"""Intervals: made, taken apart, compared (Allen's relations), cut into bins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Final, TypeAlias

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import runtime_error
from sandbox.sqlpp.functions.checks import (
    INCOMPATIBLE,
    format_error,
    incompatible_words,
    item_error,
    type_error,
)
from sandbox.sqlpp.functions.function import INTERVAL, Function, Kind, fixed, kind, refusing
from sandbox.sqlpp.functions.temporal_arithmetic import parts, shifted
from sandbox.sqlpp.functions.temporal_text import date_of, datetime_of, duration_of, time_of
from sandbox.sqlpp.printing.calendar import MS_PER_DAY, civil_from_days
from sandbox.sqlpp.values import (
    Date,
    DateTime,
    DayTimeDuration,
    Duration,
    Interval,
    Time,
    Value,
    YearMonthDuration,
)

Point: TypeAlias = Date | Time | DateTime
_POINTS: Final = frozenset({Date, Time, DateTime})
_POINT_WORDS: Final = "date, time or datetime"
_BIN_WORDS: Final = "yearmonthduration or daytimeduration"
_INTERVAL, _BIN, _BINS = "interval", "interval-bin", "overlap-bins"
_OVERLAPPING: Final = "get-overlapping-interval"


def raw(point: Any) -> int:
    """What points of one kind are compared by."""
    value: int = point.days if type(point) is Date else point.ms
    return value


def _make(name: str, start: Any, end: Any) -> Interval:
    if raw(start) >= raw(end):
        raise format_error(name, _INTERVAL)
    return Interval(start, end)


def _interval(_: Context, args: list[Value]) -> Value:
    start, end = args
    if type(start) is not type(end):
        raise runtime_error(INCOMPATIBLE, incompatible_words(_INTERVAL, start, end))
    if type(start) not in _POINTS:
        raise item_error(_INTERVAL, start)
    return _make(_INTERVAL, start, end)


def _start_from(
    name: str, parse: Callable[[str], Any], of_point: Kind, of_length: Kind
) -> Function:
    """From a point (or its text) for a duration (or its text)."""

    def apply(start: Any, length: Any) -> Value:
        point = parse(start) if type(start) is str else start
        duration = duration_of(length) if type(length) is str else length
        if point is None or duration is None:
            raise format_error(name, _INTERVAL)
        return _make(name, point, shifted(point, *parts(duration)))

    return refusing(name, (of_point, of_length), apply)


def _end_of(name: str, of_start: bool, make: type | None = None) -> Function:
    def apply(value: Interval) -> Value:
        point = value.start if of_start else value.end
        if make is not None and type(point) is not make:
            raise format_error(name, _INTERVAL)
        return point

    return refusing(name, (INTERVAL,), apply)


def _relation(name: str, holds: Callable[[int, int, int, int], bool]) -> Function:
    """Whether it holds between start and end of the one and start and end of the other."""

    def apply(left: Interval, right: Interval) -> bool:
        return holds(raw(left.start), raw(left.end), raw(right.start), raw(right.end))

    return refusing(name, (INTERVAL, INTERVAL), apply)


def _common(_: Context, args: list[Value]) -> Value:
    left, right = args
    if type(left) is not Interval and type(right) is not Interval:
        raise type_error(_OVERLAPPING, 0, _INTERVAL, left)
    for value in args:
        if type(value) is not Interval:
            raise runtime_error(INCOMPATIBLE, incompatible_words(_OVERLAPPING, left, right))
    if type(left.start) is not type(right.start):
        words = incompatible_words(_OVERLAPPING, left.start, right.start)
        raise runtime_error(INCOMPATIBLE, words)
    start, end = max(left.start, right.start, key=raw), min(left.end, right.end, key=raw)
    return Interval(start, end) if raw(start) < raw(end) else None


def _length(value: Interval) -> DayTimeDuration:
    unit = MS_PER_DAY if type(value.start) is Date else 1
    return DayTimeDuration((raw(value.end) - raw(value.start)) * unit)


def _checked(name: str, point: Value, anchor: Value, width: Value, index: int) -> None:
    if type(point) not in _POINTS:
        raise type_error(name, 0, _POINT_WORDS, point)
    if type(point) is not type(anchor):
        raise runtime_error(INCOMPATIBLE, incompatible_words(name, point, anchor))
    if type(width) not in (YearMonthDuration, DayTimeDuration):
        raise type_error(name, index, _BIN_WORDS, width)
    if not any(parts(width)) or (type(point) is Time and type(width) is YearMonthDuration):
        raise format_error(name, _INTERVAL)


def _bin_number(point: Any, anchor: Any, width: Any) -> int:
    if type(width) is YearMonthDuration:
        return (_months(point) - _months(anchor)) // int(width.months)
    unit = MS_PER_DAY if type(point) is Date else 1
    return (raw(point) - raw(anchor)) * unit // int(width.ms)


def _months(point: Any) -> int:
    days = point.days if type(point) is Date else point.ms // MS_PER_DAY
    year, month, _ = civil_from_days(days)
    return year * 12 + month


def _bin_at(name: str, anchor: Any, width: Any, number: int) -> Interval:
    months, ms = parts(width)
    start = shifted(anchor, months * number, ms * number)
    return _make(name, start, shifted(anchor, months * (number + 1), ms * (number + 1)))


def _bin(_: Context, args: list[Value]) -> Value:
    point, anchor, width = args
    _checked(_BIN, point, anchor, width, 2)
    return _bin_at(_BIN, anchor, width, _bin_number(point, anchor, width))


def _bins(context: Context, args: list[Value]) -> Value:
    interval, anchor, width = args
    if type(interval) is not Interval:
        raise type_error(_BINS, 0, _INTERVAL, interval)
    _checked(_BINS, interval.start, anchor, width, 2)
    first = _bin_number(interval.start, anchor, width)
    return list(_bins_until(context, interval, anchor, width, first))


def _bins_until(
    context: Context, interval: Interval, anchor: Any, width: Any, first: int
) -> Iterator[Interval]:
    for number in count(first):
        context.check()
        made = _bin_at(_BINS, anchor, width, number)
        yield made
        if raw(made.end) >= raw(interval.end):
            return


def _starts() -> Iterator[Function]:
    for name, parse, make in (("date", date_of, Date), ("datetime", datetime_of, DateTime)):
        point = kind(f"{name} or string", make, str)
        length = Kind(frozenset({Duration, YearMonthDuration, DayTimeDuration, str}), point.words)
        yield _start_from(f"interval-start-from-{name}", parse, point, length)
    length = kind("duration, daytimeduration or string", Duration, DayTimeDuration, str)
    point = kind("time or string", Time, str)
    yield _start_from("interval-start-from-time", time_of, point, length)


def _ends() -> Iterator[Function]:
    for side in ("start", "end"):
        yield _end_of(f"get-interval-{side}", side == "start")
        for make in (Date, Time, DateTime):
            name = f"get-interval-{side}-{make.__name__.lower()}"
            yield _end_of(name, side == "start", make)


FUNCTIONS: Final = (
    fixed(_INTERVAL, 2, _interval),
    *_starts(),
    *_ends(),
    _relation("interval-before", lambda s1, e1, s2, e2: e1 < s2),
    _relation("interval-after", lambda s1, e1, s2, e2: s1 > e2),
    _relation("interval-meets", lambda s1, e1, s2, e2: e1 == s2),
    _relation("interval-met-by", lambda s1, e1, s2, e2: s1 == e2),
    _relation("interval-overlaps", lambda s1, e1, s2, e2: s1 < s2 < e1 < e2),
    _relation("interval-overlapped-by", lambda s1, e1, s2, e2: s2 < s1 < e2 < e1),
    _relation("interval-overlapping", lambda s1, e1, s2, e2: s1 < e2 and e1 > s2),
    _relation("interval-starts", lambda s1, e1, s2, e2: s1 == s2 and e1 <= e2),
    _relation("interval-started-by", lambda s1, e1, s2, e2: s1 == s2 and e2 <= e1),
    _relation("interval-covers", lambda s1, e1, s2, e2: s1 <= s2 and e1 >= e2),
    _relation("interval-covered-by", lambda s1, e1, s2, e2: s2 <= s1 and e2 >= e1),
    _relation("interval-ends", lambda s1, e1, s2, e2: s1 >= s2 and e1 == e2),
    _relation("interval-ended-by", lambda s1, e1, s2, e2: s2 >= s1 and e1 == e2),
    fixed(_OVERLAPPING, 2, _common),
    refusing("duration-from-interval", (INTERVAL,), _length),
    fixed(_BIN, 3, _bin),
    fixed(_BINS, 3, _bins),
)
