"""Loading: every format, strict by default, all tables of a request or none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.orc as po
import pyarrow.parquet as pq
import pytest

from sandbox.failure import AgentFailure
from sandbox.runtime.spark import SparkRuntime
from sandbox.tables import Tables
from sandbox.work import Work
from wire.messages import DescribeTable, LoadTables, TableFacts, TableSource, TablesReply
from wire.protocol import ErrorCode

pytestmark = pytest.mark.spark

SEED = [
    ("VendorID", "string"),
    ("tpep_pickup_datetime", "string"),
    ("tpep_dropoff_datetime", "string"),
    ("passenger_count", "int"),
    ("trip_distance", "double"),
    ("pickup_longitude", "double"),
    ("pickup_latitude", "double"),
    ("dropoff_longitude", "double"),
    ("dropoff_latitude", "double"),
    ("fare_amount", "double"),
    ("tip_amount", "double"),
    ("total_amount", "double"),
    ("buildingid_pickup", "int"),
    ("buildingid_dropoff", "int"),
    ("buildingtext_pickup", "string"),
    ("buildingtext_dropoff", "string"),
]
SEED_SQL = (
    "select VendorID, to_timestamp(tpep_pickup_datetime,'yyyy-MM-dd HH:mm:ss XXXXX') as"
    " tpep_pickup_datetime, passenger_count, pickup_longitude, pickup_latitude from old_nyc_taxi"
    " where (pickup_longitude between -180 and 180) and (pickup_latitude between -90 and 90)"
)

Load = Callable[..., TablesReply]


@pytest.fixture
def load(tables: Tables, work: Work) -> Load:
    def run(*sources: dict[str, Any]) -> TablesReply:
        listed = [TableSource(**source) for source in sources]
        request = LoadTables(work_id="w", session="spark", tables=listed, timeout_s=60)
        return tables.load(request, work)

    return run


@pytest.fixture
def files(own_settings: Any) -> Path:
    return Path(own_settings.scope_dir) / "files"


def one(reply: TablesReply) -> TableFacts:
    assert len(reply.tables) == 1
    return reply.tables[0]


def rows(runtime: SparkRuntime, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in runtime.spark.sql(sql).collect()]


def test_the_real_csv_has_9999_rows_and_16_columns(
    load: Load, shared_data: Path, runtime: SparkRuntime
) -> None:
    reply = load(
        {
            "name": "old_nyc_taxi",
            "format": "csv",
            "path": str(shared_data / "nyc_taxi_buildings_10k.csv"),
            "options": {"header": "True", "delimiter": ","},
            "schema": SEED,
        },
        {"name": "nyc_taxi", "sql": SEED_SQL},
    )

    assert (reply.tables[0].num_rows, len(reply.tables[0].columns)) == (9999, 16)
    assert reply.tables[1].num_rows == 9999
    assert reply.tables[1].columns[1].type == "timestamp"
    first = rows(runtime, "select min(tpep_pickup_datetime) from nyc_taxi")
    assert first[0][0].year == 2009


def test_the_dirty_uber_file_loads_without_a_schema(load: Load, shared_data: Path) -> None:
    path = shared_data / "nyc_uber_fares_10k.csv"
    table = one(load({"name": "uber", "format": "csv", "path": str(path)}))

    lines = path.read_bytes().count(b"\n")
    assert lines - 1 == table.num_rows
    types = {column.name: column.type for column in table.columns}
    assert types["fare_amount"] == "double"
    assert types["pickup_datetime"] == "timestamp"


def test_the_taxi_zones_keep_their_crs(
    load: Load, tables: Tables, work: Work, shared_data: Path
) -> None:
    load({"name": "zones", "format": "shapefile", "path": str(shared_data / "nyc_taxi_zones.zip")})

    facts = tables.describe(DescribeTable(session="spark", table="zones", timeout_s=60), work)
    shape = facts.columns[-1]
    assert (
        facts.num_rows,
        shape.name,
        shape.type,
        shape.srid,
    ) == (263, "geometry", "geometry", 2263)
    assert shape.extent is not None
    assert int(shape.extent[0]) == 913175


def test_a_row_that_does_not_fit_fails_with_number_and_first(load: Load, files: Path) -> None:
    (files / "a.csv").write_text("a,b\n1,x\nq,y\n3\n4,z,more\n99999999999,w\n6,v\n")

    with pytest.raises(AgentFailure) as caught:
        load({"name": "t", "format": "csv", "path": "a.csv", **AB})

    assert caught.value.code == ErrorCode.LOAD_FAILED
    assert caught.value.message == "table t: 4 of 6 rows do not fit the schema; the first: q,y"
    assert not list((files.parent / "tables").rglob("*.parquet"))


AB = {"options": {"header": "true"}, "schema": [("a", "int"), ("b", "string")]}


@pytest.mark.parametrize("mode", ["PERMISSIVE", "DROPMALFORMED"])
def test_lenient_modes_load_what_fits_and_report_the_rest(
    load: Load, files: Path, runtime: SparkRuntime, mode: str
) -> None:
    (files / "a.csv").write_text("a,b\n1,x\nq,y\n3\n4,z,more\n6,v\n")
    options = {"header": "true", "mode": mode}

    table = one(load({"name": "t", "format": "csv", "path": "a.csv", **AB, "options": options}))

    assert (table.num_rows, table.rejected) == (2, 3)
    assert rows(runtime, "select * from t order by a") == [(1, "x"), (6, "v")]


def test_quoted_newlines_quotes_and_delimiters_survive(
    load: Load, files: Path, runtime: SparkRuntime
) -> None:
    (files / "q.csv").write_text('a,b\n1,"two\nlines, and ""quotes"""\n2,plain\n')

    assert one(load({"name": "q", "format": "csv", "path": "q.csv"})).num_rows == 2
    expected = [(1, 'two\nlines, and "quotes"'), (2, "plain")]
    assert expected == rows(runtime, "select a, b from q order by a")


def test_declared_geometry_is_read_from_wkt(load: Load, files: Path, runtime: SparkRuntime) -> None:
    (files / "g.csv").write_text("id;g\n1;POINT (1 2)\n2;\n")
    source = {
        "name": "g",
        "format": "csv",
        "path": "g.csv",
        "options": {"header": "true", "sep": ";"},
        "schema": [("id", "int"), ("g", "geometry")],
    }

    assert one(load(source)).columns[1].type == "geometry"
    assert rows(runtime, "select ST_X(g) from g order by id") == [(1.0,), (None,)]
    (files / "g.csv").write_text("id;g\n1;POINT (1 2)\n2;nonsense\n")
    with pytest.raises(AgentFailure, match="1 of 2 row does not fit the schema; the first: nonsen"):
        load(source)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"b":"x"}\n{"a":2}\n',
        '[{"a":1,"b":"x"},\n {"a":2}]',
        '{\n"a":1,\n"b":"x"\n}\n{"a":2}',
    ],
)
def test_json_by_lines_as_an_array_and_over_lines(
    load: Load, files: Path, runtime: SparkRuntime, text: str
) -> None:
    (files / "a.json").write_text(text)

    load({"name": "j", "format": "JSON", "path": "a.json"})

    assert rows(runtime, "select a, b from j order by a")[0] == (1, "x")


def test_json_that_does_not_fit_is_an_error(load: Load, files: Path) -> None:
    (files / "a.json").write_text('{"a":1}\n{"a":"x"}\nno json\n')

    with pytest.raises(AgentFailure, match=r"2 of 3 rows do not fit the schema; the first: \{"):
        load({"name": "j", "format": "json", "path": "a.json", "schema": [("a", "int")]})


def test_parquet_is_read_in_place_and_followed(
    load: Load, tables: Tables, files: Path, runtime: SparkRuntime
) -> None:
    folder = files / "p"
    folder.mkdir()
    pq.write_table(pa.table({"a": [1, 2]}), folder / "x 1.parquet")

    table = one(load({"name": "p", "format": "parquet", "path": "p"}))

    assert table.num_rows == 2
    pq.write_table(pa.table({"a": [3], "b": ["new"]}), folder / "y.parquet")
    (folder / "x 1.parquet").unlink()
    tables.refresh()
    assert rows(runtime, "select * from p") == [(3, "new")]
    assert [facts.num_rows for facts in tables.facts()] == [1]
    assert not list((files.parent / "tables").rglob("*.parquet"))


def test_a_glob_and_odd_file_names_are_read(load: Load, files: Path, runtime: SparkRuntime) -> None:
    for name in ("a b.parquet", "x[1].parquet", "100%.parquet"):
        pq.write_table(pa.table({"a": [1, 2]}), files / name)

    assert one(load({"name": "g", "format": "parquet", "path": "*.parquet"})).num_rows == 6
    assert one(load({"name": "o", "format": "parquet", "path": "x[1].parquet"})).num_rows == 2
    assert rows(runtime, "select (select count(*) from g) + (select count(*) from o)") == [(8,)]


def test_orc_and_geoparquet_are_read_in_place(
    load: Load, files: Path, runtime: SparkRuntime
) -> None:
    po.write_table(pa.table({"a": [1, 2, 3]}), str(files / "a.orc"))
    shapes = runtime.spark.sql("select 1 as id, ST_Point(1.0, 2.0) as g")
    shapes.write.format("geoparquet").save(str(files / "geo"))

    reply = load(
        {"name": "o", "format": "orc", "path": "a.orc"},
        {"name": "g", "format": "geoparquet", "path": "geo"},
    )

    assert [table.num_rows for table in reply.tables] == [3, 1]
    assert rows(runtime, "select ST_Y(g) from g") == [(2.0,)]


def test_a_declared_schema_over_parquet_casts(
    load: Load, files: Path, runtime: SparkRuntime
) -> None:
    pq.write_table(pa.table({"a": ["1", "2"], "b": [1.5, 2.5]}), files / "s.parquet")
    source = {"name": "s", "format": "parquet", "path": "s.parquet"}

    load({**source, "schema": [("b", "double"), ("a", "int")]})

    assert rows(runtime, "select * from s order by a") == [(1.5, 1), (2.5, 2)]
    with pytest.raises(AgentFailure, match="the schema has 1 columns, the file 2: a, b"):
        load({**source, "schema": [("c", "int")]})


def test_geojson_becomes_rows_with_shapes(load: Load, files: Path, runtime: SparkRuntime) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"name": name, "n": n},
            "geometry": {"type": "Point", "coordinates": [n, 2]} if n else None,
        }
        for name, n in (("a", 1), ("b", 0))
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (files / "f.geojson").write_text(text)

    load({"name": "f", "format": "geojson", "path": "f.geojson"})

    expected = [("a", 1, 1.0, 4326), ("b", 0, None, None)]
    sql = "select name, n, ST_X(geometry), ST_SRID(geometry) from f order by name"
    assert expected == rows(runtime, sql)


def test_all_tables_or_none(load: Load, tables: Tables, files: Path) -> None:
    (files / "a.csv").write_text("a\n1\n")

    with pytest.raises(AgentFailure, match=r"table two: no such file: missing\.csv") as caught:
        load(
            {"name": "one", "format": "csv", "path": "a.csv"},
            {"name": "two", "format": "csv", "path": "missing.csv"},
        )

    assert caught.value.code == ErrorCode.LOAD_FAILED
    assert list(tables.facts()) == []
    assert not list((files.parent / "tables").rglob("*.parquet"))


def test_replacing_is_the_default_and_error_refuses(load: Load, runtime: SparkRuntime) -> None:
    load({"name": "t", "sql": "select 1 as a"})
    load({"name": "T", "sql": "select a + 1 as a from t"})

    assert rows(runtime, "select * from t") == [(2,)]
    with pytest.raises(AgentFailure, match="table t exists already") as caught:
        load({"name": "t", "sql": "select 3 as a", "mode": "error"})
    assert caught.value.code == ErrorCode.TABLE_EXISTS
    assert rows(runtime, "select * from t") == [(2,)]


def test_later_items_see_earlier_ones_before_anyone_else(load: Load, runtime: SparkRuntime) -> None:
    load({"name": "base", "sql": "select 1 as a"})
    runtime.spark.range(3).createOrReplaceTempView("mine")

    reply = load(
        {"name": "base", "sql": "select id as a from mine"},
        {"name": "more", "sql": "select a, a * 2 as b from base"},
    )

    assert [table.num_rows for table in reply.tables] == [3, 3]
    assert [t for t in rows(runtime, "show views") if t[1] in ("base", "more")] == []


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        ({"name": "t", "format": "xls", "path": "x"}, "bad_parameter", "unknown format 'xls'"),
        ({"name": "t", "path": "x"}, "bad_parameter", "no format"),
        ({"name": "t", "format": "csv"}, "bad_parameter", "neither path nor sql"),
        ({"name": "a b", "sql": "select 1"}, "bad_parameter", "table 'a b'"),
        ({"name": "t`;--", "sql": "select 1"}, "bad_parameter", "a name has 1 to 128"),
        ({"name": "t", "sql": "selec 1"}, "sql_error", "table t: "),
        ({"name": "t", "sql": "drop table if exists nothing"}, "bad_parameter", "no columns"),
        ({"name": "t", "format": "csv", "path": "../../x"}, "bad_path", "leaves the scope's files"),
        ({"name": "t", "format": "csv", "path": "/no/such.csv"}, "load_failed", "/no/such.csv"),
    ],
)
def test_what_cannot_be_is_said(
    load: Load, source: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(AgentFailure) as caught:
        load(source)

    assert code == caught.value.code
    assert message in caught.value.message
    assert source["name"] in caught.value.message


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ([("a", "nothing")], "column a has the unknown type 'nothing'"),
        ([("a", "int"), ("A", "int")], "names a twice"),
        ([], "its schema is empty"),
    ],
)
def test_a_bad_schema_is_said(
    load: Load, files: Path, schema: list[tuple[str, str]], message: str
) -> None:
    (files / "a.csv").write_text("1,2\n")

    with pytest.raises(AgentFailure, match=message) as caught:
        load({"name": "t", "format": "csv", "path": "a.csv", "schema": schema})

    assert caught.value.code == ErrorCode.BAD_PARAMETER


def test_a_broken_file_says_which_table(load: Load, files: Path) -> None:
    (files / "x.parquet").write_text("this is no parquet")
    (files / "z.zip").write_text("this is no zip")

    for fmt, path in (("parquet", "x.parquet"), ("shapefile", "z.zip"), ("geojson", "z.zip")):
        with pytest.raises(AgentFailure, match="table t: ") as caught:
            load({"name": "t", "format": fmt, "path": path})
        assert caught.value.code == ErrorCode.LOAD_FAILED


def test_cancelled_work_loads_nothing(load: Load, tables: Tables, work: Work) -> None:
    work.cancelled.set()

    with pytest.raises(AgentFailure) as caught:
        load({"name": "t", "sql": "select 1 as a"})

    assert caught.value.code == ErrorCode.CANCELLED
    assert list(tables.facts()) == []
