import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.failure import AgentFailure
from sandbox.render.charts.pointmap import overlay
from sandbox.render.tally import Fault
from tests.unit.sandbox.render_rows import alphas, chart, nothing, paint, points
from wire.protocol import ErrorCode


def coverage(size: float, distance: float) -> float:
    return min(max(size / 2 + 0.5 - distance, 0.0), 1.0)


def test_size_1_is_one_full_pixel() -> None:
    pixels = paint(chart("pointmap", point_size=1, point_color="#2DEF4A"), points((2.9, 0.1)))

    assert pixels[4, 2].tolist() == [45, 239, 74, 255]
    assert np.count_nonzero(pixels[..., 3]) == 1


def test_a_disc_of_3_is_antialiased() -> None:
    pixels = paint(chart("pointmap", point_size=3), points((2.5, 2.5)))

    corner = round(255 * (2 - math.sqrt(2)))
    assert alphas(pixels) == [
        [0, 0, 0, 0, 0],
        [0, corner, 255, corner, 0],
        [0, 255, 255, 255, 0],
        [0, corner, 255, corner, 0],
        [0, 0, 0, 0, 0],
    ]
    assert pixels[1, 1, :3].tolist() == [0x11, 0x5F, 0x9A]


@pytest.mark.parametrize(("marks", "alpha"), [(1, 128), (2, 191), (3, 223), (60, 255)])
def test_n_marks_of_opacity_a_are_1_minus_1_minus_a_to_the_n(marks: int, alpha: int) -> None:
    artist = chart("pointmap", point_size=1, opacity=0.5, point_color="#ff0000")

    pixels = paint(artist, points(*[(0.5, 0.5)] * marks))

    assert pixels[4, 0].tolist() == [255, 0, 0, alpha]


def test_the_colour_may_bring_an_alpha() -> None:
    artist = chart("pointmap", point_size=1, opacity=0.5, point_color="#ff000080")

    assert paint(artist, points((0, 0)))[4, 0].tolist() == [255, 0, 0, 64]


def test_discs_are_clipped_at_the_edge_and_dropped_when_centred_outside() -> None:
    artist = chart("pointmap", point_size=3)

    pixels = paint(artist, points((0, 0), (-0.1, 2), (5, 5)))

    assert alphas(pixels)[3:] == [[255, 149, 0, 0, 0], [255, 255, 0, 0, 0]]
    assert not pixels[:3].any()
    assert artist.tally.dropped == {"outside": 2}


@pytest.mark.parametrize("params", [{"point_size": 0}, {"opacity": 0}])
def test_nothing_visible_still_counts_as_drawn(params: dict[str, float]) -> None:
    artist = chart("pointmap", **params)

    pixels = paint(artist, points((1, 1), (2, 2)))

    assert not pixels.any()
    assert artist.tally.drawn == 2


def test_no_rows_are_a_transparent_picture() -> None:
    artist = chart("pointmap")

    assert not paint(artist).any()
    assert (artist.tally.rows, artist.tally.dropped) == (0, {})


def test_every_reason_is_counted_and_none_fails_the_picture() -> None:
    artist = chart("pointmap", coordinate_system="EPSG:4326")
    given = [Fault.NULL, Fault.EMPTY, Fault.WRONG_TYPE, 0, 0, 0, 0]
    places = [(0, 0), (0, 0), (0, 0), (math.nan, 0), (0, 91), (77, 3), (1, 1)]

    paint(artist, points(*places, faults=given))

    assert artist.tally.drawn == 1
    assert artist.tally.dropped == {
        "null": 1,
        "empty": 1,
        "not_finite": 1,
        "outside": 1,
        "wrong_type": 1,
        "untransformable": 1,
    }


def test_a_disc_larger_than_the_picture_covers_it() -> None:
    assert (paint(chart("pointmap", point_size=1e300), points((0, 0)))[..., 3] == 255).all()


@given(
    marks=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4)), max_size=6),
    size=st.floats(0.1, 9),
    alpha=st.floats(0.01, 1),
)
def test_an_overlay_is_the_product_over_all_marks(
    marks: list[tuple[int, int]], size: float, alpha: float
) -> None:
    counts = np.zeros((5, 7), np.uint32)
    clear = np.ones((5, 7))
    rows, columns = np.mgrid[:5, :7]
    for column, row in marks:
        counts[row, column] += 1
        distances = np.hypot(rows - row, columns - column)
        clear *= 1 - alpha * np.vectorize(coverage)(size, distances)

    whole = [overlay(counts, rows, size, alpha) for rows in ((0, 2), (2, 5))]
    assert np.concatenate(whole) == pytest.approx(1 - clear, abs=1e-12)


def test_batches_in_any_order_and_parts_give_the_same_picture() -> None:
    random = np.random.default_rng(5)
    places = [tuple(place) for place in random.uniform(-1, 6, (200, 2))]
    whole = paint(chart("pointmap", opacity=0.3), points(*places))
    parts = [chart("pointmap", opacity=0.3) for _ in range(3)]
    for i, part in enumerate(parts):
        part.add(points(*places[i::3]))

    parts[2].merge(parts[0])
    parts[2].merge(parts[1])

    assert parts[2].tally.rows == 200
    assert parts[2].paint(nothing).tolist() == whole.tolist()


def test_a_picture_nobody_wants_any_more_is_not_finished() -> None:
    artist = chart("pointmap")
    artist.add(points((1, 1)))

    def stop() -> None:
        raise AgentFailure(ErrorCode.CANCELLED, message="it was cancelled")

    with pytest.raises(AgentFailure):
        artist.paint(stop)
