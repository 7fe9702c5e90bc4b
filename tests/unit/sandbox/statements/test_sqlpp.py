"""SQL++ through the query service: programs, parameters, what is told about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.failure import AgentFailure
from sandbox.statements import StatementService
from tests.unit.sandbox.statements.conftest import Ask, statements
from wire.messages import RunStatements, SubmitStatements
from wire.protocol import ErrorCode

pytestmark = pytest.mark.spark


async def test_the_seeds_statement(sqlpp: Ask) -> None:
    told = await sqlpp("select 1;")
    pretty = await sqlpp("select 1;", pretty=True)

    assert told.rows[0] == b'{ "$1": 1 }\n'
    assert told.compiled is not None
    assert (told.compiled.signature, told.compiled.results) == ("*", 1)
    assert told.writes == 1
    assert pretty.rows[0] == b'{\n\t\t"$1" : 1\n\t}'
    assert pretty.ends[0].size == 15


async def test_rows_of_several_results_are_apart(sqlpp: Ask) -> None:
    told = await sqlpp("select value 1; select value x from [2, 'a'] x; select value x from [] x")

    assert told.rows == {0: b"1\n", 1: b'2\n, "a"\n', 2: b""}
    assert [told.ends[i].rows for i in range(3)] == [1, 2, 0]
    assert told.finished is not None
    assert told.finished.counts.result_count == 3
    assert told.finished.counts.result_size == 8


@pytest.mark.parametrize(
    ("fmt", "rows", "size"),
    [
        ("adm", b'"1\\n", "\\"a\\"\\n", "{ \\"b\\": 2 }\\n"', 30),
        ("json", b'1\n, "a"\n, { "b": 2 }\n', 17),
    ],
)
async def test_rows_as_the_original_prints_them(
    sqlpp: Ask, fmt: str, rows: bytes, size: int
) -> None:
    told = await sqlpp('select value x from [1, "a", {"b": 2}] x', format=fmt)

    assert told.rows[0] == rows
    assert told.ends[0].size == size


async def test_csv_is_as_the_original_has_it(sqlpp: Ask) -> None:
    text = 'select value x from [{"b": 2, "c": "x"}, {"b": 3, "c": "y"}] x'

    absent = await sqlpp(text, format="csv")
    present = await sqlpp(text, format="csv", csv_header=True)
    refused = await sqlpp('select value {"b": [1]}', format="csv")

    assert absent.rows[0] == b'"2,\\"x\\"\\r\\n", "3,\\"y\\"\\r\\n"'
    assert absent.ends[0].size == 26
    assert present.rows[0] == b'"\\"b\\",\\"c\\"\\r\\n", ' + absent.rows[0]
    assert refused.problem is not None
    assert refused.kind == "runtime"


@pytest.mark.parametrize(
    ("text", "problem", "kind"),
    [
        (
            "select value x from nowhere x",
            "ASX1077: Cannot find dataset nowhere in dataverse Default nor an alias with name"
            " nowhere (in line 1, at column 21)",
            "compile",
        ),
        (
            "select x",
            "ASX1073: Cannot resolve alias reference for undefined identifier x"
            " (in line 1, at column 8)",
            "compile",
        ),
        (
            "use nowhere;",
            "ASX1063: Cannot find dataverse with name nowhere (in line 1, at column 1)",
            "compile",
        ),
        ("select $x", "ASX1086: No value for parameter: $x (in line 1, at column 8)", "compile"),
    ],
)
async def test_what_cannot_be_compiled(sqlpp: Ask, text: str, problem: str, kind: str) -> None:
    told = await sqlpp(text)

    assert (told.problem, told.kind) == (problem, kind)
    assert told.compiled is None
    assert told.rows == {}


async def test_rows_before_a_failure_stay(sqlpp: Ask) -> None:
    told = await sqlpp("select value 1; select value x from nowhere x; select value 3")

    assert told.rows == {0: b"1\n"}
    assert told.problem is not None
    assert told.problem.startswith("ASX1077: ")


async def test_parameters(sqlpp: Ask) -> None:
    told = await sqlpp(
        "select value [?, $1, $name, $name.a]", args=[7], named_args={"name": {"a": 1.5}}
    )

    assert told.values() == [[7, 7, {"a": 1.5}, 1.5]]


async def test_only_the_parameters_are_told_when_that_is_asked_for(sqlpp: Ask) -> None:
    told = await sqlpp("select $x, ?; create dataverse never", parse_only=True)

    assert told.compiled is not None
    assert told.compiled.statement_parameters == [1, "x"]
    assert told.rows == {}
    assert (await sqlpp("use never")).problem is not None


async def test_declared_functions_and_dataverses_hold_for_the_request(sqlpp: Ask) -> None:
    told = await sqlpp(
        "create dataverse d; use d; declare function twice(x) { x * 2 }; set `a` 'b';"
        " select value twice(21)"
    )
    later = await sqlpp("use d; select value twice(21)")

    assert told.values() == [42]
    assert later.problem is not None
    assert later.problem.startswith("ASX1081: ")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("create dataverse x", "CREATE_DATAVERSE"),
        ("drop dataverse x", "DATAVERSE_DROP"),
        ("create type t as {id: int}", "TYPE_DECL"),
        ("create dataset t(x) primary key id", "DATASET_DECL"),
        ("drop dataset t", "DATASET_DROP"),
        ("create index i on t(a)", "CREATE_INDEX"),
        ("create function f() { 1 }", "CREATE_FUNCTION"),
        ("create view v as select 1", "CREATE_VIEW"),
        ("insert into t {}", "INSERT"),
        ("upsert into t {}", "UPSERT"),
        ("delete from t", "DELETE"),
        ('load dataset t using localfs (("path"="x"),("format"="adm"))', "LOAD"),
    ],
)
async def test_readonly_refuses_before_anything_runs(sqlpp: Ask, text: str, kind: str) -> None:
    told = await sqlpp(f"select 1; {text};", readonly=True)

    assert told.problem is not None
    assert told.problem.startswith(
        f"ASX0044: {kind} statement is not supported in read-only mode (in line 1, at column 1"
    )
    assert told.rows == {}


async def test_an_unknown_default_dataverse_is_a_warning(sqlpp: Ask) -> None:
    told = await sqlpp("select value 1", dataverse="nowhere", max_warnings=5)

    assert told.values() == [1]
    assert told.finished is not None
    assert told.finished.warning_count == 1
    assert [w.text for w in told.finished.warnings] == [
        "ASX1063: Cannot find dataverse with name nowhere"
    ]


async def test_warnings_are_counted_and_told_as_far_as_wanted(sqlpp: Ask) -> None:
    text = 'select value 1 + "a"'

    counted = await sqlpp(text)
    told = await sqlpp(text, max_warnings=1)

    assert counted.finished is not None
    assert told.finished is not None
    assert (counted.finished.warning_count, counted.finished.warnings) == (1, [])
    assert told.finished.warnings[0].text.startswith("ASX0002: Type mismatch: ")


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        (
            "select 1 a, 'x' as b, 2.5",
            {"name": ["a", "b", "$1"], "type": ["int64", "string", "double"]},
        ),
        ("select value {'a': 1}", {"name": ["a"], "type": ["int64"]}),
        ("select value 1", {"*": "*"}),
        ("select x.y, x.z as w from [{}] x", {"name": ["y", "w"], "type": ["any", "any"]}),
    ],
)
async def test_typed_signatures(sqlpp: Ask, text: str, signature: Any) -> None:
    told = await sqlpp(text, typed_signature=True)

    assert told.compiled is not None
    assert told.compiled.signature == signature


async def test_plans_and_explain(sqlpp: Ask) -> None:
    told = await sqlpp("select value 1", plans=["expressionTree", "logicalPlan"])
    row = await sqlpp("explain select value x from [1] x")

    assert told.finished is not None
    assert told.finished.plans["expressionTree"].startswith("Select")
    assert told.finished.plans["logicalPlan"]["node"] == "Select"
    assert row.values()[0]["node"] == "Select"


async def test_nothing_is_run_where_only_the_sense_is_asked_for(sqlpp: Ask) -> None:
    told = await sqlpp("create dataverse never; select value 1", compile_only=True)

    assert told.problem is None
    assert told.rows == {}
    assert (await sqlpp("use never")).problem is not None


async def test_tables_of_spark_are_datasets(sqlpp: Ask, spark_sql: Ask) -> None:
    made = await spark_sql(
        "create table shops as select id, id * 1.5D as price, ST_Point(id, 1) as place"
        " from range(10); create database other;"
        " create table other.t as select date'2020-01-01' as d, array(1, 2) as a;"
        " create or replace temp view seen as select 'x' as v"
    )
    told = await sqlpp(
        "select s.price, s.place from Shops s where s.id = 2;"
        " select value t from other.t t; use other; select value t.d from t;"
        " select value v from Default.seen v"
    )

    assert made.problem is None
    assert told.problem is None
    assert told.rows[0] == b'{ "price": 3.0, "place": "POINT (2 1)" }\n'
    assert told.values(1) == [{"d": "2020-01-01", "a": [1, 2]}]
    assert told.values(2) == ["2020-01-01"]
    assert told.values(3) == [{"v": "x"}]
    counted = await sqlpp("select value s.price from Shops s where s.id + 0 = 2")
    assert counted.finished is not None
    assert counted.finished.counts.processed_objects == 10


async def test_a_constant_statement_asks_spark_for_nothing(
    sqlpp: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Patched, because it is py4j's own connection that must not be used.
    from py4j.java_gateway import GatewayClient

    def forbidden(*_: Any, **__: Any) -> str:
        raise AssertionError

    await sqlpp("select value 0")
    monkeypatch.setattr(GatewayClient, "send_command", forbidden)
    told = await sqlpp("select value {'a': [1, 2.5]}")
    monkeypatch.undo()

    assert told.problem is None
    assert told.values() == [{"a": [1, 2.5]}]


async def test_objects_are_loaded_from_files(sqlpp: Ask, own_settings: Any) -> None:
    files = Path(own_settings.scope_dir) / "files"
    (files / "a.json").write_text('{"id": 1, "x": [1.0]}\n{"id": 2,\n "x": {"y": 2}}\n')
    (files / "b.adm").write_text('{ "id": 3, "d": date("2020-01-01") }\n\n{ "id": 4 }\n')
    (files / "c.csv").write_text('id|name\r\n5|"five|5"\r\n6|\r\n')
    made = await sqlpp(
        "create type t as {id: int, name: string?}; create dataset d(t) primary key id;"
        ' load dataset d using localfs (("path"="localhost:///a.json"), ("format"="json"));'
        ' load dataset d using localfs (("path"="b.adm"), ("format"="adm"));'
        ' load dataset d using localfs (("path"="c.csv"), ("format"="delimited-text"),'
        ' ("delimiter"="|"), ("header"="true"));'
    )
    told = await sqlpp("select value d from d order by d.id", format="adm")

    assert made.problem is None
    assert [row.strip() for row in told.values()] == [
        '{ "id": 1, "x": [ 1.0 ] }',
        '{ "id": 2, "x": { "y": 2 } }',
        '{ "id": 3, "d": date("2020-01-01") }',
        '{ "id": 4 }',
        '{ "id": 5, "name": "five|5" }',
        '{ "id": 6 }',
    ]


@pytest.mark.parametrize(
    "text",
    [
        "select value count(*) from range(1, 100000) a, range(1, 100000) b where a + b < 0",
        "with x as range(1, 30000) select value (select value a * b from x a, x b)",
    ],
)
async def test_an_endless_constant_statement_is_stopped(sqlpp: Ask, text: str) -> None:
    told = await sqlpp(text, timeout_s=2)

    assert told.problem == "ASX0030: Request timed out and will be cancelled"
    assert told.rows == {}


async def test_a_session_that_is_not_there_is_said_before_all(
    service: StatementService,
) -> None:
    given = statements("select 1", session="nope")
    with pytest.raises(AgentFailure) as run:
        service.run(RunStatements(statements=given))
    with pytest.raises(AgentFailure) as submitted:
        await service.submit(SubmitStatements(statements=given))

    assert run.value.code is submitted.value.code is ErrorCode.SESSION_NOT_FOUND


async def test_a_program_is_what_its_strongest_statement_is(sqlpp: Ask) -> None:
    asked = {
        "select 1; select 2": "query",
        "select 1; create type T as {id: int}": "ddl",
        "select 1; insert into d ({})": "update",
    }
    for text, category in asked.items():
        told = await sqlpp(text, compile_only=True)
        assert told.compiled is not None
        assert told.compiled.statement_category == category


async def test_numbers_of_a_range_are_not_all_held(sqlpp: Ask) -> None:
    told = await sqlpp("select value x from range(5, 1000000000000) x limit 2")

    assert told.rows[0] == b"5\n, 6\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("select value len(range(1, 3000000000))", "memory"),
        ("select value len(array_repeat(1, 3000000000))", "array_repeat would make 3000000000"),
        ("select value length(repeat('ab', 9000000))", "repeat would make 18000000 items"),
    ],
)
async def test_what_would_fill_the_memory_fails_alone(sqlpp: Ask, text: str, words: str) -> None:
    failed = await sqlpp(text)
    after = await sqlpp("select value len(range(1, 10))")

    assert failed.kind == "runtime"
    assert words in str(failed.problem)
    assert after.rows[0] == b"10\n"
