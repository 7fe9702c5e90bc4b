"""Polygons out of WKB, held against what shapely reads."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.render import wkb
from sandbox.render.buffers import bytes_of
from sandbox.render.outlines import joined
from sandbox.render.shapes import Shapes
from sandbox.render.tally import Fault
from tests.unit.sandbox.render_rows import canvas

SQUARE = shapely.box(1, 1, 3, 3)


def take(*held: Any, kind: pa.DataType | None = None) -> tuple[Shapes, list[int], list[int]]:
    """Shapes of these WKBs, their numbers and faults."""
    shapes, faults = Shapes(canvas()), np.zeros(len(held), np.uint8)
    groups = shapes.add(pa.array(held, kind or pa.binary()), faults)
    return shapes, groups.tolist(), faults.tolist()


def rings_of(shapes: Shapes, number: int) -> list[list[tuple[float, float]]]:
    outline = shapes.outlines(np.array([number]))
    corners = [tuple(corner) for corner in outline.corners.tolist()]
    ends = outline.rings.tolist()
    return [corners[a:b] for a, b in pairwise(ends)]


def expected_rings(shape: Any) -> list[list[tuple[float, float]]]:
    polygons = shapely.get_parts(shape)
    rings = [ring for one in polygons for ring in (one.exterior, *one.interiors)]
    return [[(x, y) for x, y, *_ in ring.coords] for ring in rings]


HOLED = shapely.Polygon(
    [(0, 0), (5, 0), (5, 5), (0, 5)], [[(1, 1), (2, 1), (2, 2)], [(3, 3), (4, 3), (4, 4)]]
)
MANY = shapely.MultiPolygon([HOLED, shapely.box(2, 2, 3, 4), shapely.box(9, 9, 10, 10)])


@pytest.mark.parametrize("shape", [SQUARE, HOLED, MANY], ids=["square", "holes", "many"])
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary()])
def test_rings_are_those_of_shapely(shape: Any, order: int, kind: pa.DataType) -> None:
    shapes, [number], [fault] = take(shapely.to_wkb(shape, byte_order=order), kind=kind)

    assert fault == Fault.NONE
    assert rings_of(shapes, number) == expected_rings(shape)


def test_other_forms_of_the_same_polygon_are_the_same_polygon() -> None:
    deep = shapely.force_3d(HOLED, 7)
    forms = [
        shapely.to_wkb(HOLED, byte_order=0),
        shapely.to_wkb(HOLED, byte_order=1),
        shapely.to_wkb(deep, flavor="iso"),
        shapely.to_wkb(deep, flavor="extended"),
        shapely.to_wkb(shapely.set_srid(HOLED, 3857), include_srid=True),
        shapely.to_wkb(shapely.transform(HOLED, lambda xy: np.where(xy == 0, -0.0, xy))),
    ]

    for held in (forms, forms[::-1]):
        shapes, numbers, faults = take(*held)
        assert (numbers, faults, len(shapes)) == ([0] * 6, [0] * 6, 1)
        assert rings_of(shapes, 0) == expected_rings(HOLED)


@pytest.mark.parametrize(
    ("wkt", "fault"),
    [
        ("POLYGON EMPTY", Fault.EMPTY),
        ("MULTIPOLYGON EMPTY", Fault.EMPTY),
        ("MULTIPOLYGON (EMPTY, EMPTY)", Fault.EMPTY),
        ("MULTIPOLYGON (EMPTY, ((1 1, 2 1, 2 2, 1 1)))", Fault.NONE),
        ("POINT EMPTY", Fault.EMPTY),
        ("POINT (1 1)", Fault.WRONG_TYPE),
        ("POLYGON ((7 7, 8 7, 8 8, 7 7))", Fault.OUTSIDE),
        ("POLYGON ((0 0, 3 0, 3 NaN, 0 0))", Fault.NOT_FINITE),
        ("POLYGON ((0 0, 3 0, 3 inf, 0 0))", Fault.NOT_FINITE),
        ("POLYGON Z ((0 0 NaN, 3 0 NaN, 3 1 NaN, 0 0 NaN))", Fault.NONE),
    ],
)
def test_what_cannot_be_drawn_has_its_reason(wkt: str, fault: Fault) -> None:
    with np.errstate(invalid="ignore"):
        held = shapely.to_wkb(shapely.from_wkt(wkt))

    assert take(held)[2] == [fault]


def test_a_slice_of_an_array_is_read_from_its_own_place() -> None:
    held = [shapely.to_wkb(shape) for shape in (SQUARE, HOLED, MANY)]
    shapes, faults = Shapes(canvas()), np.zeros(2, np.uint8)

    shapes.add(pa.array([None, *held], pa.binary())[2:], faults)

    assert rings_of(shapes, 1) == expected_rings(MANY)
    data, offsets = bytes_of(pa.array(held, pa.binary())[1:2])
    assert bytes(data[offsets[0] : offsets[1]]) == held[1]


@given(st.binary(max_size=60))
def test_bytes_of_any_kind_are_a_wrong_type_and_never_more(held: bytes) -> None:
    assert take(held, SQUARE.wkb)[2][1] == Fault.NONE


@settings(max_examples=150)
@given(shape=st.sampled_from([SQUARE, HOLED, MANY]), data=st.data())
def test_damaged_polygons_are_read_as_shapely_reads_them(shape: Any, data: Any) -> None:
    held = bytearray(shapely.to_wkb(shape))
    for _ in range(data.draw(st.integers(1, 3))):
        held[data.draw(st.integers(0, min(len(held) - 1, 40)))] = data.draw(st.integers(0, 255))
    del held[data.draw(st.integers(len(held) // 2, len(held))) :]
    counts = np.empty((1, 2), np.int64)

    wkb.measure(*bytes_of(pa.array([bytes(held)], pa.binary())), counts)

    if counts[0, 0] != wkb.UNUSUAL:
        with np.errstate(all="ignore"):
            read = shapely.from_wkb(bytes(held))
        assert shapely.get_num_coordinates(read) == counts[0, 1]
        assert len(expected_rings(read)) == counts[0, 0]


NUMBERS = st.integers(-8, 12)


@settings(max_examples=150)
@given(places=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=8))
def test_what_meets_the_picture_is_what_shapely_says(places: list[tuple[int, int]]) -> None:
    polygon = shapely.Polygon(places)
    if not polygon.is_valid:
        return

    [fault] = take(polygon.wkb)[2]

    inside = shapely.intersects(polygon, shapely.box(0, 0, 5, 5))
    assert fault == (Fault.NONE if inside else Fault.OUTSIDE)


def test_a_frame_around_the_picture_is_outside_and_its_filling_is_not() -> None:
    around = shapely.box(-9, -9, 9, 9)

    assert take((around - shapely.box(-1, -1, 6, 6)).wkb)[2] == [Fault.OUTSIDE]
    assert take(around.wkb)[2] == [Fault.NONE]


def test_shapes_are_taken_and_joined() -> None:
    shapes, _, _ = take(SQUARE.wkb, HOLED.wkb, MANY.wkb)
    twice = joined([shapes.outlines(np.array([2, 0])), shapes.outlines(np.array([1]))])

    assert len(twice) == 3
    assert twice.corners.tolist() == shapes.outlines(np.array([2, 0, 1])).corners.tolist()
    assert np.bincount(twice.owners).tolist() == [
        sum(len(ring) for ring in expected_rings(shape)) for shape in (MANY, SQUARE, HOLED)
    ]


def test_parts_know_each_other_s_polygons() -> None:
    one, _, _ = take(SQUARE.wkb, HOLED.wkb)
    two, _, _ = take(MANY.wkb, SQUARE.wkb, SQUARE.wkb[:-3])

    assert one.merge(two).tolist() == [2, 0, 3]
    assert rings_of(one, 2) == expected_rings(MANY)
    assert len(one) == 4
