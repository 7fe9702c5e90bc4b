"""Laws that hold whatever the values are."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import SqlppError
from sandbox.sqlpp.functions.number_text import double_of
from sandbox.sqlpp.functions.registry import find
from sandbox.sqlpp.functions.temporal_text import date_of, datetime_of, time_of
from sandbox.sqlpp.printing import calendar
from sandbox.sqlpp.printing.scalars import double_text, float_text
from sandbox.sqlpp.values import INT64_MAX, INT64_MIN, Date, DateTime, Multiset, Time, to_float32

INT64 = st.integers(INT64_MIN, INT64_MAX)
# The years -9999 to 9999.
DAYS = st.integers(-4371587, 2932896)
MS = st.integers(0, calendar.MS_PER_DAY - 1)


def call(name, *args):
    return find(name).call(Context(), list(args))


@given(DAYS, MS)
def test_a_printed_moment_is_read_back(days, ms):
    moment = days * calendar.MS_PER_DAY + ms

    assert Date(days) == date_of(calendar.date_text(days))
    assert Time(ms) == time_of(calendar.time_text(ms))
    assert DateTime(moment) == datetime_of(calendar.datetime_text(moment))


@given(DAYS)
def test_the_calendar_goes_there_and_back(days):
    year, month, day = calendar.civil_from_days(days)

    assert days == calendar.days_from_civil(year, month, day)
    assert 1 <= day <= calendar.days_in_month(year, month)


@given(st.floats())
def test_a_printed_double_is_read_back(value):
    read = double_of(double_text(value))

    assert math.isnan(read) if math.isnan(value) else read == value


@given(st.floats(width=32))
def test_a_printed_float_is_read_back(value):
    read = to_float32(double_of(float_text(to_float32(value))))

    assert math.isnan(read) if math.isnan(value) else read == value


@given(INT64, INT64)
def test_integers_stay_exact_or_overflow(left, right):
    for name, exact in (("numeric-add", left + right), ("numeric-multiply", left * right)):
        if INT64_MIN <= exact <= INT64_MAX:
            result = call(name, left, right)
            assert (type(result), result) == (int, exact)
        else:
            with pytest.raises(SqlppError, match=f"ASX0007: Overflow in {name}"):
                call(name, left, right)


@given(INT64, INT64.filter(bool))
def test_quotient_and_remainder_belong_together(left, right):
    if (left, right) == (INT64_MIN, -1):
        return
    quotient, rest = call("numeric-div", left, right), call("numeric-mod", left, right)

    assert left == quotient * right + rest
    assert abs(rest) < abs(right)


@given(st.lists(st.one_of(st.integers(-5, 5), st.text(max_size=1), st.none())))
def test_sets_of_items(items):
    distinct = call("array_distinct", items)

    assert call("array_union", items, items) == distinct
    assert call("array_symdiff", items, items) == []
    assert call("array_except", items, items) == []
    assert call("array_reverse", call("array_reverse", items)) == items
    assert type(call("array_sort", Multiset(items))) is Multiset


@given(st.text(), st.text(min_size=1, max_size=2))
def test_split_and_join(text, separator):
    assert text == call("string_join", call("split", text, separator), separator)
    assert call("position", text, separator) >= -1
    assert len(call("upper", text)) == len(call("lower", text)) == len(text)


def matches(text, pattern):
    """LIKE by its definition, for patterns without a backslash."""
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(matches(text[start:], pattern[1:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("_", text[0]) and matches(text[1:], pattern[1:])


@given(st.text("ab\n", max_size=8), st.text("ab\n%_", max_size=6))
def test_like_is_its_definition(text, pattern):
    assert matches(text, pattern) is call("like", text, pattern)


def test_like_with_many_wildcards_does_not_take_long():
    assert call("like", "a" * 2000, "%a" * 40 + "%b%") is False
