"""Rows come as tasks compute them, of several partitions at once; a reader who leaves ends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.errors import PySparkException

from sandbox.query.batches import Converters
from sandbox.query.scans import Scans
from sandbox.rows import BATCH_BYTES, Piece, batches, pieces
from sandbox.runtime.spark import SparkRuntime
from tests.unit.sandbox.jobs import until_idle

pytestmark = pytest.mark.spark
ENDLESS = 10**13
MIB = 1024**2


@pytest.fixture
def spark(runtime: SparkRuntime) -> Any:
    return runtime.spark


def of(partition: int, seen: list[Piece]) -> Iterator[pa.RecordBatch | None]:
    return (piece.batch for piece in seen if piece.partition == partition)


def test_each_partition_comes_in_order_and_ends_once(spark: Any) -> None:
    seen = list(pieces(spark.range(0, 1_000_000, 1, 4), batch_bytes=MIB))

    for partition in range(4):
        *some, last = of(partition, seen)
        assert last is None
        assert len(some) > 2
        ids = pa.concat_arrays([batch.column(0) for batch in some if batch is not None])
        assert ids.to_pylist() == list(range(partition * 250_000, (partition + 1) * 250_000))


def test_a_partition_without_rows_only_ends(spark: Any) -> None:
    seen = list(pieces(spark.range(0, 10, 1, 3).where("id < 3")))

    assert [piece.partition for piece in seen if piece.batch is None] != []
    assert list(of(1, seen)) == list(of(2, seen)) == [None]
    assert list(pieces(spark.range(0))) == []


def test_the_first_rows_come_before_the_last_is_computed(runtime: SparkRuntime, spark: Any) -> None:
    with closing(pieces(spark.range(0, ENDLESS, 1, 1))) as coming:
        first = next(coming).batch
        second = next(coming).batch

    assert first is not None
    assert second is not None
    assert second.column(0)[0].as_py() == first.num_rows
    until_idle(runtime)


def test_rows_that_come_slowly_do_not_wait_until_a_batch_is_full(
    runtime: SparkRuntime, spark: Any
) -> None:
    slow = spark.range(0, ENDLESS, 1, 1).where("hash(id) % 1000000 = 0")
    with closing(batches(slow)) as coming:
        first = next(coming)

    assert 0 < first.num_rows < BATCH_BYTES / 16 / 10
    until_idle(runtime)


def test_of_a_large_partition_no_more_is_held_than_a_batch(spark: Any) -> None:
    large = spark.range(0, 64, 1, 1).selectExpr(f"repeat(char(65 + id % 26), {MIB}) as text")
    seen = list(batches(large))

    assert sum(batch.num_rows for batch in seen) == 64
    assert max(batch.nbytes for batch in seen) < BATCH_BYTES + 2 * MIB
    assert max(batch.num_rows for batch in batches(spark.range(0, 1_000_000, 1, 1))) > 100_000


def test_a_failure_after_rows_is_raised_behind_them(spark: Any) -> None:
    failing = spark.range(0, 1_000_000, 1, 1).selectExpr("1 / (id - 999999) as quotient")
    seen = []
    with pytest.raises(PySparkException) as caught:
        seen.extend(pieces(failing))

    assert caught.value.getCondition() == "DIVIDE_BY_ZERO"
    assert None not in [piece.batch for piece in seen]


def test_readers_side_by_side_do_not_get_each_others_rows(spark: Any) -> None:
    streams = [pieces(spark.range(k, k + 300_000, 1, 1), MIB) for k in (0, 10**9)]
    first, second = ([], [])  # type: tuple[list[int], list[int]]
    for one, other in zip(*streams, strict=False):
        first += one.batch.column(0).to_pylist() if one.batch else []
        second += other.batch.column(0).to_pylist() if other.batch else []
    for stream in streams:
        stream.close()

    assert first[:1] == [0]
    assert second[:1] == [10**9]
    assert max(first) < 10**9 <= min(second)


def test_a_frame_is_read_within_anothers_reading_though_slots_are_few(
    runtime: SparkRuntime, spark: Any, tmp_path: Path
) -> None:
    slots = runtime.sc.defaultParallelism
    outer = spark.range(0, 4_000_000, 1, slots)
    scans, converters, seen, inner = Scans(tmp_path), Converters(spark), [], []
    with closing(scans.read(converters, outer)) as batches_of_outer:
        for batch in batches_of_outer:
            seen.append(batch)
            with closing(scans.read(converters, spark.range(0, 10, 1, 1))) as batches_of_inner:
                inner += [b.num_rows for b in batches_of_inner]

    assert len(seen) > slots
    assert inner == [10] * len(seen)
    assert sorted(pa.concat_arrays([b.column(0) for b in seen]).to_pylist()) == list(
        range(4_000_000)
    )
    assert list(tmp_path.iterdir()) == []
