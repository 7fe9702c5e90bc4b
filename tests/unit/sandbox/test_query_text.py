"""Arrow columns as text, without a JVM."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.query.text import Form, csv_values, form_of, json_rows, to_text

UTC = datetime.UTC
# The first example pays for imports; a law does not depend on the time.
unhurried = settings(deadline=None)


def through_json(column: pa.Array, sql_type: object = None) -> list[Any]:
    form = form_of(column.type, sql_type)
    rows: list[Any] = json.loads(b"[" + json_rows([","], [(to_text(column), form)], "")[1:] + b"]")
    return rows


@unhurried
@given(st.lists(st.one_of(st.none(), st.text()), min_size=1))
def test_any_text_survives_json(values: list[str | None]) -> None:
    assert through_json(pa.array(values, pa.string())) == values


@unhurried
@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)), min_size=1))
def test_any_double_survives_json(values: list[float | None]) -> None:
    assert through_json(pa.array(values, pa.float64())) == values


@unhurried
@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_any_long_survives_json(values: list[int]) -> None:
    assert through_json(pa.array(values, pa.int64())) == values


@unhurried
@given(
    st.lists(
        st.datetimes(
            min_value=datetime.datetime(1, 1, 1),
            max_value=datetime.datetime(9999, 12, 31),
        ),
        min_size=1,
    )
)
def test_any_moment_survives_json(values: list[datetime.datetime]) -> None:
    aware = [value.replace(tzinfo=UTC) for value in values]

    texts = through_json(pa.array(aware, pa.timestamp("us", "UTC")))

    assert [datetime.datetime.fromisoformat(text) for text in texts] == aware


def test_a_slice_of_a_column_is_only_the_slice() -> None:
    column = pa.array(["a", 'b"', "c", None, "e"]).slice(1, 3)

    assert through_json(column) == ['b"', "c", None]


def test_columns_stand_between_what_belongs_around_them() -> None:
    numbers = (pa.array(["1", None]), Form.PLAIN)
    texts = (pa.array(["x", "y"]), Form.STRING)

    got = json_rows([',{"a":', ',"b":', ',"c":'], [numbers, texts, texts], "}")

    assert got == b',{"a":1,"b":"x","c":"x"},{"a":null,"b":"y","c":"y"}'


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a", "a"), ("", '""'), ('"', '""""'), ("a,b", '"a,b"'), ("a\nb", '"a\nb"'), (None, None)],
)
def test_csv_quotes_where_it_must(value: str | None, expected: str | None) -> None:
    assert csv_values(pa.array([value], pa.string())).to_pylist() == [expected]


def test_decimals_are_all_numbers_or_all_strings() -> None:
    assert form_of(pa.decimal128(15, 2), "decimal(15,2)") is Form.PLAIN
    assert form_of(pa.decimal128(16, 2), "decimal(16,2)") is Form.STRING
