"""Queries: every format, values as the contract has them, limits that are true."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import shapely

from sandbox.failure import AgentFailure
from sandbox.query import Queries, Result
from sandbox.runtime.spark import SparkRuntime
from sandbox.tables import Tables
from sandbox.work import Work, WorkBoard
from tests.unit.sandbox.jobs import until_busy, until_idle
from wire.messages import QueryRequest
from wire.protocol import ErrorCode
from wire.settings import AgentSettings

pytestmark = pytest.mark.spark

Ask = Callable[..., Result]


@pytest.fixture
def ask(runtime: SparkRuntime, own_settings: AgentSettings, tables: Tables, work: Work) -> Ask:
    queries = Queries(runtime, own_settings, tables)

    def run(sql: str, **more: Any) -> Result:
        request = QueryRequest(work_id="q", session="spark", sql=sql, timeout_s=60, **more)
        return queries.run(request, work)

    return run


def payload(result: Result) -> bytes:
    body = b"".join(result.chunks())
    result.close()
    assert len(body) == result.head.content_length
    return body


def rows(result: Result) -> Any:
    return json.loads(payload(result))


def test_auto_is_bare_values_for_one_column_else_records(ask: Ask) -> None:
    assert rows(ask("select 2.5D as x", format="auto")) == [2.5]
    assert rows(ask("select 1 as a, null as b", format="auto")) == [{"a": 1, "b": None}]


def test_records_and_values(ask: Ask) -> None:
    sql = "select id, cast(id as string) as s from range(3) order by id"

    records = ask(sql)

    assert (records.head.num_rows, records.head.truncated) == (3, False)
    assert [(c.name, c.type) for c in records.head.columns] == [("id", "bigint"), ("s", "string")]
    assert rows(records) == [{"id": n, "s": str(n)} for n in range(3)]
    assert rows(ask(sql, format="values")) == [[n, str(n)] for n in range(3)]


VALUES = [
    ("cast(9223372036854775807 as bigint)", 9223372036854775807),
    ("cast('NaN' as double)", None),
    ("cast('-Infinity' as float)", None),
    ("0.1D", 0.1),
    ("1e300D", 1e300),
    ("cast(0.1 as float)", 0.1),
    ("cast(1.10 as decimal(10,2))", 1.1),
    ("cast(1.10 as decimal(16,2))", "1.10"),
    ("cast(0 as decimal(20,10))", "0.0000000000"),
    ("true", True),
    ("cast(null as int)", None),
    ("timestamp'2009-04-12 03:16:33+02:00'", "2009-04-12T01:16:33+00:00"),
    ("timestamp'2009-04-12 03:16:33.25'", "2009-04-12T03:16:33.250000+00:00"),
    ("timestamp_ntz'2009-04-12 03:16:33'", "2009-04-12T03:16:33"),
    ("date'2009-04-12'", "2009-04-12"),
    ("X'00ff'", "AP8="),
    ("ST_Point(1.0, 2.0)", "POINT (1 2)"),
    ("ST_GeomFromText('MULTIPOINT (0 0, 1 1)')", "MULTIPOINT ((0 0), (1 1))"),
    ("ST_GeomFromText('POINT EMPTY')", "POINT EMPTY"),
    ("ST_SetSRID(ST_Point(-73.993003, 40.747594), 4326)", "POINT (-73.993003 40.747594)"),
    ("'say \"hi\"\\n\\\\ \\t \\u0001 é 🗽'", 'say "hi"\n\\ \t \x01 é 🗽'),
    ("array(1, null)", [1, None]),
    (
        "named_struct('a', 1, 'b c', timestamp'2020-01-01 00:00:00')",
        {"a": 1, "b c": "2020-01-01T00:00:00+00:00"},
    ),
    ("map('k', cast('NaN' as double))", {"k": None}),
    ("map(1, 'x')", {"1": "x"}),
    ("array(cast(1.5 as decimal(5,1)), cast(2 as decimal(5,1)))", [1.5, 2.0]),
    ("array(ST_Point(1.0, 2.0))", ["POINT (1 2)"]),
    ("named_struct('g', ST_Point(1.0, 2.0), 'n', X'00ff')", {"g": "POINT (1 2)", "n": "AP8="}),
    ("cast(null as struct<a:decimal(30,2)>)", None),
    ("interval '1' day", "INTERVAL '1' DAY"),
    ("interval '1-2' year to month", "INTERVAL '1-2' YEAR TO MONTH"),
    ("parse_json('{\"a\": [1, 2]}')", {"a": [1, 2]}),
    ("null", None),
]


def test_values_in_json(ask: Ask) -> None:
    sql = "select " + ", ".join(f"{text} as c{i}" for i, (text, _) in enumerate(VALUES))

    got = rows(ask(sql, format="values"))[0]

    assert [value for _, value in VALUES] == got
    # The same values where a job computes them, beside a row of nulls.
    case = ", ".join(f"if(id = 0, {text}, null) as c{i}" for i, (text, _) in enumerate(VALUES))
    got = rows(ask(f"select {case} from range(2) order by id", format="values"))
    assert [[value for _, value in VALUES], [None] * len(VALUES)] == got


def test_strings_that_are_no_utf8_do_not_break_the_json(ask: Ask) -> None:
    assert rows(ask("select cast(X'41ff42' as string) as s")) == [{"s": "A\ufffdB"}]


def test_statements_without_rows(ask: Ask, tables: Tables) -> None:
    made = ask("create table new_table as (select 1 as a)")

    assert (made.head.num_rows, payload(made)) == (0, b"[]")
    assert rows(ask("select * from new_table")) == [{"a": 1}]
    assert [table.name for table in tables.facts()] == ["new_table"]
    assert rows(ask("drop table if exists new_table")) == []
    assert rows(ask("select 1 as a where false", format="auto")) == []


def test_collect_false_runs_without_a_result(ask: Ask) -> None:
    result = ask("create table made as select 1 as a", collect=False)

    assert (result.head.num_rows, payload(result)) == (None, b"")
    assert rows(ask("select a from made", format="auto")) == [1]
    with pytest.raises(AgentFailure) as caught:
        ask("select assert_true(id < 1) from range(2)", collect=False)
    assert caught.value.code == ErrorCode.SQL_ERROR


@pytest.mark.parametrize("count", [0, 4, 5, 6])
@pytest.mark.parametrize("sql", ["select id from range(5)", "select * from values 1, 2, 3, 4, 5"])
def test_truncated_is_true_exactly_when_rows_were_cut(ask: Ask, sql: str, count: int) -> None:
    for limit in ({"limit": count}, {"max_rows": count, "limit": 99}):
        result = ask(sql, format="auto", **limit)
        assert (min(count, 5), count < 5) == (result.head.num_rows, result.head.truncated)
        assert len(rows(result)) == min(count, 5)


def test_a_large_limit_streams_and_cuts_too(ask: Ask) -> None:
    result = ask("select id from range(0, 50000, 1, 7) order by id", format="auto", limit=20_001)

    assert (result.head.num_rows, result.head.truncated) == (20_001, True)
    assert rows(result) == list(range(20_001))


def test_show_is_limited_as_well(ask: Ask) -> None:
    ask("create table t as select 1 as a, 2 as b")

    result = ask("describe t", limit=1)

    assert (result.head.num_rows, result.head.truncated) == (1, True)


def test_order_is_kept_over_partitions(ask: Ask) -> None:
    assert rows(ask("select id from range(0, 40000, 1, 8)", format="auto")) == list(range(40000))


def test_parameters_are_bound_never_pasted(ask: Ask) -> None:
    evil = "x'; drop table t; --\"\n"

    assert rows(ask("select :v as v, :n + 1 as n", params={"v": evil, "n": 1})) == [
        {"v": evil, "n": 2}
    ]
    assert rows(ask("select ? as v, ? as n", params=[evil, None])) == [{"v": evil, "n": None}]
    assert rows(ask("select array_contains(:l, 2) as c", params={"l": [1, 2]})) == [{"c": True}]
    with pytest.raises(AgentFailure) as caught:
        ask("select :missing")
    assert caught.value.code == ErrorCode.SQL_ERROR


def test_duplicate_columns(ask: Ask) -> None:
    sql = "select 1 as a, 2 as a"

    for fmt in ("records", "auto"):
        with pytest.raises(AgentFailure) as caught:
            ask(sql, format=fmt)
        assert caught.value.code == ErrorCode.DUPLICATE_COLUMNS
    assert rows(ask(sql, format="values")) == [[1, 2]]
    assert payload(ask(sql, format="csv")) == b"a,a\r\n1,2\r\n"
    assert arrow(ask(sql, format="arrow")).column_names == ["a", "a"]


def test_csv(ask: Ask) -> None:
    sql = (
        "select * from values (1, 'a,b', 1.5D, ST_Point(1.0, 2.0), array(1, 2)),"
        " (null, 'say \"x\"\\n', cast('NaN' as double), null, null), (3, '', 0D, null, null)"
        " as t(`the id`, s, d, g, l)"
    )

    expected = (
        'the id,s,d,g,l\r\n1,"a,b",1.5,POINT (1 2),"[1,2]"\r\n,"say ""x""\n",,,\r\n3,"",0,,\r\n'
    )
    assert payload(ask(sql, format="csv")).decode() == expected


def arrow(result: Result) -> pa.Table:
    return pa.ipc.open_stream(io.BytesIO(payload(result))).read_all()


def test_arrow_carries_wkb_with_geoarrow_metadata(ask: Ask) -> None:
    result = ask(
        "select id, ST_SetSRID(ST_Point(id, 2.0), 2263) as g, cast(id as decimal(20, 2)) as d"
        " from range(0, 30000, 1, 3)",
        format="arrow",
    )

    table = arrow(result)

    assert list(range(30000)) == table.column("id").to_pylist()
    assert pa.decimal128(20, 2) == table.schema.field("d").type
    field = table.schema.field("g")
    assert field.metadata[b"ARROW:extension:name"] == b"geoarrow.wkb"
    assert json.loads(field.metadata[b"ARROW:extension:metadata"])["crs"] == "EPSG:2263"
    assert shapely.from_wkb(table.column("g")[7].as_py()).wkt == "POINT (7 2)"
    assert result.head.columns[1].srid == 2263


def test_arrow_without_rows_has_its_schema(ask: Ask) -> None:
    table = arrow(
        ask("select id, ST_Point(id, 1.0) as g from range(5) where id > 7", format="arrow")
    )

    assert (table.num_rows, table.column_names) == (0, ["id", "g"])
    assert table.schema.field("g").metadata[b"ARROW:extension:name"] == b"geoarrow.wkb"


def test_geojson(ask: Ask) -> None:
    sql = (
        "select * from values (1, ST_Point(1.0, 2.0), 'x'), (2, null, null) as t(id, g, name)"
        " order by id"
    )

    collection = rows(ask(sql, format="geojson"))

    point = {"type": "Point", "coordinates": [1.0, 2.0]}
    expected = [
        {"type": "Feature", "geometry": point, "properties": {"id": 1, "name": "x"}},
        {"type": "Feature", "geometry": None, "properties": {"id": 2, "name": None}},
    ]
    assert {"type": "FeatureCollection", "features": expected} == collection


def test_geojson_names_another_crs_and_needs_a_geometry(ask: Ask) -> None:
    feet = rows(ask("select ST_SetSRID(ST_Point(1.0, 2.0), 2263) as g", format="geojson"))

    assert feet["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::2263"
    assert feet["features"][0]["properties"] == {}
    with pytest.raises(AgentFailure, match="needs a geometry column"):
        ask("select 1", format="geojson")


def test_a_result_beyond_max_bytes_is_refused(ask: Ask) -> None:
    with pytest.raises(AgentFailure) as caught:
        ask("select id, repeat('x', 100) as s from range(100000)", max_bytes=1_000_000)

    assert caught.value.code == ErrorCode.RESULT_TOO_LARGE
    assert rows(ask("select 1 as a", max_bytes=1_000_000)) == [{"a": 1}]


def test_a_large_result_is_spooled_to_disk_and_gone_when_closed(
    ask: Ask, own_settings: AgentSettings
) -> None:
    result = ask("select id, repeat('x', 100) as s from range(0, 100000, 1, 4)")

    assert result.spool is not None
    assert result.spool.is_on_disk
    body = json.loads(b"".join(result.chunks()))
    assert list(range(100000)) == [row["id"] for row in body]
    result.close()
    result.close()
    assert list((Path(own_settings.scope_dir) / "spool").iterdir()) == []


@pytest.mark.parametrize(
    ("sql", "error_class"),
    [
        ("selec 1", "PARSE_SYNTAX_ERROR"),
        ("select nothing from range(1)", "UNRESOLVED_COLUMN"),
        ("select * from no_such_table", "TABLE_OR_VIEW_NOT_FOUND"),
        ("select 1/0", "DIVIDE_BY_ZERO"),
        ("select cast('x' as int) from range(3)", "CAST_INVALID_INPUT"),
    ],
)
def test_errors_carry_sparks_class(ask: Ask, sql: str, error_class: str) -> None:
    with pytest.raises(AgentFailure) as caught:
        ask(sql)

    assert caught.value.code == ErrorCode.SQL_ERROR
    assert caught.value.facts["error_class"].startswith(error_class)
    assert "\tat " not in caught.value.message


def test_an_unknown_session_is_said(
    runtime: SparkRuntime, own_settings: AgentSettings, work: Work
) -> None:
    request = QueryRequest(work_id="q", session="nobody", sql="select 1", timeout_s=1)

    with pytest.raises(AgentFailure, match="session nobody not found!"):
        Queries(runtime, own_settings).run(request, work)


def test_cancelled_work_stops_between_batches(ask: Ask, work: Work) -> None:
    work.cancelled.set()

    with pytest.raises(AgentFailure) as caught:
        ask("select id from range(100000)")
    assert caught.value.code == ErrorCode.CANCELLED


@pytest.mark.parametrize("stop", ["timeout", "cancel"])
async def test_a_running_query_is_stopped(
    runtime: SparkRuntime, own_settings: AgentSettings, stop: str
) -> None:
    board = WorkBoard(runtime.sc)
    queries = Queries(runtime, own_settings)
    endless = "select sum(id % 7) as s from range(0, 1000000000000)"
    timeout_s = 2.0 if stop == "timeout" else 60.0
    request = QueryRequest(work_id="q", session="spark", sql=endless, timeout_s=timeout_s)

    running = asyncio.ensure_future(
        board.run("q", timeout_s, lambda work: queries.run(request, work))
    )
    if stop == "cancel":
        await asyncio.to_thread(until_busy, runtime)
        await board.cancel("q")
    with pytest.raises(AgentFailure) as caught:
        await running

    expected = ErrorCode.TIMEOUT if stop == "timeout" else ErrorCode.CANCELLED
    assert caught.value.code == expected
    board.close()


def test_tables_over_files_are_fresh_for_a_query(ask: Ask, own_settings: AgentSettings) -> None:
    folder = Path(own_settings.scope_dir) / "files" / "p"
    ask(f"create table live using parquet location '{folder}' as select 1 as a")

    ask("insert into live values (2)")

    assert sorted(rows(ask("select a from live", format="auto"))) == [1, 2]


@pytest.mark.parametrize(
    "source",
    [
        "VALUES ('POINT (1 2)'), ('?'), (null), ('POINT (1')",
        "(SELECT if(id % 2 = 0, 'POINT (1 2)', 'no') FROM range(4))",
    ],
)
def test_nulls_made_of_failures_are_counted_in_warnings(
    runtime: SparkRuntime, own_settings: AgentSettings, tables: Tables, source: str
) -> None:
    queries = Queries(runtime, own_settings, tables)
    board = WorkBoard(runtime.sc)
    sql = f"SELECT ST_AsText(ST_GeomFromText(t)) AS wkt FROM {source} AS v(t)"
    request = QueryRequest(work_id="q", session="spark", sql=sql, timeout_s=60)

    def run() -> Result:
        return asyncio.run(board.run("q", 60, lambda work: queries.run(request, work)))

    first, again = run(), run()
    first.close()
    again.close()
    board.close()

    expected = ["ST_GeomFromText could not work out 2 values that are null now"]
    assert first.head.warnings == again.head.warnings == expected


def test_warming_leaves_nothing(
    runtime: SparkRuntime, own_settings: AgentSettings, work: Work
) -> None:
    Queries(runtime, own_settings).warm(work)

    assert list((Path(own_settings.scope_dir) / "spool").iterdir()) == []
    until_idle(runtime)
