from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from sandbox.sqlpp.errors import SqlppError
from sandbox.sqlpp.printing import printer
from sandbox.sqlpp.shapes import Point
from sandbox.sqlpp.values import (
    Date,
    DateTime,
    DayTimeDuration,
    Duration,
    Float32,
    Int8,
    Int16,
    Int32,
    Time,
    YearMonthDuration,
)
from sandbox.statements.sqlpp.lossless import untagged

VALUES = [
    *(1, True, False, None, "", "plain", "a:b", ":", "☃"),
    *(Int8(-7), Int16(2), Int32(3), 1.5, -0.0, float("inf"), Float32(1.25)),
    *(Date(18321), Time(45296789), DateTime(-1), Duration(14, 3000)),
    *(YearMonthDuration(14), DayTimeDuration(90000), b"\x00\xff", Point(1.5, 2.5)),
    UUID("5c848e5c-6b6a-498f-8452-8847a2957421"),
    [1, "x", [Date(0)]],
    {"a": Date(1), "b": {"c": "d"}},
]


@pytest.mark.parametrize("value", VALUES)
def test_what_is_printed_is_read_as_it_was(value: Any) -> None:
    read = untagged(json.loads(printer("lossless-adm", False)(value)))

    assert (type(read), read) == (type(value), value)


def test_tags_that_are_never_printed_are_read_too() -> None:
    assert untagged(["04:7", "0D:a:b", "0F:true", "29:"]) == [7, "a:b", True, None]
    assert untagged("0c:4609434218613702656") == 1.5


@pytest.mark.parametrize("text", ["plain", "http://x", "99:x", "11:x", "13:1", "26:x", "0C:", "11"])
def test_text_without_a_tag_is_refused_as_the_original_refuses_it(text: str) -> None:
    with pytest.raises(SqlppError, match="HYR0124: Parsing error at N/A: ASX3021") as refused:
        untagged(text)

    assert refused.value.kind == "runtime"
