"""One Spark for all tests of the sandbox that need one: a JVM takes seconds to start."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wire.settings import AgentSettings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from sandbox.runtime.spark import SparkRuntime
    from sandbox.tables import Tables
    from sandbox.work import Work

ROOT = Path(__file__).parents[3]
JARS = ROOT / ".cache" / "jars"
SHARED_DATA = ROOT.parent / "shared" / "data"
FOLDERS = ("files", "catalog", "tables", "spool", "spark", "run", "home", "cache")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let py4j leave the closing of its sockets to the garbage collector, as it does."""
    for item in items:
        if item.get_closest_marker("spark"):
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"))


@pytest.fixture(scope="session")
def scope_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scope's disk, as an agent finds it."""
    scope = tmp_path_factory.mktemp("scope")
    for name in FOLDERS:
        (scope / name).mkdir()
    return scope


@pytest.fixture(scope="session")
def agent_settings(scope_dir: Path) -> AgentSettings:
    """Settings of an agent over `scope_dir`."""
    return AgentSettings(scope_dir=str(scope_dir), samples_dir=str(ROOT / "samples"))


@pytest.fixture(scope="session")
def runtime(scope_dir: Path) -> Iterator[SparkRuntime]:
    """A SparkRuntime with Sedona and our functions; session `spark`."""
    from sandbox.runtime.spark import SparkRuntime
    from sandbox.spatial import register

    spark = _session(scope_dir)
    register(spark)
    yield SparkRuntime(spark)
    spark.stop()


@pytest.fixture
def work() -> Work:
    """A piece of work with a minute to go."""
    from sandbox.work import Work

    return Work("test", time.monotonic() + 60)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data."""
    assert SHARED_DATA.is_dir(), f"{SHARED_DATA} is missing"
    return SHARED_DATA


def _session(scope_dir: Path) -> SparkSession:
    jars = sorted(str(path) for path in JARS.glob("*.jar"))
    assert jars, f"no jars in {JARS}: run `make jars`"
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").appName("tests")
    for key, value in _conf(scope_dir, jars).items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    # Tests make Spark fail on purpose; its stack traces would bury pytest's own report.
    spark.sparkContext.setLogLevel("OFF")
    return spark


def _conf(scope_dir: Path, jars: list[str]) -> dict[str, str]:
    return {
        "spark.jars": ",".join(jars),
        "spark.driver.memory": "1g",
        # Each query here is new and small: what the optimising compiler makes of it is never used.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.ui.enabled": "false",
        "spark.local.dir": str(scope_dir / "spark"),
        "spark.sql.warehouse.dir": str(scope_dir / "tables" / "warehouse"),
        "spark.sql.filesourceTableRelationCacheSize": "0",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
        "spark.kryo.registrator": "org.apache.sedona.core.serde.SedonaKryoRegistrator",
        "spark.sql.extensions": "geoscope.spatial.Engine",
    }


@pytest.fixture
def own_settings(tmp_path: Path) -> AgentSettings:
    """Settings of an agent whose disk is this test's own."""
    for name in FOLDERS:
        (tmp_path / name).mkdir()
    # The tests' own process counts as the agent's, and by then it holds a lot.
    return AgentSettings(
        scope_dir=str(tmp_path), samples_dir=str(ROOT / "samples"), memory_bytes=16 * 1024**3
    )


@pytest.fixture
def tables(runtime: SparkRuntime, own_settings: AgentSettings) -> Iterator[Tables]:
    """Tables on a disk of this test's own; the catalog is empty before and after."""
    from sandbox.tables import Tables

    _empty_catalog(runtime.spark)
    made = Tables(runtime, own_settings)
    made.restore()
    yield made
    _empty_catalog(runtime.spark)


def _empty_catalog(spark: SparkSession) -> None:
    for row in spark.sql("SHOW DATABASES").collect():
        if row.namespace != "default":
            spark.sql(f"DROP DATABASE `{row.namespace}` CASCADE")
    views = [row.viewName for row in spark.sql("SHOW VIEWS").collect() if row.isTemporary]
    for view in views:
        spark.catalog.dropTempView(view)
    for row in spark.sql("SHOW VIEWS").collect():
        spark.sql(f"DROP VIEW `{row.viewName}`")
    for row in spark.sql("SHOW TABLES").collect():
        spark.sql(f"DROP TABLE `{row.tableName}`")
