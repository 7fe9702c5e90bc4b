"""ISO texts as dates, times and durations; None for a text that is none.

As in the original, a time zone is read and means nothing, the 31st of a short month is the first
of the next one, and the digits after the point of a duration are milliseconds: `PT1.5S` is 1.005 s.
"""

from __future__ import annotations

import re
from typing import Final

from sandbox.sqlpp.printing.calendar import (
    MS_PER_DAY,
    MS_PER_HOUR,
    MS_PER_MINUTE,
    MS_PER_SECOND,
    days_from_civil,
    days_in_month,
)
from sandbox.sqlpp.values import INT64_MAX, Date, DateTime, Duration, Time

_DATE: Final = re.compile(r"(-?)(\d{4})(-?)(\d{2})\3(\d{2})", re.ASCII)
_ZONE: Final = r"(?:Z.*|[+-]\d{2}:?\d{2}.*)?"
_TIME: Final = re.compile(
    rf"(\d{{2}}):(\d{{2}}):(\d{{2}})(?:\.(\d{{0,3}}))?{_ZONE}", re.ASCII | re.DOTALL
)
_BASIC_TIME: Final = re.compile(
    rf"(\d{{2}})(\d{{2}})(\d{{2}})(\d{{0,3}}){_ZONE}", re.ASCII | re.DOTALL
)
# After a fraction one character is taken for its unit, and digits at the end say nothing.
_DURATION: Final = re.compile(
    r"(-?)P(?:(\d*)Y)?(?:(\d*)M)?(?:(\d*)D)?"
    r"(?:(?:T(?=\d*[HMS.])(?:(\d*)H)?|(\d*)H)(?:(\d*)M)?)?"
    r"(?:(\d*)(?:S|\.(\d{0,3})(?!\d).?))?\d*",
    re.ASCII,
)
_INT32_MAX: Final = 2**31 - 1
_ZONE_OFFSET: Final = re.compile(r"([+-])(\d{2}):?(\d{2})", re.ASCII)


def date_of(text: str) -> Date | None:
    """`2020-01-31` or `20200131`."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(match[group]) for group in (2, 4, 5))
    year = -year if match[1] else year
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    if month == 2 and day > days_in_month(year, month):
        return None
    return Date(days_from_civil(year, month, day))


def time_of(text: str) -> Time | None:
    """`10:11:12.5` or `101112500`."""
    match = _TIME.fullmatch(text) or _BASIC_TIME.fullmatch(text)
    if match is None:
        return None
    hour, minute, second = (int(match[group]) for group in (1, 2, 3))
    if hour > 23 or minute > 59 or second > 59:
        return None
    fraction = int((match[4] or "").ljust(3, "0"))
    return Time(hour * MS_PER_HOUR + minute * MS_PER_MINUTE + second * MS_PER_SECOND + fraction)


def datetime_of(text: str) -> DateTime | None:
    """A date, `T` and a time."""
    date_text, mark, time_text = text.partition("T")
    date = date_of(date_text) if mark else None
    time = time_of(time_text) if mark else None
    if date is None or time is None:
        return None
    return DateTime(date.days * MS_PER_DAY + time.ms)


def duration_of(text: str) -> Duration | None:
    """`-P1Y2M3DT4H5M6.789S`, any of it left out."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    sign = -1 if match[1] else 1
    years, months, days, *clock_parts = (int(part or 0) for part in match.groups()[1:])
    hours, hours_without_t, minutes, seconds, ms = clock_parts
    total_months = years * 12 + months
    clock = (
        (hours + hours_without_t) * MS_PER_HOUR
        + minutes * MS_PER_MINUTE
        + seconds * MS_PER_SECOND
        + ms
    )
    total = days * MS_PER_DAY + clock
    if total_months > _INT32_MAX or total > INT64_MAX:
        return None
    return Duration(sign * total_months, sign * total)


def zone_offset_of(text: str) -> int | None:
    """Milliseconds east of Greenwich: `+08:00`, `-0330`, `Z`."""
    if text.startswith("Z"):
        return 0
    match = _ZONE_OFFSET.match(text)
    if match is None:
        return None
    offset = int(match[2]) * MS_PER_HOUR + int(match[3]) * MS_PER_MINUTE
    return -offset if match[1] == "-" else offset
