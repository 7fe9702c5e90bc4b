from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from sandbox.sqlpp.values import MISSING, Float32, Multiset
from tests.unit.sandbox.sqlpp.asking import problem, rows, value, warnings

TRUTHS = {"true": True, "false": False, "null": None, "missing": MISSING}
# AND is the least of its operands in this order, OR the greatest in the other.
AND_ORDER = ["false", "missing", "null", "true"]
OR_ORDER = ["true", "null", "missing", "false"]


@pytest.mark.parametrize(("left", "right"), list(product(TRUTHS, TRUTHS)))
def test_logic_is_of_four_values(left: str, right: str) -> None:
    both = min(left, right, key=AND_ORDER.index)
    either = min(left, right, key=OR_ORDER.index)

    assert value(f"{left} and {right}") is TRUTHS[both]
    assert value(f"{left} or {right}") is TRUTHS[either]


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("not true", False),
        ("not null", None),
        ("not missing", MISSING),
        ("null is null", True),
        ("missing is null", MISSING),
        ("missing is missing", True),
        ("null is missing", False),
        ("missing is unknown", True),
        ("1 is known", True),
        ("null is valued", False),
        ("null is not missing", True),
        ("1 is not null", True),
        ("1 = 1.0", True),
        ("1 = '1'", None),
        ("1 != 2", True),
        ("1 <> 2", True),
        ("null < 1", None),
        ("missing = 1", MISSING),
        ("[1, 2] < [1, 3]", True),
        ("1 is distinct from null", True),
        ("null is distinct from null", False),
        ("null is distinct from missing", True),
        ("1 is not distinct from 1.0", True),
        ("1 is distinct from '1'", True),
        ("2 between 1 and 3", True),
        ("2 not between 1 and 3", False),
        ("0 between 1 and null", False),
        ("2 between 1 and null", None),
        ("1 in [1, 'a']", True),
        ("3 in [1, null]", None),
        ("missing in [1]", MISSING),
        ("3 in (select value x from [1, null] as x)", False),
        ("null in []", False),
        ("1 in null", False),
        ("1 not in null", True),
        ("1 not in [2]", True),
        ("1 not in [2, null]", False),
        ("'abc' like 'a%'", True),
        ("'abc' not like '_b_'", False),
        ("null like 'a'", None),
        ("exists []", False),
        ("exists [1]", True),
        ("exists null", False),
        ("not exists [1]", False),
        ("some x in [1, 2] satisfies x = 2", True),
        ("any x in [1] satisfies x = 2 end", False),
        ("some x in [null, 1] satisfies x = 2", None),
        ("some x in [null, 1] satisfies x > 2", False),
        ("some x in [1, 2], y in [2] satisfies x = y", True),
        ("some x in [[1]], y in x satisfies y = 1", True),
        ("some x in null satisfies true", False),
        ("every x in [] satisfies false", True),
        ("every x in [1, 2] satisfies x > 0", True),
        ("every x in [1, null] satisfies x > 0", False),
        ("some and every x in [] satisfies true", False),
        ("any and every x in [1] satisfies x = 1", True),
        ("case 1 when 1 then 'a' else 'b' end", "a"),
        ("case 1 when 2 then 'a' end", None),
        ("case null when null then 1 else 2 end", 2),
        ("case when null then 1 when true then 2 end", 2),
        ("case when 'x' then 1 else 2 end", 2),
        ("case '1' when 1 then 2 else 3 end", 3),
        ("1.5f", Float32(1.5)),
        ("'it''s'", "it's"),
        ("(1, 2)", [1, 2]),
        ("{{1, 2}}", Multiset([1, 2])),
        ("{'a': missing, 'b': null}", {"b": None}),
        ("{'a' || 'b': 1}", {"ab": 1}),
        ("{'a' || '': 1, 'a': 2}", {"a": 2}),
        ("{'x': 1}.x", 1),
        ("{'x': 1}.y", MISSING),
        ("null.x", None),
        ("missing.x", MISSING),
        ("[1, 2, 3][0]", 1),
        ("[1, 2, 3][-1]", 3),
        ("[1, 2, 3][5]", MISSING),
        ("[1, 2, 3][1 + 0.5]", 2),
        ("(null)[0]", None),
        ("[1, 2, 3][1:]", [2, 3]),
        ("[1, 2, 3][0:2]", [1, 2]),
        ("[1, 2, 3][-2:]", [2, 3]),
        ("[1, 2, 3][1:9]", None),
        ("[1, 2, 3][2:1]", None),
        ("'abc'[0:1]", None),
        ("[{'a': 1}, {'a': 2}][*].a", [1, 2]),
        ("1 + null", None),
        ("1 + missing", MISSING),
        ("null + missing", MISSING),
        ("1 + 2 - 4", -1),
        ("9223372036854775807 - 1", 2**63 - 2),
        ("-9223372036854775807 - 1", -(2**63)),
        ("'a' || 'b' || 'c'", "abc"),
        ("'a' || null", None),
        ("-(3)", -3),
        ("(select value x from [1, 2] as x)", [1, 2]),
        ("(from [1, 2] as x select value x)[1]", 2),
        ("(select value x.b from [{}] as x)[0] is missing", True),
    ],
)
def test_an_expression_has_its_value(expression: str, result: Any) -> None:
    found = value(expression)

    assert found is result or (type(found) is type(result) and found == result)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("1 and true", "ASX0002: Type mismatch: function and expects its 1st input parameter"),
        ("true or 1 or 'a'", ""),
        ("false or 'a'", "ASX0002: Type mismatch: function or expects its 2nd input parameter"),
        ("not 1", "ASX0002: Type mismatch: function not expects its 1st input parameter to be of"),
        ("exists 1", "ASX0037: Type mismatch: expected value of type array or multiset, but got"),
        ("1 in 1", "ASX1091: Type mismatch: expected value of type multiset or array, but got the"),
        ("some x in 'a' satisfies true", "ASX1091: Type mismatch"),
        ("'abc'[0]", "ASX1002: Type mismatch: function get-item expects its 1st input parameter"),
        ("{null: 1}", "ASX1007: Invalid expression: function closed-object-constructor"),
        ("{1: 1}", "ASX1007: Invalid expression: function closed-object-constructor expects its"),
        ("9223372036854775807 + 1", "ASX0007: Overflow in numeric-add (in line 1, at column 35)"),
        ("case end", "ASX1008: Invalid parameter number: function switch-case cannot take 2"),
        ("some x in [1] satisfies 1", "ASX1079: Compilation error: The select condition 1 should"),
    ],
)
def test_what_cannot_be_is_an_error(expression: str, message: str) -> None:
    if not message:
        assert value(expression) is True
        return
    assert problem(f"select value [{expression}]").startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "select value x[0] from ['a', 1] as x",
            "ASX0002: Type mismatch: function get-item expects its 1st input parameter to be of "
            "type array or multiset, but the actual input type is string (in line 1, at column 15)",
        ),
        (
            "select value [1][x] from ['a', 1] as x",
            "ASX0002: Type mismatch: function get-item expects its 1st input parameter to be of "
            "type tinyint, smallint, integer, bigint, float or double, but the actual input type "
            "is string",
        ),
        (
            "select value y from [1, [2]] as x, x as y",
            "ASX0037: Type mismatch: expected value of type array or multiset, but got the value "
            "of type bigint (in line 1, at column 36)",
        ),
        (
            "select value x from [true, 'a'] as x where x",
            "ASX0002: Type mismatch: function boolean-inspector expects its 0 input parameter to "
            "be of type boolean, but the actual input type is string",
        ),
    ],
)
def test_what_only_the_data_shows_is_an_error_of_the_data(text: str, message: str) -> None:
    assert problem(text) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "select value 1 = 'a'",
            "ASX0051: Incomparable input types: bigint and string (in line 1, at column 16)",
        ),
        (
            "select value [null] = [null]",
            "ASX0051: Incomparable input types: array and array (in line 1, at column 21)",
        ),
        (
            "select value x.a from [1] as x",
            "ASX0002: Type mismatch: function field-access-by-name expects its 1st input parameter "
            "to be of type object, but the actual input type is bigint (in line 1, at column 15)",
        ),
        (
            "select value {'a': 1, 'a': 2}",
            "ASX1006: Duplicate field name 'a' (in line 1, at column 23)",
        ),
        (
            "select value 'a' + 1",
            "ASX0002: Type mismatch: function numeric-add expects its 1st input parameter to be of "
            "type tinyint, smallint, integer, bigint, float, double, date, time, datetime, "
            "duration, yearmonthduration or daytimeduration, but the actual input type is string "
            "(in line 1, at column 18)",
        ),
    ],
)
def test_what_is_odd_is_a_warning_with_its_place(text: str, message: str) -> None:
    assert warnings(text) == [message]


def test_a_warning_comes_once_however_many_rows_have_it() -> None:
    assert len(warnings("select value x.a from [1, 2, 3] as x")) == 1
    assert len(warnings("select value x.a from [1, 'a', 3] as x")) == 2


def test_duplicate_names_keep_the_first_value() -> None:
    assert rows("select value {'a': 1, 'a': 2}") == [{"a": 1}]
