from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.sandbox.render_rows import chart, letters, nothing, paint, shapes

RAMP = {"color_gradient": ["#0000FF", "#FF0000"], "color_bound": [0, 2]}
NAMES = {(0, 0, 255, 255): "b", (128, 0, 128, 255): "m", (255, 0, 0, 255): "r"}

LEFT = "POLYGON ((0 0, 3 0, 3 5, 0 5, 0 0))"
RIGHT = "POLYGON ((2 0, 5 0, 5 5, 2 5, 2 0))"


def test_polygons_and_multipolygons_are_filled_with_holes_open() -> None:
    artist = chart("choropleth", **RAMP)
    ring = "POLYGON ((0 0, 3 0, 3 3, 0 3, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))"
    pair = "MULTIPOLYGON (((3 3, 4 3, 4 4, 3 4, 3 3)), ((4 4, 5 4, 5 5, 4 5, 4 4)))"

    pixels = paint(artist, shapes(ring, pair, weights=[0, 2]))

    assert letters(pixels, NAMES) == ["....r", "...r.", "bbb..", "b.b..", "bbb.."]
    assert artist.tally.drawn == 2


def test_identical_geometries_aggregate() -> None:
    artist = chart("choropleth", **RAMP)

    pixels = paint(artist, shapes(LEFT, LEFT, weights=[1, 0]), shapes(LEFT, weights=[0]))

    assert letters(pixels, NAMES)[0] == "mmm.."
    assert artist.tally.drawn == 3


def test_vertices_are_not_rounded_so_near_twins_stay_apart() -> None:
    near = LEFT.replace("3 5", "3.0000001 5")
    artist = chart("choropleth", **RAMP)

    paint(artist, shapes(LEFT, near, weights=[1, 1]))

    assert artist.weights.finish().tolist() == [1, 1]


def test_without_an_order_the_heavier_lies_on_top() -> None:
    for rows in (shapes(LEFT, RIGHT, weights=[2, 0]), shapes(RIGHT, LEFT, weights=[0, 2])):
        assert letters(paint(chart("choropleth", **RAMP), rows), NAMES)[0] == "rrrbb"


def test_ties_are_broken_by_the_geometry_not_by_the_order() -> None:
    style = RAMP | {"opacity": 1}
    one = paint(chart("choropleth", **style), shapes(LEFT, RIGHT, weights=[1, 1]))
    two = paint(chart("choropleth", **style), shapes(RIGHT, LEFT, weights=[1, 1]))

    assert one.tolist() == two.tolist()


def test_an_asked_order_is_honoured_across_batches() -> None:
    artist = chart("choropleth", **RAMP)

    pixels = paint(
        artist,
        shapes(RIGHT, weights=[0], order=[1 << 33]),
        shapes(LEFT, weights=[2], order=[0]),
    )

    assert letters(pixels, NAMES)[0] == "rrbbb"


def test_opacity_replaces_and_never_stacks() -> None:
    artist = chart("choropleth", opacity=0.5, **RAMP)

    pixels = paint(artist, shapes(LEFT, RIGHT, weights=[0, 2]))

    assert pixels[0, 0].tolist() == [0, 0, 255, 128]
    assert pixels[0, 2].tolist() == [255, 0, 0, 128]


def test_reasons_are_counted_in_rows() -> None:
    artist = chart("choropleth", coordinate_system="EPSG:4326")

    paint(
        artist,
        shapes(
            None,
            "POLYGON EMPTY",
            "POINT (1 1)",
            "LINESTRING (0 0, 1 1)",
            "GEOMETRYCOLLECTION (POLYGON ((0 0, 1 0, 1 1, 0 0)))",
            "POLYGON ((9 9, 10 9, 10 10, 9 9))",
            "POLYGON ((9 9, 10 9, 10 10, 9 9))",
            "POLYGON ((0 0, 1 0, 1 95, 0 0))",
            "POLYGON ((0 0, 1 0, 1 NaN, 0 0))",
            LEFT,
            LEFT,
            weights=[1] * 9 + [np.nan, 1],
        ),
    )

    assert artist.tally.rows == 11
    assert artist.tally.drawn == 1
    assert artist.tally.dropped == {
        "null": 1,
        "empty": 1,
        "not_finite": 1,
        "outside": 2,
        "wrong_type": 3,
        "untransformable": 1,
        "null_weight": 1,
    }


def test_bytes_that_are_no_geometry_are_a_wrong_type() -> None:
    artist = chart("choropleth")
    batch = shapes(LEFT)

    artist.add(replace(batch, wkb=pa.array([b"junk"], pa.binary())))

    assert artist.tally.dropped == {"wrong_type": 1}


def test_partly_outside_is_clipped_and_around_the_box_is_outside() -> None:
    artist = chart("choropleth", **RAMP)
    around = "POLYGON ((-9 -9, 9 -9, 9 9, 8 9, 8 -8, -9 -8, -9 -9))"

    pixels = paint(
        artist, shapes("POLYGON ((-9 -9, 2 -9, 2 2, -9 2, -9 -9))", around, weights=[2, 0])
    )

    assert letters(pixels, NAMES) == [".....", ".....", ".....", "rr...", "rr..."]
    assert artist.tally.dropped == {"outside": 1}


def test_a_third_coordinate_is_ignored() -> None:
    artist = chart("choropleth", **RAMP)

    pixels = paint(artist, shapes("POLYGON Z ((0 0 7, 5 0 7, 5 5 7, 0 0 7))", weights=[2]))

    assert pixels.any()


def test_only_nulls_are_a_transparent_picture() -> None:
    artist = chart("choropleth")

    assert not paint(artist, shapes(None, None)).any()
    assert artist.tally.dropped == {"null": 2}


def test_weights_default_to_1_and_the_bound_to_the_data() -> None:
    artist = chart("choropleth", color_gradient=RAMP["color_gradient"])

    pixels = paint(artist, shapes(LEFT, RIGHT, RIGHT))

    assert letters(pixels, NAMES)[0] == "bbrrr"


@pytest.mark.parametrize("word", ["sum", "mean", "std", "min", "count"])
def test_parts_in_any_order_give_the_same_picture(word: str) -> None:
    random = np.random.default_rng(4)
    kinds = [f"POLYGON (({i} 0, {i + 2} 0, {i + 2} 5, {i} 5, {i} 0))" for i in range(4)]
    rows = [kinds[i] for i in random.integers(0, 4, 60)]
    weights = random.uniform(0, 1, 60)
    style = {"aggregation_type": word}
    whole = paint(chart("choropleth", **style), shapes(*rows, weights=list(weights)))
    merged = chart("choropleth", **style)
    for i in (2, 0, 1):
        part = chart("choropleth", **style)
        part.add(shapes(*rows[i::3], weights=list(weights[i::3])))
        merged.merge(part)

    assert merged.tally.rows == 60
    assert merged.paint(nothing).tolist() == whole.tolist()
