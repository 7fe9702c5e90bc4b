"""The catalog outlives the JVM's memory: what is kept, what is dropped, what a crash leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sandbox.failure import AgentFailure
from sandbox.runtime.spark import SparkRuntime
from sandbox.tables import Tables
from sandbox.tables.definitions import Definition, DefinitionFolder
from sandbox.work import Work
from wire.messages import DescribeTable, ListTables, LoadTables, TableFacts, TableSource
from wire.protocol import ErrorCode
from wire.settings import AgentSettings

Load = Callable[..., None]
Describe = Callable[[str], TableFacts]


@pytest.fixture
def load(tables: Tables, work: Work) -> Load:
    def run(*sources: dict[str, Any]) -> None:
        listed = [TableSource(**source) for source in sources]
        tables.load(LoadTables(work_id="w", session="spark", tables=listed, timeout_s=60), work)

    return run


@pytest.fixture
def describe(tables: Tables, work: Work) -> Describe:
    def run(name: str) -> TableFacts:
        return tables.describe(DescribeTable(session="spark", table=name, timeout_s=60), work)

    return run


@pytest.fixture
def root(own_settings: AgentSettings) -> Path:
    return Path(own_settings.scope_dir)


def forget_all(runtime: SparkRuntime) -> None:
    """What the end of a JVM does to its catalog: all entries go, all rows stay."""
    external: Any = runtime.spark._jsparkSession.sharedState().externalCatalog()
    names = str(external.listTables("default").mkString(" ")).split()
    for name in names:
        table = external.getTable("default", name)
        kinds: Any = runtime.jvm.org.apache.spark.sql.catalyst.catalog
        outside = getattr(getattr(kinds, "CatalogTableType$"), "MODULE$").EXTERNAL()
        args = [table.productElement(i) for i in range(table.productArity())]
        args[1] = outside
        external.alterTable(table.copy(*args))
        external.dropTable("default", name, False, True)


def rows(runtime: SparkRuntime, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in runtime.spark.sql(sql).collect()]


@pytest.mark.spark
def test_tables_of_every_making_survive_a_restart(
    load: Load, tables: Tables, runtime: SparkRuntime, own_settings: AgentSettings, root: Path
) -> None:
    pq.write_table(pa.table({"a": [1, 2]}), root / "files" / "p.parquet")
    load(
        {"name": "loaded", "sql": "select 1 as id, ST_SetSRID(ST_Point(1.0, 2.0), 2263) as g"},
        {"name": "in_place", "format": "parquet", "path": "p.parquet"},
        {"name": "held", "sql": "select 3 as a", "cache": True},
    )
    spark = runtime.spark
    spark.sql(f"create table by_sql using parquet location '{root}/tables/x' as select 5 as a")
    place = root / "tables" / "y"
    spark.range(4).selectExpr("id", "id % 2 as part").write.partitionBy("part").option(
        "path", str(place)
    ).saveAsTable("by_python")
    spark.sql("create view as_view as select id from by_python where id > 1")
    spark.sql("create database other")
    tables.sync()
    before = [(t.name, t.num_rows) for t in tables.facts()]
    forget_all(runtime)
    spark.sql("drop database other cascade")

    again = Tables(runtime, own_settings)
    again.restore()

    assert before == [(t.name, t.num_rows) for t in again.facts()]
    assert rows(runtime, "select ST_SRID(g), ST_X(g) from loaded") == [(2263, 1.0)]
    assert rows(runtime, "select sum(a) from in_place") == [(3,)]
    assert rows(runtime, "select * from by_sql") == [(5,)]
    assert rows(runtime, "select id from by_python where part = 1 order by id") == [(1,), (3,)]
    assert rows(runtime, "select count(*) from as_view") == [(2,)]
    assert spark.catalog.isCached("held")
    assert ("other",) in rows(runtime, "show databases")
    spark.sql("drop database other")


@pytest.mark.spark
def test_drop_table_works_on_every_table_and_frees_its_rows(
    load: Load, tables: Tables, runtime: SparkRuntime, root: Path
) -> None:
    load({"name": "t", "sql": "select 1 as a"})
    assert list((root / "tables").rglob("*.parquet"))

    runtime.spark.sql("DROP TABLE t")
    tables.sync()

    assert list((root / "tables").iterdir()) == []
    assert list((root / "catalog").rglob("*.json")) == []
    assert list(tables.facts()) == []


@pytest.mark.spark
def test_dropping_a_table_over_files_keeps_the_files(
    load: Load, tables: Tables, runtime: SparkRuntime, root: Path
) -> None:
    pq.write_table(pa.table({"a": [1]}), root / "files" / "p.parquet")
    load({"name": "p", "format": "parquet", "path": "p.parquet"})

    runtime.spark.sql("DROP TABLE p")
    tables.sync()

    assert (root / "files" / "p.parquet").exists()


@pytest.mark.spark
def test_what_a_crash_left_is_removed_at_the_start(
    load: Load, runtime: SparkRuntime, own_settings: AgentSettings, root: Path
) -> None:
    load({"name": "t", "sql": "select 1 as a"})
    half_made = root / "tables" / "t" / "g0-halfmade"
    half_made.mkdir()
    (half_made / "part.parquet").write_text("half")
    (root / "catalog" / ".pending-1").mkdir()

    Tables(runtime, own_settings).restore()

    assert not half_made.exists()
    assert rows(runtime, "select * from t") == [(1,)]
    assert list((root / "catalog").glob(".*")) == []


@pytest.mark.spark
def test_other_sessions_see_tables_and_not_views(load: Load, runtime: SparkRuntime) -> None:
    other = runtime.spark.newSession()
    load({"name": "t", "sql": "select 1 as a"})
    assert [tuple(row) for row in other.sql("select * from t").collect()] == [(1,)]

    load({"name": "t", "sql": "select 2 as a, 3 as b"})
    other.sql("select 9 as z").createOrReplaceTempView("shadow")

    assert [tuple(row) for row in other.sql("select * from t").collect()] == [(2, 3)]
    assert not runtime.spark.catalog.tableExists("shadow")


@pytest.mark.spark
def test_a_cached_table_that_is_replaced_shows_the_new_rows(
    load: Load, runtime: SparkRuntime
) -> None:
    load({"name": "t", "sql": "select 1 as a", "cache": True})
    assert runtime.spark.catalog.isCached("t")
    assert rows(runtime, "select * from t") == [(1,)]

    load({"name": "t", "sql": "select 2 as a"})

    assert rows(runtime, "select * from t") == [(2,)]
    assert not runtime.spark.catalog.isCached("t")


@pytest.mark.spark
def test_a_cached_table_over_files_follows_them(
    load: Load, tables: Tables, runtime: SparkRuntime, root: Path
) -> None:
    folder = root / "files" / "p"
    folder.mkdir()
    pq.write_table(pa.table({"a": [1]}), folder / "1.parquet")
    load({"name": "p", "format": "parquet", "path": "p", "cache": True})
    assert rows(runtime, "select count(*) from p") == [(1,)]

    pq.write_table(pa.table({"a": [2]}), folder / "2.parquet")
    tables.refresh()

    assert rows(runtime, "select count(*) from p") == [(2,)]


@pytest.mark.spark
def test_describe_tells_columns_rows_bytes_srid_and_extent(
    load: Load, describe: Describe, runtime: SparkRuntime
) -> None:
    load(
        {
            "name": "T",
            "sql": "select id, ST_SetSRID(ST_Point(id, id * 2), 4326) as g from range(1, 4)"
            " union all select null, null",
        }
    )

    facts = describe("T")

    assert (facts.num_rows, facts.name) == (4, "t")
    assert facts.bytes
    assert facts.bytes > 100
    assert [(c.name, c.type) for c in facts.columns] == [("id", "bigint"), ("g", "geometry")]
    assert (facts.columns[1].srid, facts.columns[1].extent) == (4326, (1.0, 2.0, 3.0, 6.0))
    one_more = runtime.spark.sql("select 9L as id, ST_SetSRID(ST_Point(9.0, 0.0), 1) as g")
    one_more.write.insertInto("t")
    facts = describe("t")
    assert (facts.num_rows, facts.columns[1].srid) == (5, None)
    assert facts.columns[1].extent == (1.0, 0.0, 9.0, 6.0)


@pytest.mark.spark
def test_describe_prefers_the_sessions_view_and_knows_what_is_not_there(
    load: Load, describe: Describe, runtime: SparkRuntime, tables: Tables, work: Work
) -> None:
    load({"name": "t", "sql": "select 1 as a"})
    runtime.spark.range(3).createOrReplaceTempView("t")

    assert (describe("t").num_rows, describe("t").is_view) == (3, True)
    for name in ("nothing", "no such`; --", "other.t", ""):
        with pytest.raises(AgentFailure) as caught:
            describe(name)
        assert caught.value.code == ErrorCode.TABLE_NOT_FOUND
        assert f"table {name} not found!" == caught.value.message
    listed = tables.list(ListTables(session="spark", timeout_s=60), work).tables
    assert [(table.name, table.is_view) for table in listed] == [("t", False), ("t", True)]


def definition(name: str, schema: str = "{}") -> Definition:
    return Definition(name=name, kind="MANAGED", schema=schema)


def test_definitions_are_committed_together(tmp_path: Path) -> None:
    folder = DefinitionFolder(tmp_path)
    folder.recover()
    folder.commit([definition("a"), definition("b")])
    folder.commit([definition("a", schema="new"), definition("c")])
    folder.remove(("default", "b"))
    folder.remove(("default", "b"))

    assert [(d.name, d.schema) for d in folder.read()] == [("a", "new"), ("c", "{}")]


def test_a_commit_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    folder = DefinitionFolder(tmp_path)
    folder.recover()
    folder.commit([definition("a")])
    committed = tmp_path / ".commit-1"
    committed.mkdir()
    (tmp_path / "default" / "a.json").rename(committed / "default.a")
    pending = tmp_path / ".pending-2"
    pending.mkdir()
    (pending / "default.b").write_text("{}")

    folder.recover()

    assert [d.name for d in folder.read()] == ["a"]
    assert list(tmp_path.glob(".*")) == []


def test_a_damaged_definition_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    folder = DefinitionFolder(tmp_path)
    folder.recover()
    folder.commit([definition("a"), definition("b")])
    (tmp_path / "default" / "a.json").write_text("{damaged")

    assert [d.name for d in folder.read()] == ["b"]
    assert (tmp_path / "default" / "a.json").exists()
