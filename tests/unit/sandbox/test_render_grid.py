"""Pixels by their edges are the pixels of the formula, for every double."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sandbox.render.aggregate import cpu
from sandbox.render.canvas import Canvas, project
from sandbox.render.tally import Fault
from wire.charts import parse

Box = tuple[float, float, float, float]


def canvas_of(box: Box, crs: str, width: int = 37, height: int = 23) -> Canvas:
    params = {"width": width, "height": height, "bounding_box": list(box), "coordinate_system": crs}
    return Canvas.of(parse("pointmap", params))


def by_formula(canvas: Canvas, x: np.ndarray, y: np.ndarray) -> tuple[list[int], list[int]]:
    faults = np.zeros(len(x), np.uint8)
    cpu.mark_not_finite(x, y, faults)
    pixels = cpu.locate(*project(x, y, canvas.crs), canvas.frame, faults)
    return pixels.tolist(), faults.tolist()


def by_edges(canvas: Canvas, x: np.ndarray, y: np.ndarray) -> tuple[list[int], list[int]]:
    assert canvas.grid is not None
    faults = np.zeros(len(x), np.uint8)
    return canvas.grid.locate(x, y, faults).tolist(), faults.tolist()


BOXES: list[tuple[Box, str]] = [
    ((-73.998427, 40.730309, -73.954348, 40.780816), "EPSG:4326"),
    ((-180.0, -85.0511287798066, 180.0, 85.0511287798066), "EPSG:4326"),
    ((170.0, -10.0, 200.0, 10.0), "EPSG:4326"),
    ((-1e-7, -1e-7, 1e-7, 1e-7), "EPSG:4326"),
    ((0.0, 0.0, 5.0, 5.0), "EPSG:3857"),
    ((-8236000.1, 4972000.7, -8230000.3, 4979000.9), "epsg:3857"),
]


@pytest.mark.parametrize(("box", "crs"), BOXES)
def test_at_every_edge_and_beside_it_the_pixel_is_that_of_the_formula(box: Box, crs: str) -> None:
    canvas = canvas_of(box, crs)
    assert canvas.grid is not None
    xs, ys = canvas.grid.across.edges, canvas.grid.up.edges
    around_x = np.concatenate([xs, np.nextafter(xs, -np.inf), np.nextafter(xs, np.inf)])
    around_y = np.concatenate([ys, np.nextafter(ys, -np.inf), np.nextafter(ys, np.inf)])
    x, y = (np.ascontiguousarray(grid.ravel()) for grid in np.meshgrid(around_x, around_y))

    assert by_edges(canvas, x, y) == by_formula(canvas, x, y)


def test_from_pole_to_pole_pixels_are_too_uneven_to_be_looked_up() -> None:
    canvas = canvas_of((-1.0, -90.0, 1.0, 90.0), "EPSG:4326")
    y = np.linspace(-90.0, 90.0, 1_000)
    faults = np.zeros(len(y), np.uint8)
    x = np.zeros(len(y))

    pixels = canvas.locate(x, y, faults).tolist()

    assert canvas.grid is None
    assert (pixels, faults.tolist()) == by_formula(canvas, x, y)


@settings(max_examples=200)
@given(
    low=st.tuples(st.floats(-190, 190), st.floats(-89, 88)),
    size=st.tuples(st.floats(1e-6, 200), st.floats(1e-6, 1)),
    pixels=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    seed=st.integers(0, 99),
)
def test_any_place_in_any_box_has_the_pixel_of_the_formula(
    low: tuple[float, float], size: tuple[float, float], pixels: tuple[int, int], seed: int
) -> None:
    north = min(low[1] + size[1] * (90 - low[1]), 90.0)
    box = (low[0], low[1], low[0] + size[0], north)
    canvas = canvas_of(box, "EPSG:4326", *pixels)
    # Beside a pole, where doubles are too far apart to tell pixels from one another.
    assume(canvas.grid is not None)
    random = np.random.default_rng(seed)
    x = random.uniform(box[0] - size[0] / 9, box[2] + size[0] / 9, 500)
    y = random.uniform(box[1] - size[1] / 9, box[3] + size[1] / 9, 500)
    x[:4], y[:4] = [box[0], box[2], box[0], box[2]], [box[1], box[3], box[3], box[1]]

    assert by_edges(canvas, x, y) == by_formula(canvas, x, y)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857"])
def test_bad_places_have_the_reasons_of_the_formula(crs: str) -> None:
    values = [0.0, -0.0, 0.5, 95.0, -95.0, 1e303, -1e308, math.nan, math.inf, -math.inf]
    x, y = (np.ascontiguousarray(grid.ravel()) for grid in np.meshgrid(values, values))
    canvas = canvas_of((-1.0, -1.0, 1.0, 1.0), crs)

    found = by_edges(canvas, x, y)

    assert found == by_formula(canvas, x, y)
    assert {Fault.NONE, Fault.NOT_FINITE, Fault.OUTSIDE} <= set(found[1])


def test_rows_with_a_fault_keep_it() -> None:
    canvas = canvas_of((0.0, 0.0, 5.0, 5.0), "EPSG:3857")
    faults = np.array([Fault.NULL, 0, Fault.EMPTY], np.uint8)

    pixels = canvas.locate(np.array([1.0, 1.0, np.nan]), np.array([1.0, 1.0, np.nan]), faults)

    assert pixels.tolist()[::2] == [-1, -1]
    assert faults.tolist() == [Fault.NULL, 0, Fault.EMPTY]


def test_where_pixels_are_not_apart_the_formula_itself_is_used() -> None:
    tiny = canvas_of((1e6, 1e6, math.nextafter(1e6, 2e6), 1e6 + 1), "EPSG:3857")

    assert tiny.grid is None
    assert tiny.locate(np.array([1e6]), np.array([1e6]), np.zeros(1, np.uint8)).tolist() == [
        (23 - 1) * 37
    ]


def test_other_systems_are_projected() -> None:
    assert canvas_of((500000.0, 4500000.0, 600000.0, 4600000.0), "EPSG:32618").grid is None
