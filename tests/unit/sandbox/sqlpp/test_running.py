from __future__ import annotations

import pickle
import subprocess
import sys
from itertools import count

import pytest

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import Location, SqlppError
from sandbox.sqlpp.interpret.evaluate import compiler, prepare
from sandbox.sqlpp.program import Environment, compile_program, evaluate, resolve
from sandbox.sqlpp.tree.queries import Select
from sandbox.sqlpp.tree.statements import Query
from sandbox.sqlpp.values import MISSING
from tests.unit.sandbox.sqlpp.asking import Known, answer, problem, rows


def query(text: str) -> Query:
    [statement] = compile_program(text).statements
    assert isinstance(statement, Query)
    return statement


class Stopped(Exception):
    """What the owner of a statement raises to end it."""


def stopping_after(steps: int) -> Context:
    left = count(steps, -1)

    def check() -> None:
        if next(left) <= 0:
            raise Stopped

    return Context(check=check)


@pytest.mark.parametrize(
    "text",
    [
        "select value d.n from d",
        "select value count(*) from d as a, d as b, d as c",
        "select value a.n from d as a where (some b in d satisfies b.n = a.n + 1)",
        "select value a.n from d as a join d as b on a.n + b.n = 0",
        "select value sum(a.n) from d as a group by a.n",
        "select value sum(a.n) over (order by a.n) from d as a",
        "select distinct value a.n from d as a order by a.n",
    ],
)
def test_a_statement_can_be_stopped_anywhere(text: str) -> None:
    known = Known(d=[{"n": n} for n in range(20)])

    with pytest.raises(Stopped):
        list(evaluate(query(text), Environment(known, context=stopping_after(15))))


def test_rows_come_one_by_one() -> None:
    known = Known(d=[{"n": n} for n in range(5)])
    context = stopping_after(3)
    found = evaluate(
        query("select value d.n from d where d.n >= 0"), Environment(known, context=context)
    )

    assert [next(found), next(found)] == [0, 1]
    with pytest.raises(Stopped):
        list(found)


def test_limit_reads_no_more_than_it_needs() -> None:
    known = Known(d=[{"n": n} for n in range(1000)])
    context = stopping_after(5)

    assert (
        len(
            list(
                evaluate(
                    query("select value d from d limit 3"), Environment(known, context=context)
                )
            )
        )
        == 3
    )


def test_a_constant_query_touches_no_dataset() -> None:
    known = Known(d=[{"n": 1}])

    assert rows("select 1;", known) == [{"$1": 1}]
    assert known.datasets["d"].scans == 0


def test_what_is_joined_is_read_once() -> None:
    known = Known(a=[{"n": n} for n in range(5)], b=[{"n": n} for n in range(5)])

    assert len(rows("select value 1 from a, b where a.n = b.n", known)) == 5
    assert len(rows("select value 1 from a join b on a.n < b.n", known)) == 10
    assert known.datasets["b"].scans == 2


def test_names_are_looked_up_before_the_first_row() -> None:
    with pytest.raises(SqlppError):
        evaluate(query("select value v from nothing as v"), Environment())


def test_a_resolved_query_says_how_many_variables_it_has() -> None:
    assert resolve(query("select value [x, y] from [1] as x let y = x"), Environment()).slots == 2


@pytest.mark.parametrize(
    "text",
    [
        "select value {'a': x.a, 'b': [missing, null, 1.5]} from d as x where x.a in [1] limit 1",
        "select k, sum(x.a) from d as x group by x.k as k order by k",
        "select rank() over (order by x.a) from d as x left join d as y on x.a = y.a",
    ],
)
def test_a_resolved_query_travels_to_other_processes(text: str) -> None:
    known = Known(d=[{"a": 1, "k": "x"}, {"a": 2}])
    environment = Environment(known)
    resolved = resolve(query(text), environment)
    arrived = pickle.loads(pickle.dumps(resolved))

    assert arrived == resolved
    frame = [MISSING] * arrived.slots
    assert list(prepare(arrived, environment)(frame)) == rows(text, known)


def test_an_expression_alone_is_a_closure_over_a_frame() -> None:
    body = resolve(query("select value x.a + 1 from [0] as x"), Environment()).body
    assert isinstance(body, Select)
    assert body.first.select.element is not None
    evaluate_one = compiler(Environment()).expression(body.first.select.element)

    assert [evaluate_one([value]) for value in ({"a": 1}, {"a": None}, {})] == [2, None, MISSING]


def test_errors_of_the_text_and_of_the_data_are_apart() -> None:
    def kind(text: str) -> str:
        with pytest.raises(SqlppError) as caught:
            answer(text)
        return caught.value.kind

    assert kind("select value x") == "compile"
    assert kind("select") == "compile"
    assert kind("select value not 1") == "runtime"
    assert kind("select value 9223372036854775807 + 1") == "runtime"


def test_warnings_are_counted_once_and_kept_while_there_is_room() -> None:
    context = Context(max_warnings=1)
    context.warn("ASX0001", "a", Location(1, 2))
    context.warn("ASX0001", "a", Location(1, 2))
    context.warn("ASX0001", "b")

    assert context.warning_count == 2
    assert [warning.text for warning in context.warnings] == ["ASX0001: a (in line 1, at column 2)"]


def test_a_warning_without_a_place_gets_that_of_the_call() -> None:
    context = Context(max_warnings=1)
    context.location = Location(3, 4)
    context.warn("ASX0001", "a")

    assert context.warnings[0].text == "ASX0001: a (in line 3, at column 4)"


def test_values_nested_without_end_are_told() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]

    assert problem("select value $x order by $x", x=deep).endswith("a value is nested too deeply")


def test_a_view_stands_for_its_query() -> None:
    class Views:
        def find(self, dataverse: str | None, name: str) -> object:
            return query("select value x * 2 from [1, 2] as x").body if name == "v" else None

    environment = Environment(views=Views())  # type: ignore[arg-type]

    assert list(evaluate(query("select value y from v as y"), environment)) == [2, 4]


def test_views_that_ask_for_themselves_or_for_too_many_are_told() -> None:
    class Views:
        def find(self, dataverse: str | None, name: str) -> object:
            if name == "me":
                return query("select value x from me as x").body
            if name == "v0":
                return query("select value 1").body
            if name.startswith("v"):
                below = f"v{int(name[1:]) - 1}"
                return query(f"select value x from {below} as x, {below} as y").body
            return None

    environment = Environment(views=Views())  # type: ignore[arg-type]

    with pytest.raises(SqlppError, match="Illegal function or view recursion"):
        evaluate(query("select value x from me as x"), environment)
    with pytest.raises(SqlppError, match="more than 256 views"):
        evaluate(query("select value x from v50 as x"), environment)


def test_functions_of_functions_are_compiled_once_and_can_be_stopped() -> None:
    text = "declare function f0(a) { a }; " + "".join(
        f"declare function f{n}(a) {{ f{n - 1}(a) + f{n - 1}(a) }}; " for n in range(1, 60)
    )

    with pytest.raises(Stopped):
        answer(f"{text} f59(1)", context=stopping_after(99))
    assert rows(f"{text} f10(1)") == [1024]


def test_it_needs_nothing_heavy() -> None:
    text = (
        "import sys, sandbox.sqlpp.program; "
        "print({name.split('.')[0] for name in sys.modules} & "
        "{'pyspark', 'pyarrow', 'numpy', 'pandas', 'sanic', 'shapely'})"
    )

    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
