"""A picture on several threads is the picture of one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sandbox.render.charts.lanes import LEAST_ROWS, Lanes
from sandbox.render.charts.registry import MAX_LANE_PIXELS, one_painter, painter
from sandbox.render.clock import Clock
from sandbox.render.columns import PointBatch
from sandbox.render.threads import _quota, bands, processors, spread
from tests.unit.sandbox.render_rows import nothing, style

ROWS = 3 * LEAST_ROWS
STYLES: list[tuple[str, dict[str, Any], int]] = [
    ("pointmap", {"opacity": 0.0001}, 0),
    ("weighted", {"size_bound": [0, 3], "aggregation_type": "mean"}, 2),
    ("heatmap", {"map_zoom_level": 1, "aggregation_type": "std"}, 1),
    ("fishnetmap", {"cell_size": 1, "cell_spacing": 0}, 1),
]


def batch(weights: int, rows: int = ROWS) -> PointBatch:
    random = np.random.default_rng(rows + weights)
    x, y = random.uniform(-1, 6, (2, rows))
    x[::7] = np.nan
    columns = tuple(random.normal(size=rows) for _ in range(weights))
    return PointBatch(x=x, y=y, faults=np.zeros(rows, np.uint8), weights=columns)


def lanes(chart: str, params: dict[str, Any]) -> Lanes:
    return Lanes(lambda clock: one_painter(style(chart, **params), clock), 3, Clock())


@pytest.mark.parametrize(("chart", "params", "weights"), STYLES)
def test_lanes_give_the_picture_of_one_painter(
    chart: str, params: dict[str, Any], weights: int
) -> None:
    alone, beside = one_painter(style(chart, **params), Clock()), lanes(chart, params)
    for rows in (5, ROWS, 5):
        alone.add(batch(weights, rows))
        beside.add(batch(weights, rows))

    one, two = alone.paint(nothing), beside.paint(nothing)

    assert np.abs(one.astype(int) - two.astype(int)).max() <= 1
    assert beside.tally.counts.tolist() == alone.tally.counts.tolist()


def test_stages_of_lanes_add_up_to_the_time_that_passed() -> None:
    clock = Clock()
    artist = Lanes(lambda own: one_painter(style("pointmap"), own), 3, clock)

    with clock.stage("query"):
        artist.add(batch(0))

    assert 0 < clock.ms["aggregate"] + clock.ms["project"] <= clock.ms["query"]


def test_a_failing_lane_fails_the_picture() -> None:
    artist = lanes("heatmap", {"map_zoom_level": 1})

    with pytest.raises(IndexError):
        artist.add(batch(0))


def test_large_pictures_and_charts_in_order_have_one_lane() -> None:
    side = int((MAX_LANE_PIXELS / 2) ** 0.5) + 1

    large = painter(style("pointmap", width=side, height=side), Clock())
    choropleth = painter(style("choropleth"), Clock())

    assert not isinstance(large, Lanes)
    assert not isinstance(choropleth, Lanes)


def test_threads_are_no_more_than_there_are_processors(tmp_path: Any) -> None:
    quota = tmp_path / "cpu.max"
    for text, count in (("150000 100000", 2), ("50000 100000", 1), ("max 100000", 8), ("", 8)):
        quota.write_text(text)
        assert _quota(quota) == count
    assert _quota(tmp_path / "missing") == 8
    assert processors() >= 1


@pytest.mark.parametrize(("size", "least"), [(896, 64), (1, 64), (7, 1), (129, 64)])
def test_bands_are_all_of_it(size: int, least: int) -> None:
    found = bands(size, least)

    assert [row for first, last in found for row in range(first, last)] == list(range(size))


def test_a_failure_on_a_thread_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        spread(lambda n: 1 // n, [1, 0, 2])
