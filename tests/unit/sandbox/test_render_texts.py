"""Plain WKT of polygons to WKB: the bytes that GEOS writes, or left to Spark."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.parquet.give_up import NotTaken
from sandbox.render.direct.texts import polygons

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(repr) | st.sampled_from(
    ["0", "-0", "-0.0", "1e-3", "4.9e-324", "-73.98689539873443", "40.769309236370816", "1E5"]
)
BLANKS = st.sampled_from(["", " ", "  "])


@st.composite
def rings(draw: st.DrawFn) -> str:
    corners = draw(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=6))
    comma = draw(BLANKS) + "," + draw(BLANKS)
    return "(" + comma.join(f"{x} {y}" for x, y in [*corners, corners[0]]) + ")"


def within(parts: st.SearchStrategy[str], most: int) -> st.SearchStrategy[str]:
    return st.tuples(st.lists(parts, min_size=1, max_size=most), BLANKS, BLANKS).map(
        lambda given: f"({given[1]}" + f",{given[2]}".join(given[0]) + ")"
    )


BODIES = within(rings(), 3)
TEXTS = st.tuples(BLANKS, BODIES, BLANKS).map(
    lambda given: f"{given[0]}POLYGON{given[2]}{given[1]}{given[2]}"
) | within(BODIES, 3).map(lambda body: f"MULTIPOLYGON {body}")


def by_geos(texts: list[str | None]) -> list[bytes | None]:
    shapes = shapely.from_wkt(np.array(texts, object))
    found: list[bytes | None] = shapely.to_wkb(shapes, byte_order=1, output_dimension=2).tolist()
    return found


@settings(deadline=None)
@given(st.lists(TEXTS | st.none(), min_size=1, max_size=6), st.integers(0, 2))
def test_the_bytes_are_those_of_geos(texts: list[str | None], skipped: int) -> None:
    found = polygons(pa.array(texts, pa.string()).slice(skipped))

    assert found.to_pylist() == by_geos(texts)[skipped:]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "POLYGON",
        "POLYGON EMPTY",
        "POLYGON (",
        "POLYGON ()",
        "POLYGON (()",
        "POLYGON ((0 0, 1 0, 1 1, 0 0)",
        "POLYGON ((0 0, 1 0, 1 1, 0 0)) x",
        "POLYGON ((0 0, 1 0, 1 1, 0 0),)",
        "POLYGON ((0 0, 1 0, 1 1, 0 0),",
        "POLYGON ((0 0, 1 0, 1 1))",
        "POLYGON ((0 0, 1 0, 0 0))",
        "POLYGON ((0 0, 1 0, 1 1, 0 0.0))",
        "POLYGON ((0 0 0, 1 0 0, 1 1 0, 0 0 0))",
        "POLYGON ((0, 1 0, 1 1, 0))",
        "POLYGON ((0 0, 1e 0, 1 1, 0 0))",
        "POLYGON ((0 0, 1-2 0, 1 1, 0 0))",
        "POLYGON ((0 0, 1e999 0, 1 1, 0 0))",
        "POLYGON ((0 0, NaN 0, 1 1, 0 0))",
        "POLYGON ((0 0, 1d 0, 1 1, 0 0))",
        "POLYGON Z ((0 0 1, 1 0 1, 1 1 1, 0 0 1))",
        "polygon ((0 0, 1 0, 1 1, 0 0))",
        "SRID=4326;POLYGON ((0 0, 1 0, 1 1, 0 0))",
        "POINT (1 2)",
        "CURVEPOLYGON ((0 0, 1 0, 1 1, 0 0))",
        "MULTIPOLYGON ((0 0, 1 0, 1 1, 0 0))",
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0))",
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), )",
        "MULTIPOLYGON (,,,,,,((0 0, 1 0, 1 1, 0 0)))",
        "POLYGON\t((0 0, 1 0, 1 1, 0 0))",
        "((((((((((((",
        ",,,,,,,,,",
    ],
)
def test_a_single_other_text_leaves_all_to_spark(text: str) -> None:
    plain = "POLYGON ((0 0, 1 0, 1 1, 0 0))"
    for texts in ([text], [plain, text], [text, plain]):
        with pytest.raises(NotTaken):
            polygons(pa.array(texts))


def test_no_text_and_only_nulls_are_fine() -> None:
    assert polygons(pa.array([], pa.string())).to_pylist() == []
    assert polygons(pa.array([None, None], pa.string())).to_pylist() == [None, None]


@settings(deadline=None)
@given(st.lists(st.text("POLYGNMUTI(), 0123456789.-eE", max_size=60), min_size=1, max_size=5))
def test_any_text_is_read_or_left(texts: list[str]) -> None:
    try:
        found = polygons(pa.array(texts, pa.string()))
    except NotTaken:
        return

    assert found.to_pylist() == by_geos(list(texts))
