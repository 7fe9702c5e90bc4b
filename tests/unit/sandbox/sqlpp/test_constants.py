"""Long collections of constants are read in one go, and mean what short ones mean."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.sqlpp.parser.constants import MIN_TOKENS
from sandbox.sqlpp.program import compile_program
from sandbox.sqlpp.tree.expressions import ArrayOf, Literal, MultisetOf
from sandbox.sqlpp.tree.statements import Query
from sandbox.sqlpp.values import MISSING, Float32, Multiset
from tests.unit.sandbox.sqlpp.asking import problem, rows, warnings

LONG = ", ".join(["0"] * MIN_TOKENS)

plain = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63) + 1, 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(codec="utf-8", exclude_characters="\x7f")),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)


def body(text: str) -> Any:
    [statement] = compile_program(text).statements
    assert isinstance(statement, Query)
    return statement.body


def long(item: str) -> Any:
    """The value of an item that stands in a long collection."""
    [found] = rows(f"[{item}, {LONG}]")
    return found[0]


def test_only_long_ones_are_one_value() -> None:
    assert isinstance(body(f"[{LONG}]"), Literal)
    assert isinstance(body("[0, 0]"), ArrayOf)
    assert isinstance(body(f"{{{{{LONG}}}}}"), Literal)
    assert isinstance(body("{{0}}"), MultisetOf)


@pytest.mark.parametrize("item", ["x", "1 + 1", "f(1)", "?", "$x", "(1)", "[1][0]"])
def test_what_is_no_constant_is_no_part_of_one(item: str) -> None:
    assert isinstance(body(f"[{item}, {LONG}]"), ArrayOf)


@pytest.mark.parametrize(
    ("item", "result"),
    [
        ("-1", -1),
        ("-1.5", -1.5),
        ("1f", Float32(1)),
        ("'it\\'s'", "it's"),
        ("'it''s'", "it's"),
        ("missing", MISSING),
        ("{'a': missing, 'b': null}", {"b": None}),
        ("{}", {}),
        ("[]", []),
        ("{{1, {{2}} }}", Multiset([1, Multiset([2])])),
        ("1 - 1", 0),
        ("[[[]]]", [[[]]]),
    ],
)
def test_each_constant_is_what_it_is_alone(item: str, result: Any) -> None:
    found = long(item)

    assert found is result or (type(found) is type(result) and found == result)


def test_names_of_fields_that_come_twice_are_warned_of() -> None:
    text = f"select value [{{'a': 1, 'a': 2}}, {LONG}]"

    assert rows(text)[0][0] == {"a": 1}
    assert warnings(text) == ["ASX1006: Duplicate field name 'a' (in line 1, at column 24)"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"select value [{LONG},]", 'Encountered "]" at column'),
        (f"select value [{LONG} 0]", 'Encountered <INTEGER_LITERAL> "0" at column'),
        (f"select value [{LONG}, 9223372036854775808]", "Could not parse numeric literal"),
        (f"select value [{LONG}, - - 1]", 'Encountered "-" at column'),
        (f"select value [{LONG}, {{1: 2}}]", "ASX1007"),
        (f"select value [{LONG}, {{1}}]", "Cannot infer field name"),
        (f"select value [{LONG}", 'Encountered ";" at column'),
        (f"select value {'[' * 500}{LONG}{']' * 500}", "nested too deeply"),
    ],
)
def test_mistakes_in_a_long_one_are_told_as_in_a_short_one(text: str, message: str) -> None:
    assert message in problem(text)


def test_a_long_list_is_searched_as_a_short_one() -> None:
    assert rows(f"select value [5 in [{LONG}, 5], 6 in [{LONG}, null]]") == [[True, None]]
    assert rows(f"select value count(*) from [{LONG}] as x") == [MIN_TOKENS]


@given(plain)
def test_what_json_writes_is_read(value: Any) -> None:
    assert long(json.dumps(value, ensure_ascii=False)) == value
