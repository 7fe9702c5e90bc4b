from __future__ import annotations

import pytest

from sandbox.sqlpp.errors import SqlppError
from sandbox.sqlpp.program import Options, compile_program
from sandbox.sqlpp.tree.statements import (
    ANY_NUMBER,
    CreateDataset,
    CreateFunction,
    CreateIndex,
    CreateType,
    CreateView,
    DeclareFunction,
    Delete,
    DropFunction,
    DropIndex,
    Insert,
    Load,
    Query,
    Set,
    Statement,
    Upsert,
    Use,
)
from sandbox.sqlpp.tree.types import ArrayType, MultisetType, NamedType, ObjectType
from tests.unit.sandbox.sqlpp.asking import problem, value


def parsed(text: str) -> Statement:
    [statement] = compile_program(text).statements
    return statement


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 4 - 3", 3),
        ("2 * 3 ^ 2", 18),
        ("-2 ^ 2", 4),
        ("7 % 4 + 1", 4),
        ("7 mod 4", 3),
        ("7 div 2", 3),
        ("1 + 1 = 2", True),
        ("not 1 = 2", True),
        ("true or false and false", True),
        ("1 < 2 and 2 < 3", True),
        ('"a" || "b" = "ab"', True),
        ("2 between 1 and 3 and true", True),
        ("null is null = true", True),
        ('"ab" like "a" || "%"', True),
        ("+1", 1),
        ("1 - -1", 2),
    ],
)
def test_operators_bind_by_their_strength(expression: str, result: object) -> None:
    assert result == value(expression)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("select value 1 +", 'Encountered ";" at column 17. '),
        ("selec 1", 'Encountered <INTEGER_LITERAL> "1" at column 7. '),
        ("select value 1 < 2 < 3", 'Encountered "<" at column 20. '),
        ("select value 2 ^ 3 ^ 2", 'Encountered "^" at column 20. '),
        ("select value - -1", 'Encountered "-" at column 14. '),
        ("select value 1 = not true", 'Encountered "=" at column 16. '),
        ("select value ()", 'Encountered "(" at column 14. '),
        ("select value 1 in", 'Encountered "in" at column 16. '),
        ("select 1,", 'Encountered "," at column 9. '),
        ("select value x.", 'Encountered ";" at column 16. '),
        ("select value true is true", 'Encountered "is" at column 19. '),
        ("select value 1 as x", 'Encountered "as" at column 16. '),
        ("select value not not true", 'Encountered "true" at column 22. '),
        ('select value f("x" y)', 'Encountered <IDENTIFIER> "y" at column 20. '),
        ("select value [:2]", 'Encountered ":" at column 15. '),
    ],
)
def test_a_mistake_is_blamed_on_the_token_the_original_blames(text: str, at: str) -> None:
    assert f"ASX1001: Syntax error: In line 1 >>{text};<< {at}" == problem(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "select value 9223372036854775808",
            'Could not parse numeric literal "9223372036854775808" (in line 1, at column 14)',
        ),
        ('select value [1]["a"]', "Index should be an INTEGER (in line 1, at column 18)"),
        (
            "select value f(*)",
            "The parameter * can only be used in count(). (in line 1, at column 16)",
        ),
        ("select value {1}", "Cannot infer field name (in line 1, at column 15)"),
        ("select value \"a\" 'b'", "Invalid string literal (in line 1, at column 18)"),
        (
            "select value 1 from [1 + 2]",
            "Need an alias for the enclosed expression:\n[1 + 2] (in line 1, at column 21)",
        ),
        (
            "explain use a",
            "EXPLAIN is not supported for this kind of statement (in line 1, at column 1)",
        ),
    ],
)
def test_a_mistake_of_meaning_has_its_place(text: str, message: str) -> None:
    assert f"ASX1001: Syntax error: {message}" == problem(text)


def test_a_line_of_several_is_shown_alone_and_its_semicolon_is_not_doubled() -> None:
    assert (
        problem("select value 1\nfrom;")
        == 'ASX1001: Syntax error: In line 2 >>from;<< Encountered ";" at column 5. '
    )


def test_the_first_mistake_is_told_though_a_later_one_cannot_even_be_read() -> None:
    assert 'Encountered "from" at column 8. ' in problem('select from "abc')


def test_semicolons_may_be_missing_doubled_or_alone() -> None:
    assert len(compile_program(";").statements) == 0
    assert len(compile_program("").statements) == 0
    assert len(compile_program("select 1;; select 2").statements) == 2
    assert len(compile_program("select 1 -- end").statements) == 1


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("select 1", "QUERY"),
        ("1 + 1", "QUERY"),
        ("with a as 1 select a", "QUERY"),
        ("explain select 1", "QUERY"),
        ("use a.b", "DATAVERSE_DECL"),
        ('set `compiler.x` "y"', "SET"),
        ("declare function f(a) { a }", "FUNCTION_DECL"),
        ("create function f(a) { a }", "CREATE_FUNCTION"),
        ("create or replace function f(a) { a }", "CREATE_FUNCTION"),
        ("drop function f@1", "FUNCTION_DROP"),
        ("drop function f(a, b) if exists", "FUNCTION_DROP"),
        ("create dataverse a if not exists", "CREATE_DATAVERSE"),
        ("drop dataverse a if exists", "DATAVERSE_DROP"),
        ("create type a as { id: int }", "TYPE_DECL"),
        ("drop type a", "TYPE_DROP"),
        ("create dataset a(b) primary key id", "DATASET_DECL"),
        ("create collection a primary key (id: int)", "DATASET_DECL"),
        ("drop collection a if exists", "DATASET_DROP"),
        ("create index i on a(b)", "CREATE_INDEX"),
        ("create index i if not exists on a(b: string?, c) type btree", "CREATE_INDEX"),
        ("create primary index on a", "CREATE_INDEX"),
        ("drop index a.i", "INDEX_DROP"),
        ("create view v as select 1", "CREATE_VIEW"),
        ("drop view v", "VIEW_DROP"),
        ("insert into a ({})", "INSERT"),
        ("upsert into a ([{}])", "UPSERT"),
        ("insert into a select value 1", "INSERT"),
        ("delete from a where a.b = 1", "DELETE"),
        ('load dataset a using localfs (("path"="x"), ("format"="adm"))', "LOAD"),
    ],
)
def test_a_statement_has_the_kind_the_original_names(text: str, kind: str) -> None:
    assert kind == parsed(text).kind


@pytest.mark.parametrize(
    "text",
    [
        "create synonym a for b",
        "create feed f with {}",
        "create adapter a as b at c",
        "drop synonym a",
        "connect feed a to dataset b",
        "compact dataset a",
        "update a set b = 1",
        "create function f(a) as 'x' at lib",
    ],
)
def test_what_is_not_supported_is_named(text: str) -> None:
    assert problem(text).startswith("ASX1079: Compilation error: ")
    assert "is not supported." in problem(text)


def test_a_query_of_a_set_operation_that_is_not_supported_is_named() -> None:
    assert (
        problem("select 1 union select 2")
        == "ASX1079: Compilation error: Operation UNION with set semantics is not supported. "
        "(in line 1, at column 1)"
    )


@pytest.mark.parametrize("text", ["create dataverse a", "insert into a ({})", "drop type a"])
def test_readonly_names_the_kind(text: str) -> None:
    with pytest.raises(SqlppError) as caught:
        compile_program(f"select 1; {text}", Options(readonly=True))

    kind = parsed(text).kind
    assert f"ASX0044: {kind} statement is not supported in read-only mode" in caught.value.text


def test_readonly_lets_queries_and_what_prepares_them_be() -> None:
    text = 'use a; set b "c"; declare function f() { 1 }; select 1'

    assert len(compile_program(text, Options(readonly=True)).statements) == 4


def test_only_one_statement_beside_those_that_prepare_it() -> None:
    only = Options(multi_statement=False)

    assert len(compile_program('use a; set b "c"; select 1', only).statements) == 3
    with pytest.raises(SqlppError) as caught:
        compile_program("select 1; select 2", only)
    assert caught.value.text == "ASX0035: Unsupported multiple statements."


def test_a_dataset_says_its_type_keys_and_options() -> None:
    made = parsed(
        'create dataset dv.d(t) if not exists primary key a, b.c autogenerated with {"x": 1}'
    )

    assert isinstance(made, CreateDataset)
    assert (made.dataverse, made.name, made.keys) == ("dv", "d", (("a",), ("b", "c")))
    assert isinstance(made.item_type, NamedType)
    assert (made.if_not_exists, made.autogenerated) == (True, True)
    assert made.options is not None


def test_a_dataset_of_any_objects_declares_the_types_of_its_keys() -> None:
    made = parsed("create dataset if not exists d primary key (a: int, b: string)")

    assert isinstance(made, CreateDataset)
    assert made.item_type is None
    assert [t.name for t in made.key_types if isinstance(t, NamedType)] == ["int64", "string"]


def test_an_external_dataset_says_where_it_lies() -> None:
    made = parsed('create external dataset d(t) using localfs (("path"="a"), ("format"="json"))')

    assert isinstance(made, CreateDataset)
    assert (made.adapter, made.properties) == ("localfs", (("path", "a"), ("format", "json")))


def test_a_type_may_be_open_closed_and_nested() -> None:
    made = parsed("create type t as closed { a: int, b: [string]?, c: {{ t2 }}, d: { e: double } }")

    assert isinstance(made, CreateType)
    shape = made.definition
    assert isinstance(shape, ObjectType)
    assert not shape.is_open
    a, b, c, d = shape.fields
    assert (a.name, a.optional) == ("a", False)
    assert isinstance(b.type, ArrayType)
    assert b.optional
    assert isinstance(c.type, MultisetType)
    assert isinstance(d.type, ObjectType)
    assert d.type.is_open


def test_a_function_keeps_its_body_as_text() -> None:
    made = parsed("create function dv.f(a, b) if not exists { a + b }")

    assert isinstance(made, CreateFunction)
    function = made.function
    assert (
        function.dataverse,
        function.name,
        function.parameters,
        function.body_text,
    ) == ("dv", "f", ("a", "b"), "a + b")
    assert made.if_not_exists


def test_a_function_may_take_any_number() -> None:
    made = parsed("declare function f(...) { args }")

    assert isinstance(made, DeclareFunction)
    assert made.function.parameters == (ANY_NUMBER,)


def test_names_of_what_is_dropped_and_indexed() -> None:
    drop, index, function = (
        parsed("drop index dv.d.i if exists"),
        parsed("create index i on dv.d(a)"),
        parsed("drop function dv.f(a, b)"),
    )

    assert isinstance(drop, DropIndex)
    assert (drop.dataverse, drop.dataset, drop.name, drop.if_exists) == ("dv", "d", "i", True)
    assert isinstance(index, CreateIndex)
    assert (index.name, index.dataverse, index.dataset) == ("i", "dv", "d")
    assert isinstance(function, DropFunction)
    assert (function.name, function.arity) == ("f", 2)


def test_a_view_keeps_its_query_as_text() -> None:
    made = parsed("create or replace view dv.v as select value 1")

    assert isinstance(made, CreateView)
    assert (
        made.dataverse,
        made.name,
        made.body_text,
        made.or_replace,
    ) == ("dv", "v", "select value 1", True)


def test_changes_say_what_they_change() -> None:
    insert = parsed("insert into dv.d as x ({}) returning x.a")
    upsert = parsed("upsert into d ({}) returning d.a")
    delete = parsed("delete from d x where x.a = 1")

    assert isinstance(insert, Insert)
    assert insert.variable is not None
    assert (insert.dataverse, insert.dataset, insert.variable.name) == ("dv", "d", "x")
    assert isinstance(upsert, Upsert)
    assert upsert.variable is not None
    assert upsert.variable.name == "d"
    assert isinstance(delete, Delete)
    assert (delete.dataset, delete.variable.name) == ("d", "x")
    assert delete.condition is not None


def test_load_use_and_set() -> None:
    load, use, setting = (
        parsed('load collection d using localfs (("path"="a"))'),
        parsed("use a.b"),
        parsed('set import_private_functions "true"'),
    )

    assert isinstance(load, Load)
    assert (load.dataset, load.adapter, load.properties) == ("d", "localfs", (("path", "a"),))
    assert isinstance(use, Use)
    assert use.dataverse == "a.b"
    assert isinstance(setting, Set)
    assert (setting.name, setting.value) == ("import_private_functions", "true")


def test_explain_marks_the_query() -> None:
    query = parsed("explain select 1")

    assert isinstance(query, Query)
    assert query.explain


@pytest.mark.parametrize(
    "text",
    [
        "select value " + "(" * 5_000 + "1" + ")" * 5_000,
        "select value " + "[" * 5_000 + "]" * 5_000,
        "select value " + "{'a':" * 5_000 + "1" + "}" * 5_000,
        "select value " + "not (" * 5_000 + "true" + ")" * 5_000,
        "select value " + "case when true then " * 5_000,
        "select value " + "(select value " * 5_000,
        "select value " + "some x in " * 5_000,
        "select value x" + ".a" * 5_000 + " from [1] as x",
        "select value x" + "[0]" * 5_000 + " from [1] as x",
        "create type t as { a: " + "[" * 5_000,
        "select value " + "f(" * 5_000,
    ],
    ids=range(11),
)
def test_what_is_nested_without_end_is_told_and_does_no_harm(text: str) -> None:
    assert problem(text).startswith("ASX1001: Syntax error: ")


def test_what_is_only_long_is_no_trouble() -> None:
    assert value(" + ".join(["1"] * 10_000)) == 10_000
    assert value(" and ".join(["true"] * 10_000)) is True
    assert len(value(f"[{', '.join(['1'] * 5_000)}]")) == 5_000
