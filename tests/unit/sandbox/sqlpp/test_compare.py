from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.sqlpp.compare import compare, equals, group_key, order_key
from sandbox.sqlpp.values import (
    MISSING,
    Date,
    DateTime,
    Duration,
    Float32,
    Int8,
    Multiset,
    Time,
)

NAN = float("nan")

# In ORDER BY's order.
SORTED: list[Any] = [
    MISSING,
    None,
    -1,
    -0.0,
    0.0,
    0.5,
    Int8(1),
    float("inf"),
    NAN,
    b"a",
    "a",
    "é",
    False,
    True,
    DateTime(5),
    Date(1),
    Time(1),
    Duration(1, 0),
    [],
    [None],
    [1],
    [1, 5],
    [2],
    Multiset([1]),
    {"a": 1},
    {"a": 2},
    {"b": 1},
    UUID(int=1),
]

values = st.recursive(
    st.one_of(
        st.just(MISSING),
        st.none(),
        st.booleans(),
        st.integers(-5, 5),
        st.floats(),
        st.text(max_size=2),
        st.builds(Date, st.integers(-3, 3)),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(Multiset),
        st.dictionaries(st.text(max_size=1), inner.filter(lambda v: v is not MISSING), max_size=2),
    ),
    max_leaves=6,
)


def test_all_kinds_have_their_place_in_one_order() -> None:
    assert sorted(reversed(SORTED), key=order_key) == SORTED


@pytest.mark.parametrize(
    ("left", "right", "result"),
    [
        (1, 1, True),
        (1, 1.0, True),
        (Int8(1), Float32(1.0), True),
        (1, 2, False),
        (1, True, None),
        (1, "1", None),
        (None, 1, None),
        (MISSING, None, MISSING),
        (1, MISSING, MISSING),
        (NAN, NAN, True),
        (0.0, -0.0, False),
        (2**53 + 1, 2.0**53, True),
        ([1, 2], [1, 2.0], True),
        ([1], [1, 2], False),
        ([1, None], [1, None], None),
        ([1, None], [2, None], None),
        ([1, "a"], [2, 3], None),
        ([1], Multiset([1]), None),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"b": 1}, False),
        ({"a": None}, {"a": None}, None),
        (Duration(1, 0), Duration(1, 0), True),
    ],
)
def test_equality_is_of_four_values(left: Any, right: Any, result: Any) -> None:
    assert equals(left, right) is result
    assert equals(right, left) is result


@pytest.mark.parametrize(
    ("left", "right", "result"),
    [
        (1, 2, -1),
        (2.5, 1, 1),
        ("a", "B", 1),
        (False, True, -1),
        (NAN, 1, 1),
        ([1, 2], [1], 1),
        ([1, 2], [1, 3], -1),
        ({"a": 1}, {"a": 1}, None),
        (Multiset([1]), Multiset([2]), None),
        (Duration(1, 0), Duration(2, 0), None),
        (Date(1), DateTime(1), None),
        (None, 1, None),
        (MISSING, 1, MISSING),
    ],
)
def test_order_is_of_what_has_one(left: Any, right: Any, result: Any) -> None:
    found = compare(left, right)

    assert found is result or found == result


def test_numbers_of_all_widths_are_one_group() -> None:
    assert len({group_key(v) for v in (1, 1.0, Int8(1), Float32(1.0))}) == 1
    assert len({group_key(v) for v in (1, True, "1", [1])}) == 4
    assert len({group_key(v) for v in (None, MISSING)}) == 2
    assert len({group_key(v) for v in ({"a": 1, "b": 2}, {"b": 2, "a": 1.0})}) == 1


@given(values, values, values)
def test_the_order_is_total(a: Any, b: Any, c: Any) -> None:
    x, y, z = sorted((order_key(a), order_key(b), order_key(c)))

    assert x <= y <= z
    assert x <= z


@given(values, values)
def test_equal_values_are_one_group(a: Any, b: Any) -> None:
    if equals(a, b) is True:
        assert group_key(a) == group_key(b)
        assert hash(group_key(a)) == hash(group_key(b))


@given(values)
def test_a_value_is_in_its_own_group(a: Any) -> None:
    assert group_key(a) == group_key(a)
