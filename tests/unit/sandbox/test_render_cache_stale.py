"""The next map shows what is there now, whatever changed it; and what did not change is kept."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sandbox.render.maps import Maps
from wire.messages import CreateSession, LoadTables, RenderReply, RenderRequest, TableSource

if TYPE_CHECKING:
    from sandbox.runtime.spark import SparkRuntime
    from sandbox.tables import Tables
    from sandbox.work import Work
    from wire.settings import AgentSettings

pytestmark = pytest.mark.spark

BOX = {"width": 50, "height": 5, "bounding_box": [0, 0, 50, 5], "point_size": 1}


class Scope:
    """Maps over tables, as the agent's handlers use them."""

    def __init__(self, maps: Maps, tables: Tables, runtime: SparkRuntime, work: Work) -> None:
        self.maps, self.tables, self.runtime, self.work = maps, tables, runtime, work

    def draw(self, sql: str, chart: str = "pointmap", **params: Any) -> RenderReply:
        session = params.pop("session", "spark")
        self.tables.refresh()
        request = RenderRequest(
            work_id="test",
            session=session,
            sql=sql,
            chart=chart,
            params=BOX | params,
            max_pixels=1_000_000,
            timeout_s=60,
        )
        return self.maps.render(request, self.work)[0]

    def kept(self, sql: str, **params: Any) -> RenderReply:
        """Drawn twice, the second time from what was kept."""
        first = self.draw(sql, **params)
        again = self.draw(sql, **params)
        assert (again.cached, again.source, again.rows) == (True, "cache", first.rows)
        return first

    def load(self, name: str, **source: Any) -> None:
        table = TableSource(name=name, mode="replace", **source)
        self.tables.load(
            LoadTables(work_id="t", session="spark", tables=[table], timeout_s=60), self.work
        )

    def run(self, sql: str) -> None:
        self.runtime.spark.sql(sql)
        self.tables.sync()


@pytest.fixture
def scope(runtime: SparkRuntime, tables: Tables, own_settings: AgentSettings, work: Work) -> Scope:
    return Scope(Maps(runtime, own_settings), tables, runtime, work)


def await_tick() -> None:
    """Until a change would show in the times of files."""
    end = time.monotonic() + 0.06
    while time.monotonic() < end:
        pass


SQL = "select ST_Point(x, 1.0) as p, x as w from t"


def settled(scope: Scope, sql: str) -> RenderReply:
    await_tick()
    return scope.kept(sql)


def test_pan_zoom_style_and_chart_do_not_run_the_sql_again(scope: Scope) -> None:
    scope.load("t", sql="select double(id) as x from range(10)")
    assert settled(scope, SQL).source == "direct"

    box = scope.draw(SQL, bounding_box=[2, 0, 7, 5])
    style = scope.draw(SQL, point_color="#ff0000", width=20)
    heat = scope.draw(SQL, chart="heatmap", map_zoom_level=3)
    alias = scope.draw("select ST_Point(x, 1.0) as other, x as v from t")

    assert [r.source for r in (box, style, heat, alias)] == ["cache"] * 4
    assert (box.drawn, box.dropped) == (5, {"outside": 5})


def test_a_table_that_is_loaded_again(scope: Scope) -> None:
    scope.load("t", sql="select double(id) as x from range(10)")
    settled(scope, SQL)
    scope.load("t", sql="select double(id) as x from range(20)")

    changed = scope.draw(SQL)

    assert (changed.rows, changed.cached) == (20, False)


def test_a_table_made_by_sql_and_inserted_into(scope: Scope) -> None:
    scope.run("create table t using parquet as select double(id) as x from range(10)")
    settled(scope, SQL)
    scope.run("insert into t values (11)")

    assert (scope.draw(SQL).rows, settled(scope, SQL).rows) == (11, 11)

    scope.run("insert overwrite t select double(id) from range(3)")

    assert scope.draw(SQL).rows == 3


def test_a_table_that_is_dropped_and_made_again(scope: Scope) -> None:
    scope.run("create table t using parquet as select double(id) as x from range(10)")
    settled(scope, SQL)
    scope.run("drop table t")
    scope.run("create table t using parquet as select double(id) as x from range(4)")

    assert scope.draw(SQL).rows == 4


def test_a_view_that_is_defined_anew(scope: Scope) -> None:
    scope.load("t", sql="select double(id) as x from range(10)")
    scope.run("create or replace temporary view v as select * from t where x < 5")
    scope.run("create or replace view w as select * from t where x < 6")
    views = "select ST_Point(v.x, 1.0) as p from v", "select ST_Point(x, 1.0) as p from w"
    assert [settled(scope, sql).rows for sql in views] == [5, 6]
    scope.run("create or replace temporary view v as select * from t where x < 2")
    scope.run("create or replace view w as select * from t where x < 3")

    assert [scope.draw(sql).rows for sql in views] == [2, 3]


def test_a_temporary_view_that_hides_a_table(scope: Scope) -> None:
    scope.load("t", sql="select double(id) as x from range(10)")
    settled(scope, SQL)
    scope.run("create temporary view t as select 1D as x")

    assert scope.draw(SQL).rows == 1


def parquet(path: Path, count: int) -> None:
    pq.write_table(pa.table({"x": [float(i) for i in range(count)]}), path)


def test_a_parquet_file_that_is_replaced_under_its_table(
    scope: Scope, own_settings: AgentSettings
) -> None:
    folder = Path(own_settings.scope_dir) / "files"
    parquet(folder / "points.parquet", 10)
    scope.load("t", format="parquet", path="points.parquet")
    assert settled(scope, SQL).source == "direct"
    parquet(folder / "new", 7)
    (folder / "new").rename(folder / "points.parquet")

    assert (scope.draw(SQL).rows, settled(scope, SQL).rows) == (7, 7)

    parquet(folder / "points.parquet", 8)

    assert scope.draw(SQL).rows == 8


def test_a_file_that_joins_the_folder_of_a_table(scope: Scope, own_settings: AgentSettings) -> None:
    folder = Path(own_settings.scope_dir) / "files" / "many"
    folder.mkdir()
    parquet(folder / "a.parquet", 10)
    scope.load("t", format="parquet", path="many")
    settled(scope, SQL)
    parquet(folder / "b.parquet", 5)

    assert (scope.draw(SQL).rows, settled(scope, SQL).rows) == (15, 15)

    (folder / "a.parquet").unlink()

    assert scope.draw(SQL).rows == 5


def test_a_csv_file_that_is_replaced_under_its_table(
    scope: Scope, own_settings: AgentSettings
) -> None:
    file = Path(own_settings.scope_dir) / "files" / "points.csv"
    file.write_text("1\n2\n3\n")
    scope.run(f"create table t (x double) using csv options (path '{file}')")
    assert settled(scope, SQL).source == "spark"
    file.write_text("1\n2\n4\n")

    changed = scope.draw(SQL, bounding_box=[3.5, 0, 5, 5])

    assert (changed.drawn, changed.cached) == (1, False)


@pytest.mark.parametrize(
    "weight",
    ["rand()", "current_timestamp()", "now()", "uuid()", "current_date()", "unix_timestamp()"],
)
def test_what_differs_at_any_time_is_never_kept(scope: Scope, weight: str) -> None:
    scope.load("t", sql="select double(id) as x from range(10)")
    await_tick()
    sql = f"select ST_Point(x, 1.0) as p, {weight} as other from t"

    assert [scope.draw(sql).cached for _ in range(2)] == [False, False]


def test_a_function_of_pythons_is_never_kept(scope: Scope) -> None:
    scope.load("t", sql="select double(id) as x from range(10)")
    await_tick()
    spark = scope.runtime.spark
    sql = "select ST_Point(moved(x), 1.0) as p from t"
    spark.udf.register("moved", lambda x: x, "double")
    assert scope.draw(sql).drawn == 10
    spark.udf.register("moved", lambda x: x + 45, "double")

    changed = scope.draw(sql)

    assert (changed.drawn, changed.cached) == (5, False)


def test_rows_of_python_are_never_kept(scope: Scope) -> None:
    frame = scope.runtime.spark.sparkContext.parallelize([(1.0,), (2.0,)]).toDF(["x"])
    frame.createOrReplaceTempView("t")

    assert [scope.draw(SQL).cached for _ in range(2)] == [False, False]


def test_a_setting_of_the_session_is_part_of_what_sql_means(scope: Scope) -> None:
    scope.load("t", sql="select double(id) as x, '2020-06-01 03:00:00' as at from range(10)")
    sql = (
        "select ST_Point(x + hour(timestamp'2020-06-01 03:00:00Z'), 1.0) as p from t "
        "where hour(to_timestamp('2020-06-01 03:00:00Z')) = 3"
    )
    assert settled(scope, sql).rows == 10
    scope.run("set time zone 'Asia/Tokyo'")
    try:
        assert scope.draw(sql).rows == 0
    finally:
        scope.run("set time zone 'UTC'")


def test_sessions_have_views_of_their_own(scope: Scope) -> None:
    scope.load("t", sql="select double(id) as x from range(10)")
    settled(scope, SQL)
    scope.runtime.create(CreateSession(name="other"))
    try:
        scope.runtime.session("other").sql("create temporary view t as select 1D as x")

        assert scope.draw(SQL, session="other").rows == 1
        assert scope.draw(SQL).rows == 10
    finally:
        scope.runtime.remove("other")


def test_a_variable_of_sql_decides_and_is_seen(scope: Scope) -> None:
    scope.load("t", sql="select double(id) as x from range(10)")
    await_tick()
    scope.run("declare or replace variable many double default 4")
    sql = "select ST_Point(x, 1.0) as p from t where x < many"
    try:
        assert [scope.draw(sql).rows for _ in range(2)] == [4, 4]
        scope.run("set variable many = 6")
        assert scope.draw(sql).rows == 6
    finally:
        scope.run("drop temporary variable many")


def test_errors_are_told_each_time(scope: Scope) -> None:
    scope.load("t", sql="select double(id) as x from range(10)")
    settled(scope, SQL)
    scope.run("drop table t")

    for _ in range(2):
        with pytest.raises(Exception, match="TABLE_OR_VIEW_NOT_FOUND"):
            scope.draw(SQL)


def test_a_file_that_vanishes_is_an_error_and_not_an_old_picture(
    scope: Scope, own_settings: AgentSettings
) -> None:
    folder = Path(own_settings.scope_dir) / "files" / "gone"
    folder.mkdir()
    parquet(folder / "a.parquet", 10)
    scope.run(f"create temporary view t using parquet options (path '{folder}')")
    settled(scope, SQL)
    shutil.rmtree(folder)

    with pytest.raises(Exception, match=r"not exist|FILE_NOT_EXIST|FAILED_READ_FILE"):
        scope.draw(SQL)
