"""Spark SQL through the query service."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from sandbox.runtime.spark import SparkRuntime
from sandbox.statements import StatementService
from tests.unit.sandbox.jobs import until_busy, until_idle
from tests.unit.sandbox.statements.conftest import Ask, ended, statements
from wire.messages import SubmitStatements

pytestmark = pytest.mark.spark


async def test_a_small_result_leaves_in_one_write(spark_sql: Ask) -> None:
    told = await spark_sql("select * from values (1, 'x'), (2, 'y') as t(a, b)")

    assert told.rows[0] == b'{ "a": 1, "b": "x" }\n, { "a": 2, "b": "y" }\n'
    assert told.writes == 1
    assert told.compiled is not None
    assert (told.compiled.signature, told.compiled.results) == ("*", 1)
    assert (told.ends[0].rows, told.ends[0].size) == (2, 42)
    assert told.problem is None


async def test_types_stay_what_they_are(spark_sql: Ask) -> None:
    told = await spark_sql(
        "select 1 as i, 2.0D as d, float(1.5) as f, 1.50BD as m, 12345678901234567890.5BD as big,"
        " true as t, null as n, date'2020-02-29' as dt,"
        " timestamp'2020-02-29 10:11:12.345678' as ts,"
        " X'ABCD' as bin, array(1, null) as arr, struct(1 as a, 'x' as b) as st,"
        " map('k', 1.5D) as mp, ST_Point(1.5, 2.0) as g, double('NaN') as nan, 1e10D as e,"
        " parse_json('{\"z\": [1, 2.5]}') as v, interval 1 day as iv"
    )

    assert told.problem is None
    assert told.rows[0] == (
        b'{ "i": 1, "d": 2.0, "f": 1.5, "m": 1.5, "big": "12345678901234567890.5", "t": true,'
        b' "n": null, "dt": "2020-02-29", "ts": "2020-02-29T10:11:12.345", "bin": "ABCD",'
        b' "arr": [ 1, null ], "st": { "a": 1, "b": "x" }, "mp": { "k": 1.5 },'
        b' "g": "POINT (1.5 2)", "nan": "NaN", "e": 1.0E10, "v": { "z": [ 1, 2.5 ] },'
        b' "iv": "INTERVAL \'1\' DAY" }\n'
    )


@pytest.mark.parametrize(
    ("more", "rows"),
    [
        ({"format": "adm"}, b'"{ \\"a\\": 1, \\"d\\": date(\\"2020-01-01\\") }\\n"'),
        ({"format": "lossless-json"}, b'{ "a": { "int32": 1 }, "d": { "date": "2020-01-01" } }\n'),
        ({"format": "csv"}, b'"1,\\"2020-01-01\\"\\r\\n"'),
        (
            {"format": "csv", "csv_header": True},
            b'"\\"a\\",\\"d\\"\\r\\n", "1,\\"2020-01-01\\"\\r\\n"',
        ),
        ({"pretty": True}, b'{\n\t\t"a" : 1,\n\t\t"d" : "2020-01-01"\n\t}'),
    ],
)
async def test_formats(spark_sql: Ask, more: dict[str, Any], rows: bytes) -> None:
    told = await spark_sql("select 1 as a, date'2020-01-01' as d", **more)

    assert told.rows[0] == rows
    assert told.ends[0].rows == 1


async def test_statements_run_in_order_up_to_the_first_that_fails(spark_sql: Ask) -> None:
    told = await spark_sql(
        "create table made as select 1 as a; select * from made; select 5; select * from gone;"
        " drop table made"
    )

    assert told.values(0) == [{"a": 1}]
    assert told.values(1) == [{"5": 5}]
    assert told.kind == "compile"
    assert told.problem is not None
    assert told.problem.startswith("ASX1077: ")
    assert (await spark_sql("select a from made")).values() == [{"a": 1}]


@pytest.mark.parametrize(
    ("text", "code", "kind"),
    [
        ("selec 1", "ASX1001: Syntax error: ", "compile"),
        ("select * from nowhere", "ASX1077: ", "compile"),
        ("select nothing(1)", "ASX1081: ", "compile"),
        ("select missing_column", "ASX1073: ", "compile"),
        ("select 1 + array(1)", "ASX1079: ", "compile"),
        ("use nowhere", "ASX1063: ", "compile"),
        ("select :x", "ASX1086: No value for parameter: $x", "compile"),
        ("select ?", "ASX1086: No value for parameter: $1", "compile"),
        ("select 1 as a, 2 as a", "ASX0013: Duplicate field name 'a'", "compile"),
        ("select cast('x' as int)", "[CAST_INVALID_INPUT]", "runtime"),
        ("select raise_error('so')", "[USER_RAISED_EXCEPTION] so", "runtime"),
    ],
)
async def test_errors_have_the_originals_codes(
    spark_sql: Ask, text: str, code: str, kind: str
) -> None:
    told = await spark_sql(text)

    assert told.problem is not None
    assert told.problem.startswith(code)
    assert told.kind == kind
    assert told.rows == {}


async def test_a_place_is_told(spark_sql: Ask) -> None:
    told = await spark_sql("select *\n from nowhere")

    assert told.problem is not None
    assert told.problem.endswith("(in line 2, at column 7)")


async def test_parameters_are_bound_by_spark(spark_sql: Ask) -> None:
    named = await spark_sql("select :a as a, :b as b", named_args={"a": "it's; 'one'", "b": 1.5})
    placed = await spark_sql("select ? as a; select ? as b, ? as c", args=[1, "x", [1, 2]])

    assert named.values() == [{"a": "it's; 'one'", "b": 1.5}]
    assert placed.values(0) == [{"a": 1}]
    assert placed.values(1) == [{"b": "x", "c": [1, 2]}]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("create database d", "CREATE_DATAVERSE"),
        ("drop database d", "DATAVERSE_DROP"),
        ("create table t (a int)", "DATASET_DECL"),
        ("create table t as select 1", "DATASET_DECL"),
        ("drop table t", "DATASET_DROP"),
        ("create view v as select 1", "CREATE_VIEW"),
        ("create temporary view v as select 1", "CREATE_VIEW"),
        ("insert into t values (1)", "INSERT"),
        ("with x as (select 1) insert into t select * from x", "INSERT"),
        ("from t insert into u select * insert into v select *", "INSERT"),
        ("delete from t", "DELETE"),
        ("load data local inpath 'x' into table t", "LOAD"),
        ("create temporary function f(x int) returns int return x", "CREATE_FUNCTION"),
        ("execute immediate 'drop table t'", "EXECUTE_IMMEDIATE"),
        ("cache table t", "CACHE_TABLE"),
    ],
)
async def test_readonly_refuses_before_anything_runs(spark_sql: Ask, text: str, kind: str) -> None:
    told = await spark_sql(f"select 1; {text}", readonly=True)

    assert told.problem == f"ASX0044: {kind} statement is not supported in read-only mode"
    assert told.rows == {}


async def test_readonly_lets_queries_and_settings_pass(spark_sql: Ask) -> None:
    told = await spark_sql(
        "use default; set spark.sql.ansi.enabled=true; with x as (select 1 as a) select * from x;"
        " show tables; describe query select 1; explain select 1",
        readonly=True,
    )

    assert told.problem is None
    assert told.values(0) == [{"a": 1}]
    assert len(told.rows) == 4


async def test_one_statement_where_several_are_not_allowed(spark_sql: Ask) -> None:
    fine = await spark_sql("use default; select 1", multi_statement=False)
    refused = await spark_sql("select 1; select 2", multi_statement=False)

    assert fine.problem is None
    assert refused.problem == "ASX0035: Unsupported multiple statements."


async def test_nothing_runs_where_only_the_parameters_or_the_sense_are_asked_for(
    spark_sql: Ask,
) -> None:
    parsed = await spark_sql("select ?, :b; create table t (a int)", parse_only=True)
    compiled = await spark_sql("create table t (a int)", compile_only=True)

    assert parsed.compiled is not None
    assert parsed.compiled.statement_parameters == [1, "b"]
    assert compiled.problem is None
    assert (await spark_sql("select * from t")).problem is not None


async def test_a_typed_signature_names_the_columns(spark_sql: Ask) -> None:
    told = await spark_sql(
        "select 1L as a, cast(null as string) as b, 1 as c", typed_signature=True
    )

    assert told.compiled is not None
    assert told.compiled.signature == {
        "name": ["a", "b", "c"],
        "type": ["int64", "string?", "int32"],
    }


async def test_rows_read_are_counted(spark_sql: Ask) -> None:
    await spark_sql("create table numbers as select id from range(1000)")

    told = await spark_sql("select count(*) as n from numbers where id % 100 = 0")

    assert told.values() == [{"n": 10}]
    assert told.finished is not None
    assert told.finished.counts.processed_objects == 1000
    assert told.finished.counts.result_count == 1
    assert told.finished.counts.elapsed_ns > told.finished.counts.execution_ns > 0


async def test_order_is_kept_over_many_partitions(spark_sql: Ask) -> None:
    told = await spark_sql(
        "set spark.sql.adaptive.enabled=false;"
        "select id, 9999 - id as back from range(0, 10000, 1, 7) order by back;"
        "set spark.sql.adaptive.enabled=true"
    )

    assert [row["back"] for row in told.values()] == list(range(10000))


async def test_plans_are_told_to_who_asks(spark_sql: Ask) -> None:
    told = await spark_sql("select 1 as a", plans=["logicalPlan", "optimizedLogicalPlan", "job"])

    assert told.finished is not None
    assert set(told.finished.plans) == {"logicalPlan", "optimizedLogicalPlan", "job"}
    assert "Project [1 AS a" in told.finished.plans["logicalPlan"]


async def test_a_result_beyond_the_limit_is_an_error_behind_its_rows(spark_sql: Ask) -> None:
    told = await spark_sql("select id from range(100000)", max_bytes=1_000_000)

    assert told.problem is not None
    assert "larger than 1000000 bytes" in told.problem
    assert told.kind == "runtime"


async def test_names_and_texts_are_escaped(spark_sql: Ask) -> None:
    told = await spark_sql("select 'a\"\\n\\u0085\\u0001é' as `na\"me`")

    assert told.rows[0] == '{ "na\\"me": "a\\"\\n\\u0085\\u0001é" }\n'.encode()
    assert json.loads(told.rows[0]) == {'na"me': 'a"\n\x85\x01é'}


@pytest.mark.parametrize("end", ["cancel", "timeout"])
@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("spark", "select sum(id % 7) as s from range(1000000000000)"),
        ("sqlpp", "select sum(r.id) as s from endless as r"),
    ],
)
async def test_a_job_that_is_stopped_leaves_spark_idle(
    service: StatementService, runtime: SparkRuntime, dialect: str, text: str, end: str
) -> None:
    runtime.spark.range(10**12).selectExpr("id % 7 as id").createOrReplaceTempView("endless")
    timeout_s = 60.0 if end == "cancel" else 1.0
    asked = statements(text, dialect=dialect, timeout_s=timeout_s)
    answer = await service.submit(SubmitStatements(statements=asked, ttl_s=60.0))
    assert answer.problem is None
    if end == "cancel":
        await asyncio.to_thread(until_busy, runtime)
        assert await service.cancel(asked.work_id) == 1

    await asyncio.to_thread(until_idle, runtime)
    job = (await ended(service, asked.work_id))[asked.work_id]
    assert job.state == ("cancelled" if end == "cancel" else "timeout")
    runtime.spark.catalog.dropTempView("endless")
