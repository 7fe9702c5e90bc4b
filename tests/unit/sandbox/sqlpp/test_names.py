from __future__ import annotations

import pytest

from sandbox.sqlpp.errors import SqlppError
from sandbox.sqlpp.program import Environment, compile_program, evaluate
from sandbox.sqlpp.tree.statements import DeclareFunction, Function, Query
from tests.unit.sandbox.sqlpp.asking import Known, Rows, problem, rows

PEOPLE = [{"id": 1, "name": "Ann", "tags": ["a", "b"]}, {"id": 2, "name": "Bo", "tags": []}]
KNOWN = Known(people=PEOPLE, d=[{"p": 1}])


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("select value name from people", ["Ann", "Bo"]),
        ("select value people.name from people", ["Ann", "Bo"]),
        ("select value p.id from Default.people p where name = 'Bo'", [2]),
        ("select value t from people p, p.tags t", ["a", "b"]),
        ("select value t from people p unnest p.tags t", ["a", "b"]),
        ("select value x from [1] as x let x = 2", [2]),
        ("with x as 1 select value x from [2] as x", [2]),
        ("with x as 1, x as x + 1 select value x", [2]),
        ("select value x from [1] as x let x = x + 1, x = x * 10", [20]),
        ("select value y from [{'y': 1}] as x let z = y", [1]),
        ("select value (select value id from [{'id': 9}] as i) from people", [[9], [9]]),
        ("select value (some t in tags satisfies t = 'b') from people p let tags = p.tags", [1, 0]),
        ("select value (some p in people satisfies id = 2)", [True]),
        ("select value x from (select value name from people) as x", ["Ann", "Bo"]),
        ("select p.name as id from people p order by id", [{"id": "Ann"}, {"id": "Bo"}]),
        ("select p.id as n from people p order by n desc", [{"n": 2}, {"n": 1}]),
        ("select value {'n': p.id} from people p order by n desc", [{"n": 2}, {"n": 1}]),
        ("select p.id as p from people p order by p.id desc", [{"p": 2}, {"p": 1}]),
        ("people", [PEOPLE]),
        ("select value d.p from d", [1]),
    ],
)
def test_a_name_means_what_is_nearest(text: str, result: list[object]) -> None:
    assert rows(text, KNOWN) == result


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select value x", "ASX1073: Cannot resolve alias reference for undefined identifier x"),
        (
            "select value a from [1] as x, [2] as y",
            "ASX1074: Cannot resolve ambiguous alias reference for identifier a",
        ),
        (
            "select value v from foo as v",
            "ASX1077: Cannot find dataset foo in dataverse Default nor an alias with name foo",
        ),
        (
            "select value v from dv.foo as v",
            "ASX1077: Cannot find dataset foo in dataverse dv nor an alias with name foo",
        ),
        (
            "select value y from people p, array_append(tags, 2) y",
            "ASX1077: Cannot find dataset tags in dataverse Default nor an alias with name tags",
        ),
        (
            "select value 1 from people p join p.tags t on true",
            "ASX1077: Cannot find dataset tags in dataverse p nor an alias with name tags",
        ),
        ("select value people", "ASX1073: Cannot resolve alias reference for undefined identifier"),
        (
            "select value (select value id) from people",
            "ASX1073: Cannot resolve alias reference for undefined identifier id",
        ),
        (
            "select p.id, count(*) from people p group by p.name",
            "ASX1073: Cannot resolve alias reference for undefined identifier p",
        ),
        (
            "select p, count(*) from people p",
            "ASX1073: Cannot resolve alias reference for undefined identifier p",
        ),
        (
            "select x from [1] as x group by x as k",
            "ASX1073: Cannot resolve alias reference for undefined identifier x",
        ),
        (
            "select value 1 from [1] as x, [2] as x",
            "ASX1079: Compilation error: Duplicate alias definitions: x",
        ),
        (
            "select value 1 from [1] as x join [2] as x on true",
            "ASX1079: Compilation error: Duplicate alias definitions: x",
        ),
        ("select 1 as a, 2 as a", "ASX0013: Duplicate field name 'a'"),
        (
            "select value p from people p limit p",
            "ASX1079: Compilation error: Inside limit clauses, it is disallowed to reference a "
            "variable having the same name as any variable bound in the same scope as the limit "
            "clause.",
        ),
        ("select value $x", "ASX1086: No value for parameter: $x"),
        ("select value ?", "ASX1086: No value for parameter: $1"),
        ("select value foo(1, 2)", "ASX1081: Cannot find function with signature foo(2)"),
        ("select value abs()", "ASX1081: Cannot find function with signature abs()"),
        (
            "use Default; select value nope(1)",
            "ASX1081: Cannot find function with signature nope(1)",
        ),
        ("use x; select value nope(1)", "ASX1081: Cannot find function with signature x.nope(1)"),
        ("select value nope.foo(1)", "ASX1063: Cannot find dataverse with name nope"),
        ("select value numeric_add(1, 2)", "ASX1081: Cannot find function with signature"),
        ("select value row_number()", "ASX1100: Unexpected window expression"),
        (
            "select value sum([1])",
            "ASX1079: Compilation error: sum is a SQL-92 aggregate function. The SQL++ core "
            "aggregate function array_sum could potentially express the intent.",
        ),
        ("select value abs(1) filter (where true)", "ASX1121: Illegal use of aggregate FILTER"),
    ],
)
def test_a_name_that_means_nothing_is_told_with_its_place(text: str, message: str) -> None:
    found = problem(text, KNOWN)

    assert found.startswith(message)
    assert "(in line 1, at column " in found


def test_the_place_is_that_of_the_name() -> None:
    assert problem("select value v from foo v").endswith("(in line 1, at column 21)")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("select 1", [{"$1": 1}]),
        ("select 1, 2 as a, 3", [{"$1": 1, "a": 2, "$2": 3}]),
        ("select (select 1), 2", [{"$1": [{"$2": 1}], "$3": 2}]),
        ("select x.a, x.b.c from [{'a': 1, 'b': {'c': 2}}] as x", [{"a": 1, "c": 2}]),
        ("select x.a[0] from [{'a': [1]}] as x", [{"$1": 1}]),
        ("select * from [1] as x, [2] as y let z = 3", [{"x": 1, "y": 2, "z": 3}]),
        ("select * from [1] as x at p", [{"x": 1, "p": 1}]),
        ("select x.*, 5 as a from [{'a': 1, 'b': 2}] as x", [{"a": 5, "b": 2}]),
        ("select x.*, y.* from [{'a': 1}] as x, [{'a': 2}, 3] as y", [{"a": 2}, {"a": 1}]),
        ("select * from [{'a': 1}] as x group by x.a", [{"a": 1, "$1": [{"x": {"a": 1}}]}]),
        ("select x.a from [{'b': 1}] as x", [{}]),
        ("select element 1", [1]),
        ("select raw 1", [1]),
        ("select all 1 as a", [{"a": 1}]),
    ],
)
def test_columns_have_the_names_the_original_gives_them(text: str, result: list[object]) -> None:
    assert rows(text) == result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("declare function f(a, b) { a + b }; f(1, 2)", 3),
        ("declare function f(a) { select value a + x from [1, 2] as x }; f(1)", [2, 3]),
        ("declare function g(a) { f(a) + 1 }; declare function f(a) { a * 10 }; g(f(1))", 101),
        ("declare function f(a) { a }; declare function f(a, b) { b }; [f(1), f(1, 2)]", [1, 2]),
        ("declare function f(...) { args }; f(1, 2)", [1, 2]),
        ("declare function abs(a) { 7 }; abs(-1)", 7),
        ("declare function f(a) { (some x in a satisfies x = 1) }; f([1])", True),
    ],
)
def test_functions_of_the_requests_own(text: str, result: object) -> None:
    assert rows(text) == [result]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("declare function f(a) { f(a) }; f(1)", "ASX1149: Illegal function or view recursion"),
        (
            "declare function f() { g() }; declare function g() { f() }; f()",
            "ASX1149: Illegal function or view recursion",
        ),
        ("declare function f() { x }; select f() from [1] x", "ASX1077: Cannot find dataset x"),
        ("declare function f(a) { a }; f(1, 2)", "ASX1081: Cannot find function with signature"),
        ("declare function f(a) { a }; F(1)", "ASX1081: Cannot find function with signature F(1)"),
    ],
)
def test_what_a_function_may_not(text: str, message: str) -> None:
    assert problem(text).startswith(message)


def test_a_function_knows_no_parameters_of_the_request() -> None:
    text = "declare function f() { $k }; select value f()"

    assert problem(text, k=1).startswith("ASX1086: No value for parameter: $k")


def test_parameters_by_name_by_number_and_in_turn() -> None:
    parameters = {"x": "a", "1": 1, "2": [2]}

    assert rows("select value [$x, $1, $2, $`x`]", **parameters) == [["a", 1, [2], "a"]]
    assert rows("select value [?, ?]", **parameters) == [[1, [2]]]


def test_what_a_stored_function_names_is_looked_up_where_it_was_made() -> None:
    class Stored:
        def find(self, dataverse: str | None, name: str, arity: int) -> Function | None:
            bodies = {"f": "(select value x.a from d as x)", "g": "f()"}
            if dataverse != "far" or name not in bodies:
                return None
            [made] = compile_program(f"declare function {name}() {{ {bodies[name]} }}").statements
            assert isinstance(made, DeclareFunction)
            return made.function

    class Far(Known):
        def find(self, dataverse: str | None, name: str) -> Rows | None:
            return self.datasets.get(name) if dataverse == "far" else None

    environment = Environment(Far(d=[{"a": 7}]), functions=Stored())

    def asked(text: str) -> list[object]:
        [statement] = compile_program(text).statements
        assert isinstance(statement, Query)
        return list(evaluate(statement, environment))

    assert asked("far.f()") == [[7]]
    assert asked("far.g()") == [[7]]
    with pytest.raises(SqlppError, match="Cannot find function with signature f"):
        asked("f()")
