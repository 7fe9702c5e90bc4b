"""Days and milliseconds since 1970 as calendar fields and as text (proleptic Gregorian)."""

from __future__ import annotations

from typing import Final

MS_PER_SECOND: Final = 1000
MS_PER_MINUTE: Final = 60 * MS_PER_SECOND
MS_PER_HOUR: Final = 60 * MS_PER_MINUTE
MS_PER_DAY: Final = 24 * MS_PER_HOUR

# Counted from 0000-03-01, so that the leap day is a year's last; 400 years have 146,097 days.
_EPOCH_SHIFT: Final = 719_468
_ERA_DAYS: Final = 146_097


def civil_from_days(days: int) -> tuple[int, int, int]:
    """Year, month and day; the years go … -1, 0, 1 …."""
    era, day_of_era = divmod(days + _EPOCH_SHIFT, _ERA_DAYS)
    year_of_era = (
        day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146_096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month_from_march + 2) // 5 + 1
    month = month_from_march + 3 if month_from_march < 10 else month_from_march - 9
    return year_of_era + era * 400 + (month <= 2), month, day


def days_from_civil(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01; the day may lie outside its month and is then counted on."""
    if month <= 2:
        year -= 1
    era, year_of_era = divmod(year, 400)
    month_from_march = month - 3 if month > 2 else month + 9
    day_of_year = (153 * month_from_march + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * _ERA_DAYS + day_of_era - _EPOCH_SHIFT


def is_leap_year(year: int) -> bool:
    """Whether February has 29 days."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in_month(year: int, month: int) -> int:
    """28 to 31."""
    if month == 2:
        return 29 if is_leap_year(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def date_text(days: int) -> str:
    """`2020-01-31`; a year before 0 has a minus sign and four digits."""
    year, month, day = civil_from_days(days)
    sign, year = ("-", -year) if year < 0 else ("", year)
    return f"{sign}{year:04d}-{month:02d}-{day:02d}"


def time_text(ms: int) -> str:
    """`10:11:12.500`: always with milliseconds."""
    seconds, millisecond = divmod(ms, MS_PER_SECOND)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}.{millisecond:03d}"


def datetime_text(ms: int) -> str:
    """`2020-01-31T10:11:12.500`: no zone."""
    days, rest = divmod(ms, MS_PER_DAY)
    return f"{date_text(days)}T{time_text(rest)}"


def duration_text(months: int, ms: int) -> str:
    """`P1Y2M3DT4H5M6.7S`; nothing at all is `P`.

    The original writes the milliseconds after the point without leading zeros: 6 s and 7 ms are
    `6.7S`.
    """
    sign = ""
    if months < 0 or ms < 0:
        months, ms, sign = -months, -ms, "-"
    years, months = divmod(months, 12)
    days, ms = divmod(ms, MS_PER_DAY)
    date = "".join(_part(n, unit) for n, unit in ((years, "Y"), (months, "M"), (days, "D")))
    return f"{sign}P{date}{_clock_part(ms)}"


def _part(count: int, unit: str) -> str:
    return f"{count}{unit}" if count else ""


def _clock_part(ms: int) -> str:
    if not ms:
        return ""
    seconds, millisecond = divmod(ms, MS_PER_SECOND)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    fraction = f".{millisecond}" if millisecond else ""
    last = f"{second}{fraction}S" if second or millisecond else ""
    return f"T{_part(hours, 'H')}{_part(minute, 'M')}{last}"
