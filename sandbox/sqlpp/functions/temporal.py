"""Dates, times and durations: their parts, what they are in Unix time, what the clock says."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.functions.checks import format_error, type_error
from sandbox.sqlpp.functions.function import (
    DATE,
    DATETIME,
    DAY_TIME,
    DURATION,
    INTEGER,
    NUMBER,
    STRING,
    TIME,
    YEAR_MONTH,
    Function,
    Kind,
    fixed,
    kind,
    refusing,
)
from sandbox.sqlpp.functions.number_text import clamped
from sandbox.sqlpp.functions.temporal_arithmetic import parts
from sandbox.sqlpp.functions.temporal_text import zone_offset_of
from sandbox.sqlpp.printing.calendar import (
    MS_PER_DAY,
    MS_PER_HOUR,
    MS_PER_MINUTE,
    MS_PER_SECOND,
    civil_from_days,
    datetime_text,
    time_text,
)
from sandbox.sqlpp.values import (
    Date,
    DateTime,
    DayTimeDuration,
    Duration,
    Int32,
    Time,
    Value,
    YearMonthDuration,
)

_DURATIONS: Final = frozenset({Duration, YearMonthDuration, DayTimeDuration})
_MONTHLY: Final = kind(
    "duration, yearmonthduration, date or datetime", Duration, YearMonthDuration, Date, DateTime
)
_YEARLY: Final = Kind(
    _MONTHLY.types | {str}, "duration, yearmonthduration, date, datetime or string"
)
_DAILY: Final = kind(
    "duration, daytimeduration, date or datetime", Duration, DayTimeDuration, Date, DateTime
)
_CLOCK: Final = kind(
    "duration, daytimeduration, time or datetime", Duration, DayTimeDuration, Time, DateTime
)
_SLICE_S: Final = 0.05


def days_of(value: Any) -> int:
    """The day of a date or datetime."""
    days: int = value.days if type(value) is Date else value.ms // MS_PER_DAY
    return days


def _truncated(value: int, unit: int) -> int:
    return value // unit if value >= 0 else -(-value // unit)


def _of_months(index: int, in_duration: Callable[[int], int]) -> Callable[[Any], int]:
    def apply(value: Any) -> int:
        if type(value) in _DURATIONS:
            months = parts(value)[0]
            return in_duration(months) if months >= 0 else -in_duration(-months)
        return civil_from_days(days_of(value))[index]

    return apply


def _year(value: Any) -> int:
    if type(value) is str:
        sign, digits = (-1, value[1:5]) if value[:1] == "-" else (1, value[:4])
        if len(digits) < 4 or not digits.isdecimal():
            raise format_error(_GET_YEAR, "date")
        return sign * int(digits)
    return _of_months(0, lambda months: months // 12)(value)


def _day(value: Any) -> int:
    if type(value) in _DURATIONS:
        return _truncated(parts(value)[1], MS_PER_DAY)
    return civil_from_days(days_of(value))[2]


def _of_clock(unit: int, count: int) -> Callable[[Any], int]:
    def apply(value: Any) -> int:
        if type(value) in _DURATIONS:
            ms = parts(value)[1]
            return (abs(ms) // unit % count) * (1 if ms >= 0 else -1)
        ms = value.ms // unit % count
        return int(ms)

    return apply


def _adjusted(name: str, of_clock: Kind, text: Callable[[int], str]) -> Function:
    def apply(value: Any, zone: str) -> str:
        offset = zone_offset_of(zone)
        if offset is None:
            raise format_error(name, "timezone")
        return text(value.ms + offset) + _zone_text(offset)

    return refusing(name, (of_clock, STRING), apply)


def _zone_text(offset: int) -> str:
    if not offset:
        return "Z"
    hours, minutes = divmod(abs(offset) // MS_PER_MINUTE, 60)
    return f"{'-' if offset < 0 else '+'}{hours:02d}:{minutes:02d}"


def _zone(name: str, text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise format_error(name, "timezone") from error


def _local_offset_ms(ms: int, zone: ZoneInfo, *, is_local: bool) -> int:
    """How far the zone is from UTC at that moment, told in its own time or in UTC."""
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    except OverflowError:
        return 0
    here = moment.replace(tzinfo=zone) if is_local else moment.astimezone(zone)
    return (here.utcoffset() or timedelta()) // timedelta(milliseconds=1)


def _to_unix(name: str, unit: int) -> Function:
    short = refusing(name, (DATETIME,), lambda value: _truncated(value.ms, unit))

    def apply(value: DateTime, zone_name: str) -> int:
        zone = _zone(name, zone_name)
        return _truncated(value.ms - _local_offset_ms(value.ms, zone, is_local=True), unit)

    return _one_more(short, refusing(name, (DATETIME, STRING), apply))


def _from_unix(name: str, unit: int) -> Function:
    short = refusing(name, (INTEGER,), lambda value: DateTime(int(value) * unit))

    def apply(value: int, zone_name: str) -> DateTime:
        zone, ms = _zone(name, zone_name), int(value) * unit
        return DateTime(ms + _local_offset_ms(ms, zone, is_local=False))

    return _one_more(short, refusing(name, (INTEGER, STRING), apply))


def _one_more(short: Function, long: Function) -> Function:
    """Two functions of one name, the second with an argument more."""

    def call(context: Context, args: list[Value]) -> Value:
        return (short if len(args) == short.max_args else long).call(context, args)

    return Function(short.name, short.min_args, long.max_args, call)


def _clock(name: str, of_now: Callable[[int], Value]) -> tuple[Function, Function]:
    def immediate(_: Context, args: list[Value]) -> Value:
        return of_now(time.time_ns() // 1_000_000)

    return (
        fixed(name, 0, lambda context, _: of_now(context.now.ms)),
        fixed(f"{name}-immediate", 0, immediate),
    )


def _sleep(context: Context, args: list[Value]) -> Value:
    """The value, after so many milliseconds; the statement can be stopped meanwhile."""
    value, ms = args
    if type(ms) not in INTEGER.types:
        raise type_error(_SLEEP, 1, INTEGER.words, ms)
    end = time.monotonic() + ms / MS_PER_SECOND
    while (left := end - time.monotonic()) > 0:
        context.check()
        time.sleep(min(left, _SLICE_S))
    return value


_GET_YEAR, _SLEEP = "get-year", "sleep"

FUNCTIONS: Final = (
    refusing(_GET_YEAR, (_YEARLY,), _year),
    refusing("get-month", (_MONTHLY,), _of_months(1, lambda months: months % 12)),
    refusing("get-day", (_DAILY,), _day),
    refusing("get-hour", (_CLOCK,), _of_clock(MS_PER_HOUR, 24)),
    refusing("get-minute", (_CLOCK,), _of_clock(MS_PER_MINUTE, 60)),
    refusing("get-second", (_CLOCK,), _of_clock(MS_PER_SECOND, 60)),
    refusing("get-millisecond", (_CLOCK,), _of_clock(1, 1000)),
    _adjusted("adjust-datetime-for-timezone", DATETIME, datetime_text),
    _adjusted("adjust-time-for-timezone", TIME, lambda ms: time_text(ms % MS_PER_DAY)),
    refusing("unix-time-from-date-in-days", (DATE,), lambda value: value.days),
    refusing("unix-time-from-time-in-ms", (TIME,), lambda value: value.ms),
    _to_unix("unix-time-from-datetime-in-ms", 1),
    _to_unix("unix-time-from-datetime-in-secs", MS_PER_SECOND),
    refusing("date-from-unix-time-in-days", (NUMBER,), lambda value: Date(clamped(value, Int32))),
    refusing(
        "time-from-unix-time-in-ms",
        (NUMBER,),
        lambda value: Time(clamped(value, Int32) % MS_PER_DAY),
    ),
    _from_unix("datetime-from-unix-time-in-ms", 1),
    _from_unix("datetime-from-unix-time-in-secs", MS_PER_SECOND),
    refusing("get-date-from-datetime", (DATETIME,), lambda value: Date(value.ms // MS_PER_DAY)),
    refusing("get-time-from-datetime", (DATETIME,), lambda value: Time(value.ms % MS_PER_DAY)),
    refusing(
        "datetime-from-date-time",
        (DATE, TIME),
        lambda date, clock: DateTime(date.days * MS_PER_DAY + clock.ms),
    ),
    refusing("duration-from-months", (NUMBER,), lambda value: Duration(clamped(value, Int32), 0)),
    refusing("duration-from-ms", (INTEGER,), lambda value: Duration(0, int(value))),
    refusing("months-from-year-month-duration", (YEAR_MONTH,), lambda value: value.months),
    refusing("ms-from-day-time-duration", (DAY_TIME,), lambda value: value.ms),
    refusing("get-year-month-duration", (DURATION,), lambda value: YearMonthDuration(value.months)),
    refusing("get-day-time-duration", (DURATION,), lambda value: DayTimeDuration(value.ms)),
    *_clock("current-date", lambda ms: Date(ms // MS_PER_DAY)),
    *_clock("current-time", lambda ms: Time(ms % MS_PER_DAY)),
    *_clock("current-datetime", DateTime),
    fixed(_SLEEP, 2, _sleep),
)
