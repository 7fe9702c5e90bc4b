"""Adding and subtracting with dates, times and durations."""

from __future__ import annotations

from typing import Any, Final

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.functions.checks import incompatible, unsupported
from sandbox.sqlpp.printing.calendar import (
    MS_PER_DAY,
    civil_from_days,
    days_from_civil,
    days_in_month,
)
from sandbox.sqlpp.values import (
    Date,
    DateTime,
    DayTimeDuration,
    Duration,
    Time,
    Value,
    YearMonthDuration,
)

_POINTS: Final = frozenset({Date, Time, DateTime})
_DURATIONS: Final = frozenset({Duration, YearMonthDuration, DayTimeDuration})
TEMPORAL: Final = _POINTS | _DURATIONS


def temporal(context: Context, name: str, left: Value, right: Value) -> Value:
    """The value of an arithmetic operator of which at least one operand is of time."""
    if type(left) is type(right):
        return _difference(context, name, left, right)
    point, duration = (right, left) if type(right) in _POINTS else (left, right)
    if not _go_together(point, duration, point is right):
        return incompatible(context, name, left, right)
    if name == "numeric-add":
        return shifted(point, *parts(duration))
    if name == "numeric-subtract":
        # The original takes `duration - date` for `date - duration`.
        months, ms = parts(duration)
        return shifted(point, -months, -ms)
    return unsupported(context, name, "duration")


def parts(duration: Value) -> tuple[int, int]:
    """Months and milliseconds of a duration of any kind."""
    if type(duration) is Duration:
        return duration.months, duration.ms
    if type(duration) is YearMonthDuration:
        return duration.months, 0
    return 0, duration.ms


def shifted(point: Any, months: int, ms: int) -> Any:
    """The point of time, months and milliseconds later; a time goes round the clock."""
    if type(point) is Time:
        return Time((point.ms + ms) % MS_PER_DAY)
    if type(point) is Date:
        return Date((_add_months(point.days, months) * MS_PER_DAY + ms) // MS_PER_DAY)
    days, rest = divmod(point.ms, MS_PER_DAY)
    return DateTime(_add_months(days, months) * MS_PER_DAY + rest + ms)


def _add_months(days: int, months: int) -> int:
    if not months:
        return days
    year, month, day = civil_from_days(days)
    carry, month = divmod(month - 1 + months, 12)
    year, month = year + carry, month + 1
    return days_from_civil(year, month, min(day, days_in_month(year, month)))


def _difference(context: Context, name: str, left: Any, right: Any) -> Value:
    if type(left) is Duration:
        return unsupported(context, name, "duration")
    if name != "numeric-subtract":
        return unsupported(context, name, "time")
    if type(left) is Date:
        return Duration(0, (left.days - right.days) * MS_PER_DAY)
    if type(left) is YearMonthDuration:
        return Duration(left.months - right.months, 0)
    return Duration(0, left.ms - right.ms)


def _go_together(point: Value, duration: Value, duration_first: bool) -> bool:
    if type(point) not in _POINTS or type(duration) not in _DURATIONS:
        return False
    if type(point) is not Time:
        return True
    if type(duration) is Duration and duration_first:
        return duration.months == 0
    return type(duration) is not YearMonthDuration
