"""Dates and times in a format of the caller's: `YYYY-MM-DD hh:mm:ss.nnn a`.

Y year, Q quarter, M month (MMM and MMMM by name), D day (DDD of the year), E day of the week, h m s
and n or S for the clock, a for AM and PM, z a time zone, which is read and means nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from sandbox.sqlpp.printing.calendar import (
    MS_PER_DAY,
    MS_PER_HOUR,
    MS_PER_MINUTE,
    MS_PER_SECOND,
    civil_from_days,
    days_from_civil,
    days_in_month,
)

MONTHS: Final = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
WEEKDAYS: Final = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
DATE_LETTERS: Final = frozenset("YQMDE")
TIME_LETTERS: Final = frozenset("hmsnSaz")
_SEPARATORS: Final = frozenset(" -:/.,T")
_RUN: Final = re.compile(r"(.)\1*", re.DOTALL)
_LONGEST: Final = {"Y": 4, "Q": 2, "M": 4, "D": 3, "E": 4, "n": 3, "S": 3, "a": 1, "z": 1}
_NAME: Final = "[A-Za-z]+"
_ZONE: Final = r"(?:Z|(?:UTC|GMT)?[+-]\d{2}:?\d{2})"
_NOON: Final = 12


class Field(NamedTuple):
    """A letter and how often it stands in a row."""

    letter: str
    copies: int


class BadFormat(ValueError):
    """A format with a letter that has no meaning there, or too often."""


@lru_cache(maxsize=256)
def fields_of(form: str, letters: frozenset[str]) -> tuple[Field, ...]:
    """The format as fields, whose letters must be among the given ones or separators."""
    fields = tuple(Field(match[1], len(match[0])) for match in _RUN.finditer(form))
    for letter, count in fields:
        if letter in _SEPARATORS:
            continue
        too_short = letter == "E" and count < 3
        if letter not in letters or too_short or count > _LONGEST.get(letter, 2):
            raise BadFormat(form)
    return fields


def parsed(text: str, form: str, letters: frozenset[str]) -> int | None:
    """Milliseconds since 1970 (or midnight), or None if the text has another form.

    Several formats may stand in one, with `|` between them: the first that fits is taken.
    """
    for alternative in form.split("|"):
        match = _pattern(alternative, letters).fullmatch(text)
        value = None if match is None else _moment(match.groupdict(), letters)
        if value is not None:
            return value
    return None


@lru_cache(maxsize=256)
def _pattern(form: str, letters: frozenset[str]) -> re.Pattern[str]:
    fields = fields_of(form, letters)
    seen: set[str] = set()
    parts = []
    for letter, count in fields:
        name = _group(letter, count)
        # A field that stands twice counts the first time only.
        parts.append(_field_pattern(letter, count, "" if name in seen else f"?P<{name}>"))
        seen.add(name)
    return re.compile("".join(parts), re.ASCII | re.IGNORECASE)


def _group(letter: str, count: int) -> str:
    if letter == "M" and count >= 3:
        return "month_name" if count > 3 else "month_short"
    return {"M": "month", "m": "minute", "S": "n"}.get(letter, letter)


def _field_pattern(letter: str, count: int, name: str) -> str:
    if letter in _SEPARATORS:
        return re.escape(letter * count)
    if letter == "Y":
        return rf"({name}-?\d{{{count},4}}+)"
    if letter in ("n", "S"):
        return rf"({name}\d{{{count},}}+)"
    if letter == "a":
        return f"({name}[AP]M)"
    if letter == "z":
        return _ZONE
    if letter == "E":
        return f"(?:{'|'.join(day if count > 3 else day[:3] for day in WEEKDAYS)})"
    if letter == "M" and count >= 3:
        return f"({name}{_NAME})"
    return rf"({name}\d{{{min(count, 2)},2}}+)"


def _moment(fields: dict[str, str | None], letters: frozenset[str]) -> int | None:
    clock = _clock(fields)
    if clock is None or not letters & DATE_LETTERS:
        return clock
    days = _days(fields)
    return None if days is None else days * MS_PER_DAY + clock


def _days(fields: dict[str, str | None]) -> int | None:
    year, month = int(fields.get("Y") or 0), _month(fields)
    has_date = any(fields.get(name) for name in ("Y", "D", "Q")) or month != 1
    day = int(fields.get("D") or 1)
    if month is None or not has_date or not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    if month == 2 and day > days_in_month(year, month):
        return None
    return days_from_civil(year, month, day)


def _month(fields: dict[str, str | None]) -> int | None:
    if quarter := fields.get("Q"):
        return int(quarter) * 3 - 2
    if number := fields.get("month"):
        return int(number)
    if short := fields.get("month_short"):
        names = [month[:3] for month in MONTHS]
        return names.index(short.lower()) + 1 if short.lower() in names else None
    if name := fields.get("month_name"):
        return MONTHS.index(name.lower()) + 1 if name.lower() in MONTHS else None
    return 1


def _clock(fields: dict[str, str | None]) -> int | None:
    hour, minute, second = (int(fields.get(name) or 0) for name in ("h", "minute", "s"))
    half = (fields.get("a") or "").upper()
    if half and hour > _NOON:
        return None
    if half:
        hour = hour % _NOON + (_NOON if half == "PM" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    ms = int((fields.get("n") or "")[:3].ljust(3, "0"))
    return hour * MS_PER_HOUR + minute * MS_PER_MINUTE + second * MS_PER_SECOND + ms


def printed(ms: int, form: str, letters: frozenset[str]) -> str:
    """The moment in the format."""
    fields = fields_of(form, letters)
    has_halves = any(field.letter == "a" for field in fields)
    return "".join(_field_text(ms, letter, count, has_halves) for letter, count in fields)


def _field_text(ms: int, letter: str, count: int, has_halves: bool) -> str:
    if letter in _SEPARATORS:
        return letter * count
    days, clock = divmod(ms, MS_PER_DAY)
    if letter in TIME_LETTERS:
        return _clock_text(clock, letter, count, has_halves)
    year, month, day = civil_from_days(days)
    if letter == "E":
        name = WEEKDAYS[(days + 4) % 7].capitalize()
        return name if count > 3 else name[:3]
    if letter == "M" and count >= 3:
        name = MONTHS[month - 1].upper()
        return name if count > 3 else name[:3]
    if letter == "Y":
        return f"{'-' if year < 0 else ''}{abs(year):0{count}d}"
    of_year = days - days_from_civil(year, 1, 1) + 1
    number = {"Q": (month + 2) // 3, "M": month, "D": of_year if count == 3 else day}[letter]
    return f"{number:0{count}d}"


def _clock_text(clock: int, letter: str, count: int, has_halves: bool) -> str:
    hour = clock // MS_PER_HOUR
    if letter == "a":
        return "PM" if hour >= _NOON else "AM"
    if letter in ("n", "S"):
        text = f"{clock % MS_PER_SECOND:03d}"
        # Fewer letters than digits only leave zeros out.
        return text if count == 3 else (text[:count] + text[count:].rstrip("0"))
    if letter == "h":
        number = (hour % _NOON or _NOON) if has_halves else hour
    else:
        number = clock // (MS_PER_MINUTE if letter == "m" else MS_PER_SECOND) % 60
    return f"{number:0{count}d}"
