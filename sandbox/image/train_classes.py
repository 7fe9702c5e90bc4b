"""Make the JVM's class archive (AppCDS) by one run of what every scope does, and prove its use."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark import SparkContext
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from sandbox.runtime.environment import child_environment
from sandbox.runtime.folders import ScopeFolders
from sandbox.runtime.jvm import Jvm
from sandbox.spatial import register
from wire.settings import AgentSettings

EXIT_DEADLINE_S = 120.0
WANTED_CLASSES = 8000
ROWS = """
    select id, cast(id as double) / 7 - 70 as x, cast(id as double) / 9 + 40 as y,
           timestamp_seconds(id) as at, concat('row ', id) as name
    from range(0, 2000)
"""
QUERIES = (
    "select 1",
    "select count(*), sum(x), avg(y) from trained where name like 'row 1%' and at is not null",
    "select name, count(*) as n from trained group by name order by n desc limit 5",
    "select ST_AsText(ST_Point(x, y)) as p from trained where ST_Within("
    "ST_Point(x, y), ST_GeomFromText('POLYGON ((-70 40, -60 40, -60 60, -70 60, -70 40))'))",
    "select ST_AsText(ST_Transform(ST_Point(x, y), 'EPSG:4326', 'EPSG:3857')) as p from trained",
    "select a.id from trained a join trained b on a.id = b.id + 1 where a.x > 0 limit 3",
    "select to_timestamp('2009-04-12 03:16:33 +00:00', 'yyyy-MM-dd HH:mm:ss XXXXX') as t",
)


def run(work: Path, java_options: str) -> float:
    """Start the JVM as an agent does, run the course, end it; seconds until the course's end."""
    settings = AgentSettings(scope_dir=str(work))
    folders = ScopeFolders.of(settings)
    folders.make()
    env = child_environment(os.environ, folders, settings.cpus) | {"JDK_JAVA_OPTIONS": java_options}
    began = time.monotonic()
    jvm = Jvm.start(settings, env)
    course(jvm, folders.files)
    took = time.monotonic() - began
    assert jvm.process.stdin is not None  # noqa: S101
    jvm.process.stdin.close()
    jvm.process.wait(EXIT_DEADLINE_S)
    return took


def course(jvm: Jvm, files: Path) -> None:
    """A session, a CSV in, Parquet out and in, and the queries, each through Arrow."""
    SparkContext(gateway=jvm.connect())
    spark = SparkSession.builder.getOrCreate()
    register(spark)
    csv, parquet = str(files / "rows.csv"), str(files / "rows.parquet")
    spark.sql(ROWS).write.mode("overwrite").option("header", True).csv(csv)
    schema = "id long, x double, y double, at timestamp, name string"
    read = spark.read.schema(schema).option("header", True).option("mode", "PERMISSIVE").csv(csv)
    read.write.mode("overwrite").parquet(parquet)
    spark.read.parquet(parquet).createOrReplaceTempView("trained")
    for query in QUERIES:
        ask(spark, query)
    spark.stop()


def ask(spark: SparkSession, query: str) -> None:
    """One query as maps and results ask it; its failure is for tests to judge, here only said."""
    try:
        rows = spark.sql(query)
        rows._jdf.queryExecution().optimizedPlan().toJSON()
        rows.toArrow()
    except (PySparkException, Py4JJavaError) as error:
        sys.stderr.write(f"class archive: {query!r} failed: {str(error)[:300]}\n")


def in_own_process(work: Path, java_options: str) -> float:
    """`run` in a fresh interpreter: pyspark keeps one gateway for the life of a process."""
    module = "sandbox.image.train_classes"
    command = [sys.executable, "-m", module, f"--run={java_options}", str(work)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=600)  # noqa: S603
    return float(done.stdout.split()[-1])


def classes_from_archive(log: Path) -> int:
    """How many classes a `class+load` log says came from the archive's top layer."""
    with log.open() as lines:
        return sum("shared objects file (top)" in line for line in lines)


def train(archive: Path) -> None:
    """Train, check, and print what it brings; ends with an error when the archive is not used."""
    with tempfile.TemporaryDirectory() as folder:
        work, log = Path(folder), Path(folder) / "classes.log"
        cold = in_own_process(work, f"-XX:ArchiveClassesAtExit={archive}")
        options = f"-XX:SharedArchiveFile={archive} -Xshare:auto -Xlog:class+load:file={log}"
        warm = in_own_process(work, options)
        found = classes_from_archive(log)
    size = archive.stat().st_size // 1024**2
    times = f"course {cold:.1f} s -> {warm:.1f} s"
    sys.stdout.write(f"class archive: {found} classes, {size} MiB, {times}\n")
    if found < WANTED_CLASSES:
        sys.exit(f"only {found} classes come from the archive, wanted {WANTED_CLASSES}")


def main() -> None:
    """`python -m sandbox.image.train_classes ARCHIVE`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", metavar="JAVA_OPTIONS")
    parser.add_argument("path", type=Path)
    options = parser.parse_args()
    if options.run is None:
        train(options.path)
    else:
        sys.stdout.write(f"{run(options.path, options.run)}\n")


if __name__ == "__main__":
    main()
