"""Text of geometries: what is written reads back as it was."""

from __future__ import annotations

import re

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.spark

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def wkts(draw: st.DrawFn) -> str:
    """WKT of any kind, written in any way."""
    size = draw(st.sampled_from([2, 3, 4]))
    mark = {2: "", 3: draw(st.sampled_from([" Z", " M"])), 4: " ZM"}[size]
    count = draw(st.integers(2, 5))
    rows = [[repr(draw(NUMBERS)) for _ in range(size)] for _ in range(count)]
    points = [" ".join(row) for row in rows]
    gap = draw(st.sampled_from([",", ", ", " ,  "]))
    line = gap.join(points)
    ring = gap.join([*points, points[-1], points[0]])
    text = draw(
        st.sampled_from(
            [
                f"POINT{mark} ({points[0]})",
                f"LINESTRING{mark} ({line})",
                f"POLYGON{mark} (({ring}))",
                f"MULTIPOINT{mark} (({points[0]}), ({points[1]}))",
                f"MULTILINESTRING{mark} (({line}), ({line}))",
                f"MULTIPOLYGON{mark} ((({ring}), ({ring})), (({ring})))",
                f"GEOMETRYCOLLECTION{mark} (POINT{mark} ({points[0]}), LINESTRING{mark} ({line}))",
                "POINT EMPTY",
                "MULTIPOLYGON EMPTY",
                "GEOMETRYCOLLECTION EMPTY",
            ]
        )
    )
    return draw(st.sampled_from([str.lower, str.upper]))(text)


@settings(max_examples=5, deadline=None)
@given(texts=st.lists(wkts(), min_size=40, max_size=40))
def test_text_of_a_geometry_read_again_is_the_same_text(runtime, texts):
    rows = ", ".join(f"('{text}')" for text in texts)
    once = f"SELECT t, ST_AsText(ST_GeomFromText(t)) AS w FROM VALUES {rows} AS v(t)"

    again = f"SELECT t, w, ST_AsText(ST_GeomFromText(w)) AS again FROM ({once})"

    for row in runtime.spark.sql(again).collect():
        assert row.w is not None
        assert row.w == row.again
        assert shapely.from_wkt(row.w).is_empty == shapely.from_wkt(row.t).is_empty
        assert coordinates(row.w) == coordinates(row.t)


def coordinates(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"[-+]?\d[-+.\deE]*", text)]
