from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.query_service.durations import MAX_NS, parse_ns, show


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("0", 0),
        ("+0", 0),
        ("0s", 0),
        ("1ns", 1),
        ("1us", 1_000),
        ("1µs", 1_000),
        ("1μs", 1_000),  # the other sign of micro
        ("300ms", 300_000_000),
        ("1.5h", 5_400_000_000_000),
        ("2h45m", 9_900_000_000_000),
        (".5s", 500_000_000),
        ("5.s", 5_000_000_000),
        ("-1s", -1_000_000_000),
        ("+1s", 1_000_000_000),
        ("605000.0ms", 605_000_000_000),
        ("1h1m1s1ms1us1ns", 3_661_001_001_001),
        ("1.0000000001s", 1_000_000_000),
    ],
)
def test_durations_are_read_as_go_reads_them(text: str, ns: int) -> None:
    assert parse_ns(text) == ns


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "12", "s", ".s", "1h30", "1 s", "1S", "1d", "1e3s", "--1s", "1s-1s"),
        *("99999999999h", "9" * 50 + "s", "1ns" * 100, "\u0661s", "1s\n"),
    ],
)
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_ns(text)


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0ns"),
        (999, "999ns"),
        (1_000, "1µs"),
        (361_338, "361.338µs"),
        (44_593_700, "44.5937ms"),
        (20_263_371, "20.263371ms"),
        (1_489_181_182, "1.489181182s"),
        (60_000_000_000, "60s"),
    ],
)
def test_they_are_shown_in_the_largest_unit(ns: int, text: str) -> None:
    assert show(ns) == text


def test_a_charset_without_the_sign_of_micro_has_its_own_way() -> None:
    assert show(1_500, "us") == "1.5us"


@given(st.integers(0, MAX_NS))
def test_what_is_shown_is_read_again(ns: int) -> None:
    assert parse_ns(show(ns)) == ns


@given(st.text(max_size=30))
def test_no_text_does_worse_than_a_value_error(text: str) -> None:
    try:
        found = parse_ns(text)
    except ValueError:
        return
    assert abs(found) <= MAX_NS
