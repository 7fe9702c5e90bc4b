"""Rows read from files are the rows that Spark gives: of random plans, of each node by itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.render.columns import StartOver
from tests.unit.sandbox.direct_plans import (
    AREAS,
    first_weight,
    outcome,
    provider,
    queries,
    write_rows,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from sandbox.runtime.spark import SparkRuntime

pytestmark = pytest.mark.spark

TABLES = 4


@pytest.fixture(scope="module")
def sessions(runtime: SparkRuntime, tmp_path_factory: pytest.TempPathFactory) -> list[SparkSession]:
    """Sessions of several settings over the same random tables r0, r1 ..."""
    from sandbox.spatial import register

    folder = tmp_path_factory.mktemp("rows")
    for seed in range(TABLES):
        write_rows(runtime.spark, folder / f"r{seed}", seed)
    made = []
    for zone, ansi in (("UTC", "true"), ("America/New_York", "true"), ("Asia/Kolkata", "false")):
        session = runtime.spark.newSession()
        register(session)
        session.conf.set("spark.sql.session.timeZone", zone)
        session.conf.set("spark.sql.ansi.enabled", ansi)
        for seed in range(TABLES):
            session.read.parquet(str(folder / f"r{seed}")).createOrReplaceTempView(f"r{seed}")
        made.append(session)
    return made


def both(session: SparkSession, sql: str) -> tuple[Any, Any, str]:
    """What direct gives, what Spark gives, and who gave the first."""
    sources = []

    def read(*, direct: bool) -> Any:
        columns = provider(session, direct=direct).open(sql, first_weight)
        sources.append(columns.source)
        return columns

    ours = outcome(lambda: read(direct=True))
    # An error may come before there is a source.
    return ours, outcome(lambda: read(direct=False)), "".join(sources[:1])


@pytest.mark.timeout(600)
@given(sql=queries(), table=st.integers(0, TABLES - 1), which=st.integers(0, 2))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_random_plans_give_sparks_rows(
    sessions: list[SparkSession], sql: str, table: int, which: int
) -> None:
    ours, sparks, _ = both(sessions[which], sql.format(table=f"r{table}"))

    assert ours == sparks


POINT = "ST_Point(a, b)"
AREA = f"ST_GeomFromText('{AREAS[1]}')"

TAKEN = [
    f"select {POINT} as p, n from r0",
    f"select {POINT} as p, n from r0 where a < b",
    f"select {POINT} as p from r0 where a >= 1 and b <= 6 or not (n > 1)",
    f"select {POINT} as p from r0 where a = 0 or a <=> b or a <> 2",
    f"select {POINT} as p from r0 where a is null or n is not null",
    f"select {POINT} as p from r0 where n in (1, 2, null) or a not in (1D, 2D)",
    "select ST_Point(a + b, a - b) as p, a * 2 from r0 where -a < b / 2",
    "select ST_Point(f, n) as p, i from r0 where bigint(s) < n",
    f"select {POINT} as p from r0 where ST_X({POINT}) < 3 and ST_Y({POINT}) > 1",
    f"select {POINT} as p from r0 where ST_Within({POINT}, {AREA})",
    f"select {POINT} as p from r0 where not ST_Contains({AREA}, {POINT})",
    f"select {POINT} as p from r0 where a < 9 and b < 9 and ST_Intersects({POINT}, {AREA})",
    f"select {POINT} as p from r0 where ST_Within({POINT}, {AREA}) or ST_Within({POINT}, "
    f"ST_GeomFromText('{AREAS[2]}'))",
    f"select {POINT} as p from r0 where ts > timestamp'2020-01-01' and d < date'2021-01-01'",
    f"select {POINT} as p from r0 where tn between timestamp_ntz'2019-01-01' and tn",
    f"select {POINT} as p, s from (select * from r0 where ok) where t < 3Y",
    f"select {POINT} as p from r0 where ok",
    f"select {POINT} as p from r0 where a > 100 and a < 101",
]


@pytest.mark.parametrize("sql", TAKEN)
def test_every_node_of_the_list_is_taken(sessions: list[SparkSession], sql: str) -> None:
    ours, sparks, source = both(sessions[TAKEN.index(sql) % len(sessions)], sql)

    assert source == "direct"
    assert ours == sparks


LEFT = {
    "a limit": f"select {POINT} as p from r0 limit 3",
    "an order": f"select {POINT} as p from r0 order by a",
    "distinct": "select distinct a, p from (select a, ST_Point(a, b) as p from r0)",
    "an aggregate": f"select {POINT} as p, count(*) from r0 group by a, b",
    "a union": f"select {POINT} as p from r0 union all select {POINT} from r1",
    "a join": "select ST_Point(r0.a, r1.b) as p from r0 join r1 on r0.n = r1.n",
    "a window": f"select {POINT} as p, row_number() over (order by a) as w from r0",
    "a sample": f"select {POINT} as p from r0 tablesample (50 percent)",
    "a subquery": f"select {POINT} as p from r0 where n in (select n from r1)",
    "rand": f"select {POINT} as p, rand(1) as w from r0",
    "no table": "select ST_Point(1, 2) as p",
    "a range": "select ST_Point(id, id) as p from range(5)",
    "a geometry of text": "select ST_GeomFromText('POINT (1 1)') as p, name from r0",
    "another geometry": f"select ST_Buffer({POINT}, 1) as p from r0",
    "a function": f"select {POINT} as p, abs(a) as w from r0",
    "a case": f"select {POINT} as p, case when ok then a else b end as w from r0",
    "coalesce": "select ST_Point(coalesce(a, 1), b) as p from r0",
    "a division by a column": f"select {POINT} as p, a / b as w from r0",
    "a division by zero": f"select {POINT} as p, a / 0D as w from r0",
    "whole numbers' sum": f"select {POINT} as p, n + 1 as w from r0",
    "a remainder": f"select {POINT} as p, a % 2 as w from r0",
    "a cast that may fail": f"select {POINT} as p, int(a) as w from r0",
    "a cast of text": f"select {POINT} as p, try_cast(name as double) as w from r0",
    "a cast of a time": f"select {POINT} as p from r0 where ts > d",
    "a decimal": f"select {POINT} as p, dec as w from r0",
    "text": f"select {POINT} as p from r0 where name = 'x'",
    "text as a weight": f"select {POINT} as p, name as w from r0",
    "a boolean comparison": f"select {POINT} as p from r0 where ok = (a > 1)",
    "many members": f"select {POINT} as p from r0 where n in (1,2,3,4,5,6,7,8,9,10,11,12)",
    "an area of a column": f"select {POINT} as p from r0 "
    f"where ST_Within({POINT}, ST_Buffer({POINT}, a))",
    "a line": f"select {POINT} as p from r0 "
    f"where ST_Intersects({POINT}, ST_GeomFromText('LINESTRING (0 0, 4 4)'))",
    "rings that overlap": f"select {POINT} as p from r0 where ST_Within({POINT}, ST_GeomFromText("
    "'MULTIPOLYGON (((0 0, 2 0, 2 2, 0 2, 0 0)), ((1 1, 4 1, 4 4, 1 4, 1 1)))'))",
    "a distance": f"select {POINT} as p from r0 where ST_Distance({POINT}, ST_Point(1, 1)) < 2",
    "input_file_name": f"select {POINT} as p from r0 where input_file_name() > ''",
}


@pytest.mark.parametrize("what", LEFT)
def test_every_other_node_is_left_to_spark(sessions: list[SparkSession], what: str) -> None:
    columns = provider(sessions[0], direct=True).open(LEFT[what], first_weight)

    assert columns.source == "spark"


def test_a_value_that_only_jts_can_judge_is_left_to_spark_in_the_middle(
    sessions: list[SparkSession],
) -> None:
    ours, sparks, source = both(
        sessions[0], f"select {POINT} as p from r0 where ST_Intersects({POINT}, {AREA})"
    )

    assert source == "direct"
    assert ours == sparks


@pytest.mark.parametrize("setting", ["spark.sql.parquet.binaryAsString", "spark.sql.caseSensitive"])
def test_a_setting_that_changes_what_files_say_is_left_to_spark(
    runtime: SparkRuntime, sessions: list[SparkSession], setting: str
) -> None:
    session = sessions[0]
    session.conf.set(setting, "true")
    try:
        columns = provider(session, direct=True).open(TAKEN[0], first_weight)
    finally:
        session.conf.unset(setting)

    assert columns.source == "spark"


SHAPES = [
    *AREAS,
    AREAS[0],
    None,
    "POLYGON((-73.98689539873443 40.769309236370816, -0.5 1e-3, -0 2,"
    " -73.98689539873443 40.769309236370816))",
    "MULTIPOLYGON (((0 0, 5 0, 5 5, 0 5, 0 0), (1 1, 1 2, 2 2, 2 1, 1 1)), ((7 7, 8 7, 8 8, 7 7)))",
]
NOT_PLAIN = [
    *("POLYGON ((0 0, 1 0, 1 1))", "POLYGON EMPTY", "POINT (1 1)", "none at all"),
    *("POLYGON ((0 0, 1 0, 0 0))", "POLYGON Z ((0 0 1, 1 0 1, 1 1 1, 0 0 1))"),
    *("CURVEPOLYGON (CIRCULARSTRING (0 0, 1 1, 2 0, 1 -1, 0 0))", "polygon ((0 0, 1 0, 1 1, 0 0))"),
]


def shapes_of(session: SparkSession, sql: str, *, direct: bool) -> tuple[list[Any], str]:
    """WKB, fault and weight of every row, in no order, and who gave them."""
    columns = provider(session, direct=direct).open(sql, first_weight)
    source = columns.source
    try:
        batches = list(columns.shapes())
    except StartOver as other:
        batches, source = list(other.columns.shapes()), other.columns.source
    rows = [
        row
        for batch in batches
        for row in zip(
            batch.wkb.to_pylist(), batch.faults.tolist(), map(repr, batch.weights[0]), strict=True
        )
    ]
    return sorted(rows, key=repr), source


@pytest.mark.parametrize(
    "sql",
    [
        "select ST_GeomFromText(shape) as p, w from shapes",
        "select shape as p, w from shapes where w > 3",
        "select ST_GeomFromText(shape) as p, w + 1 as w from shapes where w <> 2 or w is null",
    ],
)
def test_polygons_that_are_text_are_read_without_spark(
    sessions: list[SparkSession], tmp_path: Path, sql: str
) -> None:
    weights = [None if i == 1 else float(i) for i in range(len(SHAPES))]
    view_over(sessions[0], tmp_path / "files", pa.table({"shape": SHAPES, "w": weights}))
    sql = sql.replace("shapes", "v")

    ours, source = shapes_of(sessions[0], sql, direct=True)
    sparks, _ = shapes_of(sessions[0], sql, direct=False)

    assert source == "direct"
    assert len(ours) > 3
    assert ours == sparks


@pytest.mark.parametrize("text", NOT_PLAIN)
def test_one_text_that_is_no_plain_polygon_leaves_all_to_spark(
    sessions: list[SparkSession], tmp_path: Path, text: str
) -> None:
    table = pa.table({"shape": [*SHAPES, text], "w": [1.0] * (len(SHAPES) + 1)})
    view_over(sessions[0], tmp_path / "files", table)
    sql = "select ST_GeomFromText(shape) as p, w from v"

    ours, source = shapes_of(sessions[0], sql, direct=True)
    sparks, _ = shapes_of(sessions[0], sql, direct=False)

    assert source == "spark"
    assert ours == sparks


@pytest.mark.parametrize(
    "sql",
    [
        "select ST_GeomFromText(shape) as p, w from v where length(shape) > 3",
        "select ST_GeomFromText(shape, 4326) as p, w from v",
        "select ST_GeomFromText(concat(shape, '')) as p, w from v",
        "select ST_GeomFromText(shape) as p, w from v order by w",
    ],
)
def test_texts_that_are_more_than_read_are_left_to_spark(
    sessions: list[SparkSession], tmp_path: Path, sql: str
) -> None:
    table = pa.table({"shape": SHAPES, "w": [1.0] * len(SHAPES)})
    view_over(sessions[0], tmp_path / "files", table)

    assert shapes_of(sessions[0], sql, direct=True)[1] == "spark"


def test_points_that_are_text_are_left_to_spark(
    sessions: list[SparkSession], tmp_path: Path
) -> None:
    view_over(sessions[0], tmp_path / "files", pa.table({"shape": ["POINT (1 2)", None]}))
    columns = provider(sessions[0], direct=True).open(
        "select ST_GeomFromText(shape) as p from v", lambda _: ()
    )
    batches = list(columns.points())

    assert columns.source == "spark"
    assert sorted(fault for batch in batches for fault in batch.faults.tolist()) == [0, 1]


def view_over(session: SparkSession, folder: Path, *tables: pa.Table, **options: Any) -> None:
    folder.mkdir()
    for number, table in enumerate(tables):
        pq.write_table(table, folder / f"{number}.parquet", **options)
    session.read.parquet(str(folder)).createOrReplaceTempView("v")


DOUBLE_TABLE = pa.table({"a": [1.0, 2.0], "b": [3.0, 4.0]})
FOREIGN = {
    "a type that Spark converts": [pa.table({"a": pa.array([1, 2], pa.uint32()), "b": [1.0, 2]})],
    "times of an unknown calendar": [
        DOUBLE_TABLE.append_column("ts", pa.array([1, 2], pa.timestamp("us", "UTC")))
    ],
    "a column that a file lacks": [DOUBLE_TABLE, pa.table({"a": [1.0]})],
}


@pytest.mark.parametrize("what", FOREIGN)
def test_files_that_spark_reads_in_its_own_way_are_left_to_it(
    sessions: list[SparkSession], tmp_path: Path, what: str
) -> None:
    session = sessions[0]
    view_over(session, tmp_path / "files", *FOREIGN[what])
    time = " where ts is not null" if "ts" in FOREIGN[what][0].column_names else ""
    ours, sparks, source = both(session, f"select ST_Point(a, b) as p from v{time}")

    assert source == "spark"
    assert ours == sparks


def test_partitions_in_folders_are_left_to_spark(
    sessions: list[SparkSession], tmp_path: Path
) -> None:
    session = sessions[0]
    session.table("r0").write.partitionBy("i").parquet(str(tmp_path / "by i"))
    session.read.parquet(str(tmp_path / "by i")).createOrReplaceTempView("v")

    columns = provider(session, direct=True).open("select ST_Point(a, b) from v", first_weight)

    assert columns.source == "spark"


def test_files_of_others_are_read_by_row_groups_that_can_hold_wanted_rows(
    sessions: list[SparkSession], tmp_path: Path
) -> None:
    session = sessions[0]
    table = pa.table({"a": [float(i) for i in range(100)], "b": [0.5] * 100})
    view_over(session, tmp_path / "files", table, table, row_group_size=10)
    inside = "ST_GeomFromText('POLYGON ((19 0, 31 0, 31 1, 19 1, 19 0))')"
    sql = f"select ST_Point(a, b) as p from v where ST_Within(ST_Point(a, b), {inside})"

    columns = provider(session, direct=True).open(sql, first_weight)
    ours, sparks, _ = both(session, sql)

    assert [part.group for part in columns.found] == [1, 2, 3, 1, 2, 3]
    assert ours == sparks
    assert sum(ours.rows.values()) == 22


def test_a_reader_that_stops_early_stops_the_threads(sessions: list[SparkSession]) -> None:
    import threading

    columns = provider(sessions[0], direct=True).open(TAKEN[0], first_weight)
    batches = columns.points()
    next(batches)
    batches.close()

    assert [thread for thread in threading.enumerate() if thread.name.startswith("scan")] == []


def test_a_broken_file_is_told_as_spark_tells_it(
    sessions: list[SparkSession], tmp_path: Path
) -> None:
    session = sessions[0]
    view_over(session, tmp_path / "files", DOUBLE_TABLE)
    file = tmp_path / "files" / "0.parquet"
    file.write_bytes(file.read_bytes()[:-20])

    ours, sparks, source = both(session, "select ST_Point(a, b) as p from v")

    assert source == "spark"
    assert ours.error is not None
    assert ours == sparks
