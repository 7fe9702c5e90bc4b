from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.render.fill import fill_shapes


def owners(*shapes: list[list[tuple[float, float]]], width: int = 5, height: int = 5) -> list[str]:
    """Rows from the top: which of the shapes (lists of closed rings) each pixel belongs to."""
    rings = [ring for shape in shapes for ring in shape]
    ends = np.cumsum([0, *map(len, rings)])
    grid = np.full((height, width), -1, np.int32)
    corners = np.array([corner for ring in rings for corner in ring], np.float64)
    fill_shapes(corners, ends, np.cumsum([0, *map(len, shapes)]), 0, 0, height, grid)
    return ["".join("." if owner < 0 else "abc"[owner] for owner in row) for row in grid]


def box(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]


def test_a_pixel_belongs_to_what_holds_its_centre() -> None:
    assert owners([box(1, 1, 3, 2)]) == [".....", ".....", ".....", ".aa..", "....."]
    assert owners([box(0.6, 0.6, 2.5, 2.4)]) == [".....", ".....", ".....", ".a...", "....."]


def test_a_hole_stays_open() -> None:
    ring = [box(0, 0, 5, 5), box(1, 1, 4, 4)]

    assert owners(ring) == ["aaaaa", "a...a", "a...a", "a...a", "aaaaa"]


def test_a_concave_notch_stays_open() -> None:
    corners = [(0, 0), (5, 0), (5, 5), (4, 5), (4, 1), (1, 1), (1, 5), (0, 5), (0, 0)]

    assert owners([[(float(x), float(y)) for x, y in corners]]) == [
        "a...a",
        "a...a",
        "a...a",
        "a...a",
        "aaaaa",
    ]


def test_the_ring_direction_does_not_matter() -> None:
    assert owners([box(0, 0, 5, 5)[::-1], box(1, 1, 4, 4)]) == owners(
        [box(0, 0, 5, 5), box(1, 1, 4, 4)[::-1]]
    )


def test_later_shapes_replace_earlier_ones() -> None:
    assert owners([box(0, 0, 3, 3)], [box(2, 2, 5, 5)]) == [
        "..bbb",
        "..bbb",
        "aabbb",
        "aaa..",
        "aaa..",
    ]


def test_what_reaches_out_is_clipped() -> None:
    assert owners([box(-1e9, 3, 1e9, 1e12)], [box(4, -7, 9, 1)]) == [
        "aaaaa",
        "aaaaa",
        ".....",
        ".....",
        "....b",
    ]


def test_a_shape_without_a_centre_leaves_no_trace() -> None:
    assert owners([box(0.6, 0.6, 1.4, 1.4)]) == ["....."] * 5


@given(
    st.lists(
        st.tuples(st.integers(-8, 40), st.integers(-8, 40)), min_size=3, max_size=8, unique=True
    )
)
@settings(max_examples=200)
def test_a_fill_is_what_the_even_odd_rule_says(corners: list[tuple[int, int]]) -> None:
    ring = [(x / 4 + 0.03, y / 4 + 0.01) for x, y in corners]
    ring.append(ring[0])

    found = owners([ring])

    for row in range(5):
        for column in range(5):
            crossings = _crossings(ring, 4 - row + 0.5)
            distances = [column + 0.5 - x for x in crossings]
            # On an edge the last bit of the crossing decides.
            if all(abs(distance) > 1e-9 for distance in distances):
                assert (found[row][column] == "a") == sum(d > 0 for d in distances) % 2


def _crossings(ring: list[tuple[float, float]], y: float) -> list[float]:
    return [
        ax + (y - ay) / (by - ay) * (bx - ax)
        for (ax, ay), (bx, by) in pairwise(ring)
        if (ay <= y) != (by <= y)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_neighbours_leave_no_gap_and_no_overlap(seed: int) -> None:
    random = np.random.default_rng(seed)
    points = shapely.MultiPoint(random.uniform(-20, 52, (60, 2)))
    cells = list(shapely.voronoi_polygons(points, extend_to=shapely.box(-40, -40, 70, 70)).geoms)
    total = np.zeros((32, 32), int)
    for cell in cells:
        corners = np.asarray(cell.exterior.coords)
        grid = np.full((32, 32), -1, np.int32)
        fill_shapes(corners, np.array([0, len(corners)]), np.array([0, 1]), 0, 0, 32, grid)
        total += grid == 0

    assert (total == 1).all()
