import math
import statistics
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.render.aggregate import cpu
from sandbox.render.aggregate.groups import GroupBy
from sandbox.render.tally import Fault, Tally
from wire.charts import Aggregate

AGGREGATES: tuple[Aggregate, ...] = ("sum", "min", "max", "mean", "count", "std")

Row = tuple[int, float]
WEIGHTS = st.floats(-1e9, 1e9, allow_nan=False)
ROWS = st.lists(st.tuples(st.integers(-1, 3), WEIGHTS), max_size=60)


def group_by(aggregate: Aggregate, rows: list[Row]) -> GroupBy:
    result = GroupBy(aggregate=aggregate, size=4)
    groups = np.array([group for group, _ in rows], np.int32)
    result.add(groups, np.array([weight for _, weight in rows], np.float64))
    return result


def exact(aggregate: Aggregate, weights: list[float]) -> float:
    if not weights:
        return 0.0
    match aggregate:
        case "sum":
            return float(sum(map(Fraction, weights)))
        case "mean":
            return float(sum(map(Fraction, weights)) / len(weights))
        case "std":
            return statistics.pstdev(list(map(Fraction, weights)))
        case "count":
            return float(len(weights))
        case "min":
            return min(weights)
        case "max":
            return max(weights)


@pytest.mark.parametrize("aggregate", AGGREGATES)
@given(rows=ROWS)
def test_every_aggregate_is_exact(aggregate: Aggregate, rows: list[Row]) -> None:
    expected = [exact(aggregate, [w for g, w in rows if g == group]) for group in range(4)]

    values = group_by(aggregate, rows).finish()

    np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-6)


@pytest.mark.parametrize("aggregate", AGGREGATES)
@given(rows=ROWS, parts=st.integers(1, 9), seed=st.randoms())
def test_parts_in_any_order_give_the_same(
    aggregate: Aggregate, rows: list[Row], parts: int, seed: object
) -> None:
    whole = group_by(aggregate, rows)
    shuffled = list(rows)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    merged = GroupBy(aggregate=aggregate, size=4)
    for part in range(parts):
        merged.merge(group_by(aggregate, shuffled[part::parts]))

    assert merged.counts.tolist() == whole.counts.tolist()
    if aggregate in ("count", "min", "max"):
        assert merged.finish().tolist() == whole.finish().tolist()
    else:
        np.testing.assert_allclose(merged.finish(), whole.finish(), rtol=1e-14, atol=1e-7)


def test_a_sum_that_plain_addition_loses_is_kept() -> None:
    rows = [(0, 1e16), (0, 1.0), (0, -1e16), (1, 0.1)] + [(2, 0.1)] * 10

    assert group_by("sum", rows).finish().tolist() == [1.0, 0.1, 1.0, 0.0]


def test_a_deviation_far_from_zero_keeps_its_digits() -> None:
    rows = [(0, 1e9 + step) for step in (4.0, 7.0, 13.0, 16.0)]

    assert group_by("std", rows).finish()[0] == pytest.approx(math.sqrt(22.5), rel=1e-12)


def test_groups_below_zero_are_left_out_and_no_weights_means_one() -> None:
    result = GroupBy(aggregate="sum", size=2)

    result.add(np.array([0, -1, 1, 1], np.int32), None)

    assert result.finish().tolist() == [1.0, 2.0]


def test_groups_can_come_later() -> None:
    result = GroupBy(aggregate="max", size=0)
    result.grow(1)
    result.add(np.array([0], np.int32), np.array([-3.0]))
    result.grow(3)
    result.add(np.array([2, 0], np.int32), np.array([-7.0, -9.0]))

    assert result.finish().tolist() == [-3.0, 0.0, -7.0]


def test_merging_maps_groups_by_number() -> None:
    ours, theirs = GroupBy(aggregate="mean", size=3), GroupBy(aggregate="mean", size=2)
    ours.add(np.array([2], np.int32), np.array([1.0]))
    theirs.add(np.array([0, 1], np.int32), np.array([5.0, 3.0]))

    ours.merge_into(np.array([0, 2]), theirs)

    assert ours.finish().tolist() == [5.0, 0.0, 2.0]


def test_a_sum_beyond_every_double_is_infinite() -> None:
    assert group_by("sum", [(0, 1.7e308), (0, 1.7e308)]).finish()[0] == math.inf


def test_weights_that_are_no_numbers_are_faults() -> None:
    faults = np.array([0, 0, 0, Fault.OUTSIDE], np.uint8)

    cpu.mark_null_weights(np.array([1.0, math.nan, math.inf, math.nan]), faults)

    assert faults.tolist() == [Fault.NONE, Fault.NULL_WEIGHT, Fault.NOT_FINITE, Fault.OUTSIDE]


def test_the_tally_names_only_what_occurs() -> None:
    tally = Tally()
    tally.add(np.array([0, Fault.NULL, Fault.NULL, Fault.NULL_WEIGHT], np.uint8))
    other = Tally()
    other.add(np.array([0, 0], np.uint8))
    tally.merge(other)

    assert (tally.rows, tally.drawn) == (6, 3)
    assert tally.dropped == {"null": 2, "null_weight": 1}
