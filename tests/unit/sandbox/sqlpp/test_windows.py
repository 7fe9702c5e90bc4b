from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sandbox.sqlpp.asking import problem, rows


def column(call: str, items: str = "[1, 2, 2, 4]") -> list[Any]:
    return rows(f"select value {call} from {items} as x order by x")


@pytest.mark.parametrize(
    ("call", "result"),
    [
        ("row_number() over (order by x)", [1, 2, 3, 4]),
        ("row_number() over (order by x desc)", [4, 2, 3, 1]),
        ("rank() over (order by x)", [1, 2, 2, 4]),
        ("dense_rank() over (order by x)", [1, 2, 2, 3]),
        ("percent_rank() over (order by x)", [0, 1 / 3, 1 / 3, 1]),
        ("cume_dist() over (order by x)", [0.25, 0.75, 0.75, 1]),
        ("ntile(3) over (order by x)", [1, 1, 2, 3]),
        ("lag(x) over (order by x)", [None, 1, 2, 2]),
        ("lag(x, 2, 0) over (order by x)", [0, 0, 1, 2]),
        ("lead(x) over (order by x)", [2, 2, 4, None]),
        ("first_value(x) over (order by x)", [1, 1, 1, 1]),
        ("last_value(x) over (order by x)", [1, 2, 2, 4]),
        (
            "nth_value(x, 2) from last over (order by x rows between unbounded preceding and "
            "unbounded following)",
            [2, 2, 2, 2],
        ),
        ("ratio_to_report(x) over ()", [1 / 9, 2 / 9, 2 / 9, 4 / 9]),
        ("sum(x) over ()", [9, 9, 9, 9]),
        ("sum(x) over (order by x)", [1, 5, 5, 9]),
        ("sum(x) over (order by x rows unbounded preceding)", [1, 3, 5, 9]),
        ("sum(x) over (order by x rows between 1 preceding and 1 following)", [3, 5, 8, 6]),
        ("sum(x) over (order by x rows between 2 following and 1 following)", [None] * 4),
        ("count(*) over (order by x range between 1 preceding and current row)", [1, 3, 3, 1]),
        ("count(*) over (order by x desc range between 2 preceding and current row)", [3, 3, 3, 1]),
        ("count(*) over (order by x groups between 1 preceding and current row)", [1, 3, 3, 3]),
        ("count(*) over (order by x groups between current row and 1 following)", [3, 3, 3, 1]),
        (
            "array_agg(x) over (order by x rows between 1 preceding and 1 following "
            "exclude current row)",
            [[2], [1, 2], [2, 4], [2]],
        ),
        ("count(*) over (order by x rows 1 preceding exclude group)", [0, 1, 0, 1]),
        ("count(*) over (order by x rows 1 preceding exclude ties)", [1, 2, 1, 2]),
        ("count(distinct x) over ()", [3, 3, 3, 3]),
        ("sum(x) filter (where x > 1) over ()", [8, 8, 8, 8]),
        ("sum(x) over (partition by x % 2)", [1, 8, 8, 8]),
        ("count(x) over () + 1", [5, 5, 5, 5]),
    ],
)
def test_each_row_has_its_value(call: str, result: list[Any]) -> None:
    assert column(call) == result


def test_nulls_may_be_ignored() -> None:
    assert column("lag(x.v) ignore nulls over (order by x.i)", NULLS) == [None, 5, 5]
    assert column("first_value(x.v) ignore nulls over (order by x.i)", NULLS) == [5, 5, 5]
    assert column("lag(x.v) respect nulls over (order by x.i)", NULLS) == [None, 5, None]


NULLS = "[{'i': 1, 'v': 5}, {'i': 2, 'v': null}, {'i': 3, 'v': 7}]"


def test_windows_are_computed_before_the_clause_they_stand_in() -> None:
    where = "select value x from [3, 1, 2] as x where row_number() over (order by x) = 1"
    let = "select value n from [3, 1] as x let n = row_number() over (order by x) where n = 1"
    order = "select value x from [3, 1, 2] as x order by row_number() over (order by x desc)"
    having = (
        "select value k from [1, 1, 2] as x group by x as k "
        "having rank() over (order by count(*) desc) = 1"
    )

    assert rows(where) == [1]
    assert rows(let) == [1]
    assert rows(order) == [3, 2, 1]
    assert rows(having) == [1]


def test_windows_over_groups() -> None:
    text = "select k, sum(count(*)) over () as n from [1, 1, 2] as x group by x as k order by k"

    assert rows(text) == [{"k": 1, "n": 3}, {"k": 2, "n": 3}]
    assert rows("select value sum(count(*)) over () from [1, 2] as x") == [2]


def test_a_column_of_a_window_can_be_ordered_by() -> None:
    text = "select value {'n': row_number() over (order by x desc)} from [1, 2] as x order by n"

    assert rows(text) == [{"n": 1}, {"n": 2}]


def test_windows_of_a_query_inside() -> None:
    text = "select value (select value rank() over (order by y) from [5, 5] as y) from [1] as x"

    assert rows(text) == [[1, 1]]
    assert rows("select value row_number() over ()") == [1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("upper('a') over ()", "ASX1102: Expected window or aggregate function, got: uppercase"),
        ("row_number(1) over ()", "ASX1081: Cannot find function with signature row_number(1)"),
        ("sum(x, x) over ()", "ASX1081: Cannot find function with signature sum(2)"),
        ("nope(x) over ()", "ASX1081: Cannot find function with signature nope(1)"),
        ("lag(x) over ()", "ASX1079: Compilation error: LAG without ORDER BY in OVER is not"),
        (
            "sum(x) over (order by x, x range between 1 preceding and current row)",
            "ASX1079: Compilation error: RANGE with an offset over several keys is not supported.",
        ),
        ("sum(x) over (order by x sideways)", "ASX1001: Syntax error: Unexpected token: sideways"),
    ],
)
def test_what_is_no_window_is_told(call: str, message: str) -> None:
    assert problem(f"select value {call} from [1] as x").startswith(message)
