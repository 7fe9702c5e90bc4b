from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sandbox.sqlpp.asking import Known, problem, rows

PEOPLE = [
    {"id": 1, "dept": "a", "pay": 10, "tags": ["x", "y"]},
    {"id": 2, "dept": "b", "pay": 20, "tags": []},
    {"id": 3, "dept": "a", "pay": None},
    {"id": 4, "pay": 5, "tags": ["x"]},
]
DEPTS = [{"name": "a", "city": "Oslo"}, {"name": "c", "city": "Rome"}]
KNOWN = Known(people=PEOPLE, depts=DEPTS)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        # FROM, UNNEST
        ("select value x from [1, 2] as x", [1, 2]),
        ("from [1, 2] as x select value x", [1, 2]),
        ("select value x from {{1, 2}} as x", [1, 2]),
        ("select value x from null as x", []),
        ("select value x from missing as x", []),
        ("select value [x, p] from ['a', 'b'] as x at p", [["a", 1], ["b", 2]]),
        ("select value [x, y] from [1, 2] as x, [3, 4] as y where x + y = 5", [[1, 4], [2, 3]]),
        ("select value t from people p, p.tags t", ["x", "y", "x"]),
        ("select value [p.id, t] from people p left unnest p.tags t at q where q = 2", [[1, "y"]]),
        (
            "select p.id, t from people p left outer unnest p.tags t",
            [{"id": 1, "t": "x"}, {"id": 1, "t": "y"}, {"id": 2}, {"id": 3}, {"id": 4, "t": "x"}],
        ),
        # JOIN
        (
            "select p.id, d.city from people p join depts d on p.dept = d.name",
            [{"id": 1, "city": "Oslo"}, {"id": 3, "city": "Oslo"}],
        ),
        (
            "select p.id, d.city from people p left join depts d on p.dept = d.name and p.id > 1",
            [{"id": 1}, {"id": 2}, {"id": 3, "city": "Oslo"}, {"id": 4}],
        ),
        (
            "select p.id, d.city from people p right join depts d on p.dept = d.name",
            [{"id": 1, "city": "Oslo"}, {"id": 3, "city": "Oslo"}, {"city": "Rome"}],
        ),
        ("select value [x, y] from [1] as x cross join [2, 3] as y", [[1, 2], [1, 3]]),
        ("select value [x, y] from [1, 2] as x inner join [1, 2] as y on x < y", [[1, 2]]),
        ("select value [x, q] from [1] as x join [1, 1] as y at q on x = y", [[1, 1], [1, 2]]),
        (
            "select p.id, d.city from people p, depts d where d.name = p.dept and p.pay = 10",
            [{"id": 1, "city": "Oslo"}],
        ),
        # LET, WITH, WHERE
        ("select value y from [1, 2] as x let y = x + 1, z = y where z > 2", [3]),
        ("select value y let y = 1", [1]),
        ("let y = 1 select value y", [1]),
        ("select value 1 let y = 1 where y > 1", []),
        ("with a as [1, 2], b as 10 select value x + b from a as x", [11, 12]),
        ("select value x from [1, null, 2] as x where x > 1", [2]),
        # ORDER BY, LIMIT
        ("select value x from [2, null, 1] as x order by x", [None, 1, 2]),
        ("select value x from [2, null, 1] as x order by x desc", [2, 1, None]),
        ("select value x from [2, null, 1] as x order by x nulls last", [1, 2, None]),
        ("select value x from [2, null, 1] as x order by x desc nulls first", [None, 2, 1]),
        (
            "select value [x.a, x.b] from [{'a': 1, 'b': 1}, {'a': 2, 'b': 5}, {'a': 1, 'b': 9}] "
            "as x order by x.a, x.b desc",
            [[1, 9], [1, 1], [2, 5]],
        ),
        ("select value x from [1, 2, 3] as x limit 2", [1, 2]),
        ("select value x from [1, 2, 3] as x limit 1 offset 1", [2]),
        ("select value x from [1, 2, 3] as x offset 2", [3]),
        ("select value x from [1, 2, 3] as x limit 2.0", [1, 2]),
        ("select value x from [1, 2, 3] as x limit -1", []),
        ("select value x from [1, 2, 3] as x limit null", []),
        ("select value x from [1, 2, 3] as x limit 1 + 1 offset null", [1, 2]),
        # DISTINCT, UNION ALL
        ("select distinct value x from [1, 1.0, 2, null, null] as x", [1, 2, None]),
        ("select distinct x from [1, 1] as x", [{"x": 1}]),
        ("select distinct value x from [3, 1, 3] as x order by x limit 1", [1]),
        ("select value 1 union all select value 2", [1, 2]),
        ("select value 1 union all (select value x from [3, 2] as x order by x limit 1)", [1, 2]),
        ("select 2 as a union all select 1 as a order by a", [{"a": 1}, {"a": 2}]),
        ("with x as [1] select value y from x as y union all select value 2 from x as z", [1, 2]),
        # GROUP BY
        (
            "select dept, count(*) as n from people p group by p.dept order by dept",
            [{"n": 1}, {"dept": "a", "n": 2}, {"dept": "b", "n": 1}],
        ),
        (
            "select k, sum(p.pay) as s, count(pay) as n from people p group by p.dept as k "
            "having count(*) > 1",
            [{"k": "a", "s": 10, "n": 1}],
        ),
        (
            "select k, n from people p group by p.dept as k let n = max(p.id) order by n desc "
            "limit 1",
            [{"n": 4}],
        ),
        (
            "select value (select value i.p.id from g as i) from people p group by p.dept as k "
            "group as g order by k",
            [[4], [1, 3], [2]],
        ),
        (
            "select value g from [1] as x let y = 2 group by x group as g(x as a, y as b)",
            [[{"a": 1, "b": 2}]],
        ),
        ("select value [k, count(*)] from [1, 1.0] as x group by x as k", [[1, 2]]),
        ("select value upper(x) from ['a'] as x group by Upper(x)", ["A"]),
        ("select x.a.b from [{'a': {'b': 1}}] as x group by x.a", [{"b": 1}]),
        ("select value count(*) from [] as x", [0]),
        ("select value count(*) from [] as x group by x", []),
        ("select value [count(*), sum(x), array_agg(x)] from [1, 2] as x", [[2, 3, [1, 2]]]),
        ("select value count(distinct x) from [1, 1, null] as x", [1]),
        ("select value sum(x) filter (where x > 1) from [1, 2, 3] as x", [5]),
        ("select value min(x) + max(x) from [1, 2] as x", [3]),
        ("select value max(count(*)) from [1, 2] as x", [2]),
        ("select value count(*) + x from [1, 1] as x group by x", [3]),
        ("select value (select value count(*) from [1, 2] as y) from [0] as x", [[2]]),
        ("select value array_count((select value t from p.tags as t)) from people p", [2, 0, 0, 1]),
        (
            "select a, b, count(*) as n from [{'a': 1, 'b': 2}] as x group by rollup(x.a, x.b) "
            "order by a, b",
            [
                {"a": None, "b": None, "n": 1},
                {"a": 1, "b": None, "n": 1},
                {"a": 1, "b": 2, "n": 1},
            ],
        ),
        (
            "select value [a, b, grouping(x.a, x.b)] from [{'a': 1, 'b': 2}] as x "
            "group by cube(x.a, x.b) order by grouping(x.a, x.b)",
            [[1, 2, 0], [1, None, 1], [None, 2, 2], [None, None, 3]],
        ),
        (
            "select value a from [{'a': 1}] as x group by grouping sets((x.a as a), ()) order by a",
            [None, 1],
        ),
        ("select value count(*) from [1, 2] as x group by ()", [2]),
    ],
)
def test_clauses(text: str, result: list[Any]) -> None:
    found = rows(text, KNOWN)

    assert found == result


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "select value x from [1] as x where 1",
            "ASX1079: Compilation error: The select condition",
        ),
        (
            "select value x from [1] as x where 'a'",
            'ASX1079: Compilation error: The select condition "a"',
        ),
        (
            "select value x from [1] as x limit 'a'",
            "ASX1091: Type mismatch: expected value of type",
        ),
        ("select value x from [1] as x limit 1.5", "ASX0039: Expected integer value, got 1.5"),
        ("select grouping(1) from [1] as x", "ASX1079: Compilation error: Inappropriate use of"),
        (
            "select grouping(x.b) from [1] as x group by x.a",
            "ASX1119: Invalid argument to grouping",
        ),
        (
            f"select 1 from [1] as x group by cube({', '.join(f'x.a{n}' for n in range(30))})",
            "ASX1118: Too many grouping sets in group by clause: 1073741824. Maximum allowed: 128.",
        ),
        (
            f"select 1 from [1] as x group by {', '.join(f'x.a{n}' for n in range(200))}",
            "ASX1079: Compilation error: GROUP BY has more than 128 keys",
        ),
        (
            f"select 1 from {', '.join(f'[1] as x{n}' for n in range(200))}",
            "ASX1079: Compilation error: FROM has 200 terms, more than 100",
        ),
        (
            "select value 1 from 5 as x",
            "ASX1091: Type mismatch: expected value of type multiset or",
        ),
        ("select value 1 from [1] as x group by x order by y", "ASX1073: Cannot resolve alias"),
    ],
)
def test_what_a_clause_refuses(text: str, message: str) -> None:
    assert problem(text).startswith(message)


keys = st.lists(st.one_of(st.none(), st.integers(0, 3), st.sampled_from(["a", 1.0])), max_size=6)


@given(keys, keys)
def test_a_join_by_keys_finds_what_comparing_all_pairs_finds(
    left: list[Any], right: list[Any]
) -> None:
    known = Known(l=[{"k": k} for k in left], r=[{"k": k} for k in right])
    columns = "select value [a.k, b.k] from l as a"

    for kind in ("inner", "left", "right"):
        by_key = rows(f"{columns} {kind} join r as b on a.k = b.k", known)
        by_pairs = rows(f"{columns} {kind} join r as b on a.k <= b.k and a.k >= b.k", known)
        assert by_key == by_pairs


@given(st.lists(st.integers(-3, 3), max_size=12))
def test_grouping_loses_no_row(numbers: list[int]) -> None:
    known = Known(d=[{"n": n} for n in numbers])
    found = rows("select n, count(*) as c from d group by d.n order by n", known)

    assert [(row["n"], row["c"]) for row in found] == [
        (n, numbers.count(n)) for n in sorted(set(numbers))
    ]


NULLS = ["", "nulls first", "nulls last"]
keys_of_order = st.one_of(st.none(), st.integers(0, 3), st.sampled_from(["x", 1.5]))
orders = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["", "desc"]), st.sampled_from(NULLS)),
    min_size=1,
    max_size=2,
    unique_by=lambda key: key[0],
)


@given(st.lists(st.tuples(keys_of_order, keys_of_order), max_size=15), orders, st.integers(0, 20))
def test_the_first_rows_are_those_of_all_in_order(
    pairs: list[tuple[Any, Any]], order: list[tuple[str, str, str]], limit: int
) -> None:
    known = Known(d=[{"a": a, "b": b, "i": i} for i, (a, b) in enumerate(pairs)])
    by = ", ".join(f"d.{name} {direction} {nulls}" for name, direction, nulls in order)
    everything = rows(f"select value d.i from d order by {by}", known)

    assert rows(f"select value d.i from d order by {by} limit {limit}", known) == everything[:limit]
    assert (
        rows(f"select value d.i from d order by {by} limit {limit} offset 1", known)
        == (everything[1 : limit + 1])
    )
    assert sorted(everything) == list(range(len(pairs)))
