"""Columns of Parquet tables that are read without Spark are what Spark gives, in every format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from sandbox.failure import AgentFailure
from sandbox.query import Queries
from sandbox.query.columns import fields_of
from sandbox.query.direct import DirectRows, direct_rows
from sandbox.runtime.spark import SparkRuntime
from sandbox.tables import Tables
from sandbox.work import Work
from wire.messages import QueryReply, QueryRequest
from wire.settings import AgentSettings

pytestmark = pytest.mark.spark

MAKE = """
create table t using parquet as select /*+ coalesce(1) */
  id as n, int(id % 7) as i, smallint(id % 5) as s, tinyint(id % 3) as t, id % 2 = 0 as ok,
  if(id % 11 = 0, double('NaN'), if(id % 13 = 0, double('-Infinity'), id / 3D)) as d,
  float(id) / 7F as f, if(id % 4 = 0, null, concat('é "', id, '" \\n🗽')) as text, -0D as zero,
  timestamp_seconds(id) as time, date_add(date'2020-01-01', int(id % 99)) as day,
  cast(id as decimal(20, 2)) as exact, array(id) as many
from range(500)
"""


class Answer(msgspec.Struct):
    head: QueryReply
    body: bytes


Ask = Callable[..., Answer]


@pytest.fixture
def ask(runtime: SparkRuntime, own_settings: AgentSettings, tables: Tables, work: Work) -> Ask:
    """The answer to SQL, `direct` or not."""

    def run(sql: str, *, direct: bool, **more: Any) -> Answer:
        settings = msgspec.structs.replace(own_settings, render_direct=direct)
        request = QueryRequest(work_id="q", session="spark", sql=sql, timeout_s=60, **more)
        result = Queries(runtime, settings, tables).run(request, work)
        body = b"".join(result.chunks())
        result.close()
        return Answer(msgspec.structs.replace(result.head, elapsed_ms=0.0), body)

    run(MAKE, direct=False)
    return run


def taken(runtime: SparkRuntime, sql: str) -> DirectRows | None:
    frame = runtime.spark.sql(sql)
    return direct_rows(frame, sql, fields_of(frame._jdf.schema()))


PLAIN = [
    "select n, i, s, t, ok, d, f, text, zero from t",
    "select text as a, text as b, n from t",
    "select d from (select * from t)",
    "select `text` as `ein Name ☃` from t",
]


@pytest.mark.parametrize("format", ["auto", "records", "values", "csv", "arrow"])
@pytest.mark.parametrize("sql", PLAIN)
def test_the_bytes_are_those_by_way_of_spark(
    runtime: SparkRuntime, ask: Ask, sql: str, format: str
) -> None:
    assert taken(runtime, sql) is not None

    ours, sparks = (ask(sql, direct=direct, format=format) for direct in (True, False))

    assert ours.head == sparks.head
    assert ours.head.num_rows == 500
    if format == "arrow":
        one, two = (pa.ipc.open_stream(answer.body).read_all() for answer in (ours, sparks))
        assert one.schema.equals(two.schema, check_metadata=True)
        # NaN is not equal to itself, and neither is a batch that ends elsewhere.
        assert one.to_pandas().equals(two.to_pandas())
    else:
        assert ours.body == sparks.body


@pytest.mark.parametrize(
    "sql",
    [
        "select n + 1 as n from t",
        "select n from t where n > 3",
        "select n from t order by n",
        "select n from t limit 3",
        "select distinct i from t",
        "select count(*) from t",
        "select time from t",
        "select day, n from t",
        "select exact from t",
        "select many from t",
        "select 1 as one from t",
        "select n from t union all select n from t",
        "select id from range(3)",
        "select 1 as one",
        "select input_file_name(), n from t",
    ],
)
def test_everything_else_is_sparks(runtime: SparkRuntime, ask: Ask, sql: str) -> None:
    assert taken(runtime, sql) is None


def test_parameters_and_limits_are_sparks(ask: Ask) -> None:
    given = {"format": "values"}

    assert (
        ask("select n from t where n = :n", direct=True, params={"n": 7}, **given).body == b"[[7]]"
    )
    assert ask("select n from t", direct=True, limit=2, **given).head.truncated


def test_a_new_row_is_seen_at_once(ask: Ask) -> None:
    before = ask("select n from t", direct=True).head.num_rows
    ask("insert into t select * from t where n < 10", direct=True)

    assert ask("select n from t", direct=True).head.num_rows == before + 10


def test_a_file_that_breaks_off_is_told_as_spark_tells_it(
    runtime: SparkRuntime, ask: Ask, own_settings: AgentSettings, tmp_path: Path
) -> None:
    folder = tmp_path / "broken"
    runtime.spark.range(200_000).selectExpr("id", "rand(1) as x").coalesce(1).write.parquet(
        str(folder)
    )
    (file,) = folder.glob("*.parquet")
    whole = file.read_bytes()
    # The pages are gone, the footer is there.
    file.write_bytes(whole[:4] + b"\x00" * (len(whole) // 2) + whole[4 + len(whole) // 2 :])
    (folder / f".{file.name}.crc").unlink(missing_ok=True)
    runtime.spark.read.parquet(str(folder)).createOrReplaceTempView("broken")
    errors = []
    for direct in (True, False):
        with pytest.raises(AgentFailure) as caught:
            ask("select * from broken", direct=direct)
        errors.append(caught.value.code)

    assert errors[0] == errors[1]


def test_an_empty_table_has_its_columns(ask: Ask) -> None:
    ask("create table none using parquet as select n, text from t where n < 0", direct=False)
    for format in ("records", "arrow"):
        ours, sparks = (
            ask("select * from none", direct=direct, format=format) for direct in (True, False)
        )

        assert ours == sparks
