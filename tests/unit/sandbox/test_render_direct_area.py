"""Places of points in an area, held to JTS through Spark in test_render_direct; here to shapely."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.parquet.give_up import NotTaken
from sandbox.render.direct.area import Area, area_of
from sandbox.render.direct.located import EDGE, INSIDE, OUTSIDE

SQUARE = "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"
WITH_HOLE = "POLYGON ((0 0, 8 0, 8 8, 0 8, 0 0), (2 2, 6 2, 6 6, 2 6, 2 2))"
TWO = "MULTIPOLYGON (((0 0, 2 0, 2 2, 0 2, 0 0)), ((2 2, 4 2, 4 4, 2 4, 2 2)))"
NOTCHED = "POLYGON ((0 0, 9 0, 9 9, 6 1, 3 9, 0 9, 0 0))"


def area(wkt: str) -> Area:
    return area_of(shapely.to_wkb(shapely.from_wkt(wkt)))


def places(wkt: str, *points: tuple[float, float]) -> list[int]:
    x, y = np.array(points, np.float64).T
    found: list[int] = area(wkt).locate(np.ascontiguousarray(x), np.ascontiguousarray(y)).tolist()
    return found


def test_inside_edge_and_outside() -> None:
    points = [(2, 2), (0, 2), (4, 4), (2, 0), (-1e-300, 2), (4.000001, 2), (2, 9)]

    assert places(SQUARE, *points) == [INSIDE, EDGE, EDGE, EDGE, OUTSIDE, OUTSIDE, OUTSIDE]


def test_a_hole_is_outside_and_its_rim_is_edge() -> None:
    assert places(WITH_HOLE, (4, 4), (2, 4), (6, 6), (1, 4)) == [OUTSIDE, EDGE, EDGE, INSIDE]


def test_parts_that_touch_in_a_corner() -> None:
    assert places(TWO, (1, 1), (2, 2), (3, 3), (1, 3)) == [INSIDE, EDGE, INSIDE, OUTSIDE]


def test_places_that_are_none_are_outside() -> None:
    nan, inf = math.nan, math.inf
    points = [(nan, 1), (1, nan), (nan, nan), (inf, 1), (1, -inf), (-0.0, -0.0)]

    assert places(SQUARE, *points) == [OUTSIDE] * 5 + [EDGE]


@pytest.mark.parametrize("x", [1 / 3, 0.1, 1e-9, 0.7])
def test_a_point_next_to_a_slanted_edge(x: float) -> None:
    wkt = "POLYGON ((0 0, 1 1, 0 1, 0 0))"
    above = (x, math.nextafter(x, 2))
    below = (x, math.nextafter(x, -1))

    assert places(wkt, (x, x), above, below) == [EDGE, INSIDE, OUTSIDE]


@pytest.mark.parametrize(
    "wkt",
    [
        "POINT (1 1)",
        "POLYGON EMPTY",
        "MULTIPOLYGON (((0 0, 2 0, 2 2, 0 2, 0 0)), ((1 1, 4 1, 4 4, 1 4, 1 1)))",
        "POLYGON ((0 0, 1e308 0, 1e308 1, -1e308 1, 0 0))",
    ],
)
def test_what_is_no_certain_area_is_left_alone(wkt: str) -> None:
    with pytest.raises(NotTaken):
        area(wkt)


@st.composite
def rings(draw: st.DrawFn) -> shapely.Polygon:
    """A star around a centre: valid, with notches, many or few vertices."""
    count = draw(st.integers(3, 400))
    seed = draw(st.integers(0, 2**32 - 1))
    rough = draw(st.floats(0, 0.95))
    scale = 10.0 ** draw(st.integers(-6, 6))
    random = np.random.default_rng(seed)
    angles = np.sort(random.random(count)) * 2 * math.pi
    radii = scale * (1 - rough * random.random(count))
    centre = random.standard_normal(2) * scale * 10
    return shapely.Polygon(centre + np.c_[np.cos(angles) * radii, np.sin(angles) * radii])


@given(rings(), st.integers(0, 2**32 - 1))
@settings(max_examples=150, deadline=None)
def test_points_lie_where_shapely_finds_them(polygon: shapely.Polygon, seed: int) -> None:
    random = np.random.default_rng(seed)
    low_x, low_y, high_x, high_y = polygon.bounds
    x, y = random.uniform(low_x, high_x, 500), random.uniform(low_y, high_y, 500)
    corners = shapely.get_coordinates(polygon)
    x, y = np.append(x, corners[:, 0]), np.append(y, corners[:, 1])
    points = shapely.points(x, y)

    found = area_of(shapely.to_wkb(polygon)).locate(x, y)

    if polygon.is_valid:
        assert np.array_equal(found == INSIDE, shapely.contains_properly(polygon, points))
        assert np.array_equal(found == OUTSIDE, shapely.disjoint(polygon, points))
