import math

import numpy as np
import pytest

from tests.unit.sandbox.render_rows import chart, nothing, paint, points


def test_the_peak_is_red_and_opaque_and_far_away_is_clear() -> None:
    artist = chart("heatmap", map_zoom_level=0, width=41, height=1, bounding_box=[0, 0, 41, 1])

    pixels = paint(artist, points((20.5, 0.5), weights=[None]))[0]

    assert pixels[20].tolist() == [255, 0, 0, 255]
    assert not pixels[:16].any()
    assert not pixels[26:].any()
    assert pixels[:20].tolist() == pixels[21:][::-1].tolist()


def test_weights_add_up_and_faint_ones_fade() -> None:
    artist = chart(
        "heatmap", map_zoom_level=0, kernel="gaussian", width=41, height=1,
        bounding_box=[0, 0, 41, 1],
    )  # fmt: skip

    pixels = paint(artist, points((5, 0), (5, 0), (30, 0), weights=[[3, 5, 2]]))[0]

    assert pixels[5].tolist() == [255, 0, 0, 255]
    # A quarter of the peak is cyan; alpha (3 / 4) squared.
    assert pixels[30].tolist() == [0, 255, 255, 143]
    share = math.exp(-2.0)
    assert pixels[7, 3] == pytest.approx(255 * (3 * share) ** 2, abs=1)


def test_without_a_weight_rows_are_counted() -> None:
    style = {"map_zoom_level": 0, "kernel": "gaussian"}

    counted = paint(chart("heatmap", **style), points((0, 0), (4, 4), (4, 4), weights=[None]))
    weighed = paint(chart("heatmap", **style), points((0, 0), (4, 4), weights=[[1, 2]]))

    assert counted.tolist() == weighed.tolist()


def test_all_zero_and_all_negative_are_transparent() -> None:
    for weights in ([0.0, 0.0], [-1.0, -2.0], [1.0, -1.0]):
        artist = chart("heatmap", map_zoom_level=3)
        same = points((1, 1), (1, 1), weights=[weights])
        assert not paint(artist, same).any()
        assert artist.tally.drawn == 2


def test_a_null_weight_is_dropped() -> None:
    artist = chart("heatmap", map_zoom_level=3)

    paint(artist, points((1, 1), (1, 1), (1, 1), weights=[[1, np.nan, np.inf]]))

    assert artist.tally.dropped == {"not_finite": 1, "null_weight": 1}


def test_nothing_wraps_at_the_right_edge() -> None:
    artist = chart("heatmap", map_zoom_level=0, width=60, height=3, bounding_box=[0, 0, 60, 3])

    pixels = paint(artist, points((59.5, 1.5), weights=[None]))

    assert pixels[1, 59, 3] == 255
    assert not pixels[:, :50].any()


@pytest.mark.parametrize("word", ["sum", "mean", "std", "count", "max"])
def test_parts_give_the_same_picture(word: str) -> None:
    random = np.random.default_rng(2)
    places = [tuple(place) for place in random.uniform(0, 5, (80, 2))]
    weights = random.uniform(1e8, 1e8 + 9, 80)
    style = {"map_zoom_level": 1, "aggregation_type": word}
    whole = paint(chart("heatmap", **style), points(*places, weights=[weights]))
    merged = chart("heatmap", **style)
    for i in (2, 0, 1):
        part = chart("heatmap", **style)
        part.add(points(*places[i::3], weights=[weights[i::3]]))
        merged.merge(part)

    assert abs(merged.paint(nothing).astype(int) - whole.astype(int)).max() <= 1
