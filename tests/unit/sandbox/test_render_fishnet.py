from functools import partial

import numpy as np
import pytest

from sandbox.render.charts.fishnet import Axis, shares
from tests.unit.sandbox.render_rows import chart, letters, nothing, paint, points

RAMP = {"color_gradient": ["#0000FF", "#FF0000"]}
BLUE, MIDDLE, RED = (0, 0, 255, 255), (128, 0, 128, 255), (255, 0, 0, 255)
NAMES = {BLUE: "b", MIDDLE: "m", RED: "r"}


bare = partial(points, weights=[None])


def test_cells_are_counted_from_the_bottom_left_with_the_gap_after_them() -> None:
    artist = chart("fishnetmap", cell_size=2, cell_spacing=1, **RAMP)

    pixels = paint(artist, bare((0, 0), (4, 4), (4, 4)))

    assert letters(pixels, NAMES) == ["...rr", "...rr", ".....", "bb...", "bb..."]


def test_a_square_begins_half_the_gap_rounded_down_after_its_cell() -> None:
    artist = chart("fishnetmap", cell_size=1, cell_spacing=3, **RAMP)

    pixels = paint(artist, bare((3.9, 0.1)))

    assert letters(pixels, NAMES) == [".....", ".....", ".....", ".m...", "....."]


def test_the_last_square_is_clipped() -> None:
    pixels = paint(chart("fishnet", cell_size=4, cell_spacing=0, **RAMP), bare((4.5, 0.5)))

    assert letters(pixels, NAMES) == [".....", "....m", "....m", "....m", "....m"]


def test_points_of_the_gap_belong_to_the_cell_before_it() -> None:
    pixels = paint(chart("fishnetmap", cell_size=2, cell_spacing=1, **RAMP), bare((2.5, 2.5)))

    assert letters(pixels, NAMES)[3:] == ["mm...", "mm..."]


def test_outside_points_never_fold_in() -> None:
    artist = chart("fishnetmap", cell_size=5, cell_spacing=0)

    assert not paint(artist, bare((-0.5, 2), (5, 2), (2, -1e-9))).any()
    assert artist.tally.dropped == {"outside": 3}


def test_values_lie_between_the_least_and_the_99th_percentile() -> None:
    values = np.arange(1000.0)

    found = shares(values)

    assert found[0] == 0
    assert found[990] == 1
    assert found[999] == 1
    assert found[495] == 0.5


@pytest.mark.parametrize("count", [1, 2, 7, 99, 100, 101])
def test_the_percentile_is_that_of_the_sorted_values(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    least, most = values.min(), np.sort(values)[99 * count // 100]

    expected = np.clip((values - least) / (most - least), 0, 1) if most > least else [0.5] * count
    assert shares(values) == pytest.approx(expected)


def test_equal_values_are_the_middle() -> None:
    pixels = paint(chart("fishnetmap", cell_size=1, cell_spacing=0, **RAMP), bare((0, 0), (4, 0)))

    assert letters(pixels, NAMES)[4] == "m...m"


def test_without_a_gradient_it_is_the_heat_ramp_and_opaque() -> None:
    artist = chart("fishnetmap", cell_size=1, cell_spacing=0, opacity=0.5)

    pixels = paint(artist, points((0, 0), (1, 0), (2, 0), weights=[[0, 50, 100]]))

    assert pixels[4, :3].tolist() == [[0, 0, 255, 128], [0, 255, 0, 128], [255, 0, 0, 128]]


@pytest.mark.parametrize(("word", "row"), [("sum", "r.b"), ("max", "b.r"), ("count", "r.b")])
def test_weights_of_a_cell_aggregate(word: str, row: str) -> None:
    artist = chart("fishnetmap", cell_size=1, cell_spacing=0, aggregation_type=word, **RAMP)

    pixels = paint(artist, points((0, 0), (0, 0), (0, 0), (2, 0), weights=[[2, 2, 2, 5]]))

    assert letters(pixels, NAMES)[4][:3] == row


def test_a_null_weight_drops_the_row() -> None:
    artist = chart("fishnetmap")

    paint(artist, points((0, 0), (1, 1), weights=[[np.nan, 1]]))

    assert (artist.tally.drawn, artist.tally.dropped) == (1, {"null_weight": 1})


def test_no_rows_are_a_transparent_picture() -> None:
    assert not paint(chart("fishnetmap")).any()


@pytest.mark.parametrize(
    ("length", "size", "gap"), [(10, 4, 1), (7, 1, 0), (9, 2.5, 1.2), (3, 50, 9)]
)
def test_every_pixel_has_a_cell_and_squares_are_in_their_cell(
    length: int, size: float, gap: float
) -> None:
    axis = Axis.of(length, size, gap)

    assert axis.cells.tolist() == [int((i + 0.5) // (size + gap)) for i in range(length)]
    assert set(axis.squares.tolist()) - {-1} <= set(axis.cells.tolist())
    assert ((axis.squares == -1) | (axis.squares == axis.cells)).all()


def test_parts_in_any_order_are_the_same_picture() -> None:
    random = np.random.default_rng(1)
    places = [tuple(place) for place in random.uniform(-1, 6, (200, 2))]
    style = {"cell_size": 1, "aggregation_type": "std"}
    weights = random.normal(size=200)
    whole = paint(chart("fishnetmap", **style), points(*places, weights=[list(weights)]))
    merged = chart("fishnetmap", **style)
    for i in (1, 2, 0):
        part = chart("fishnetmap", **style)
        part.add(points(*places[i::3], weights=[list(weights[i::3])]))
        merged.merge(part)

    assert merged.paint(nothing).tolist() == whole.tolist()
