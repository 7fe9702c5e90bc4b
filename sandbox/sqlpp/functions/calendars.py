"""Days in the calendar: of the week, of the year; durations in calendar units; own formats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.functions.checks import (
    bad_format,
    format_error,
    type_error,
    unsupported,
    whole_number,
)
from sandbox.sqlpp.functions.constructors import FUNCTIONS as CONSTRUCTORS
from sandbox.sqlpp.functions.date_formats import (
    DATE_LETTERS,
    TIME_LETTERS,
    WEEKDAYS,
    BadFormat,
    parsed,
    printed,
)
from sandbox.sqlpp.functions.function import (
    DATE,
    DATETIME,
    DURATION,
    STRING,
    TIME,
    Function,
    Kind,
    kind,
    refusing,
)
from sandbox.sqlpp.functions.temporal import days_of
from sandbox.sqlpp.functions.temporal_arithmetic import parts, shifted
from sandbox.sqlpp.printing.calendar import (
    MS_PER_DAY,
    civil_from_days,
    days_from_civil,
    days_in_month,
)
from sandbox.sqlpp.values import (
    FLOATS,
    NUMBERS,
    Date,
    DateTime,
    Duration,
    Time,
    Value,
    YearMonthDuration,
    type_name,
)

_DAY_WORDS: Final = "date or datetime"
_WEEK_START_WORDS: Final = "tinyint, smallint, integer, bigint, float, double or string"
_EVERYTHING: Final = DATE_LETTERS | TIME_LETTERS


def _weekday(days: int, start: int) -> int:
    """1 to 7, counted from the weekday that is `start`, where Sunday is 1."""
    return (days + 4 - (start - 1)) % 7 + 1


def _week_start(name: str, value: Value) -> int:
    if type(value) is str:
        names = [day for day in WEEKDAYS if value.lower() in (day, day[:3])]
        if not names:
            raise format_error(name, "week_start_day")
        return WEEKDAYS.index(names[0]) + 1
    if type(value) not in NUMBERS:
        raise type_error(name, 1, _WEEK_START_WORDS, value)
    number = int(value) if type(value) in FLOATS and value == value else whole_number(value)
    if number is None or not 1 <= number <= 7:
        raise format_error(name, "week_start_day")
    return number


def _of_week(name: str, words: str, apply: Callable[[int, int], int]) -> Function:
    """A function of a day and, if need be, of the day that weeks begin with."""

    def call(_: Context, args: list[Value]) -> Value:
        if type(args[0]) not in (Date, DateTime):
            raise type_error(name, 0, words, args[0])
        start = _week_start(name, args[1]) if len(args) > 1 else 1
        return apply(days_of(args[0]), start)

    return Function(name, 1, 2, call)


def _week_of_year(days: int, start: int) -> int:
    first_of_week = days - _weekday(days, start) + 1
    year = civil_from_days(days)[0]
    if first_of_week + 7 > days_from_civil(year + 1, 1, 1):
        return 1
    new_year = days_from_civil(year, 1, 1)
    return (first_of_week - (new_year - _weekday(new_year, start) + 1)) // 7 + 1


def _day_of_year(value: Any) -> int:
    days = days_of(value)
    return days - days_from_civil(civil_from_days(days)[0], 1, 1) + 1


def _quarter(value: Any) -> int:
    if type(value) in (Duration, YearMonthDuration):
        months: int = value.months
        return abs(months) % 12 // 3 * (1 if months >= 0 else -1)
    return (civil_from_days(days_of(value))[1] + 2) // 3


def _calendar_duration(start: Any, duration: Duration) -> Duration:
    """The duration from that moment on, in years, months and days as the calendar counts them."""
    end = shifted(start, *parts(duration))
    first, last = _moment(start), _moment(end)
    if last < first:
        backward = _between(last, first)
        return Duration(-backward.months, -backward.ms)
    return _between(first, last)


def _moment(value: Any) -> int:
    moment: int = value.days * MS_PER_DAY if type(value) is Date else value.ms
    return moment


def _between(first: int, last: int) -> Duration:
    (days0, clock0), (days1, clock1) = divmod(first, MS_PER_DAY), divmod(last, MS_PER_DAY)
    year0, month0, day0 = civil_from_days(days0)
    year1, month1, day1 = civil_from_days(days1)
    months, days, clock = (year1 - year0) * 12 + month1 - month0, day1 - day0, clock1 - clock0
    if clock < 0:
        clock, days = clock + MS_PER_DAY, days - 1
    if days < 0:
        # The days of the month before the last day's are borrowed.
        days, months = days + days_in_month(year1, month1 - 1 or 12), months - 1
    return Duration(months, days * MS_PER_DAY + clock)


def _of_ms(make: type, ms: int) -> Value:
    return make(ms // MS_PER_DAY if make is Date else ms)


def _parser(name: str, make: type, letters: frozenset[str]) -> Function:
    def apply(text: str, form: str) -> Value:
        try:
            ms = parsed(text, form, letters)
        except BadFormat:
            ms = None
        if ms is None:
            raise format_error(name, make.__name__.lower())
        return _of_ms(make, ms)

    return refusing(name, (STRING, STRING), apply)


def _printer(name: str, of_value: Kind, letters: frozenset[str]) -> Function:
    def apply(value: Any, form: str) -> str:
        try:
            return printed(_moment(value), form, letters)
        except BadFormat as error:
            raise format_error(name, "format") from error

    return refusing(name, (of_value, STRING), apply)


def _constructor(name: str, make: type, letters: frozenset[str]) -> Function:
    """The constructor of one argument, or of a text and its format."""
    plain = next(function for function in CONSTRUCTORS if function.name == name)

    def call(context: Context, args: list[Value]) -> Value:
        if len(args) == 1:
            return plain.call(context, args)
        text, form = args
        if type(text) is not str:
            return unsupported(context, f"{name}()", type_name(text))
        try:
            ms = parsed(text, form, letters) if type(form) is str else None
        except BadFormat:
            ms = None
        if ms is not None:
            return _of_ms(make, ms)
        return bad_format(context, name, text)

    return Function(name, 1, 2, call)


_DAY: Final = kind(_DAY_WORDS, Date, DateTime)
_MONTHLY: Final = kind(
    "duration, yearmonthduration, date or datetime", Duration, YearMonthDuration, Date, DateTime
)

FUNCTIONS: Final = (
    _of_week("day-of-week", "datetime or date", _weekday),
    _of_week("week-of-year", _DAY_WORDS, _week_of_year),
    refusing("day-of-year", (_DAY,), _day_of_year),
    refusing("quarter-of-year", (_MONTHLY,), _quarter),
    refusing("calendar-duration-from-datetime", (DATETIME, DURATION), _calendar_duration),
    refusing("calendar-duration-from-date", (DATE, DURATION), _calendar_duration),
    _parser("parse-date", Date, DATE_LETTERS),
    _parser("parse-time", Time, TIME_LETTERS),
    _parser("parse-datetime", DateTime, _EVERYTHING),
    _printer("print-date", DATE, DATE_LETTERS),
    _printer("print-time", TIME, TIME_LETTERS),
    _printer("print-datetime", DATETIME, _EVERYTHING),
    _constructor("date", Date, DATE_LETTERS),
    _constructor("time", Time, TIME_LETTERS),
    _constructor("datetime", DateTime, _EVERYTHING),
)
