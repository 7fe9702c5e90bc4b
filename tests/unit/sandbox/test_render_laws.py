"""What holds for every chart: any parts in any order are one picture, and every row is counted."""

from __future__ import annotations

import base64
import io
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from sandbox.render.tally import Fault
from tests.unit.sandbox.render_rows import chart, nothing, points, shapes
from wire.charts import CHARTS

LEVELS = np.array([[[255, 0, 0, 255], [0, 0, 255, 90]], [[0, 255, 0, 10], [9, 9, 9, 0]]], np.uint8)


def icon() -> str:
    held = io.BytesIO()
    Image.fromarray(LEVELS, "RGBA").save(held, "PNG")
    return base64.b64encode(held.getvalue()).decode()


STYLES: dict[str, list[dict[str, Any]]] = {
    "pointmap": [{"opacity": 0.4}, {"point_size": 1}],
    "weighted": [
        {"opacity": 0.4, "size_bound": [0, 4], "aggregation_type": "mean"},
        {"color_gradient": ["#f00"], "aggregation_type": "sum"},
    ],
    "heatmap": [
        {"map_zoom_level": 2, "aggregation_type": "std"},
        {"map_zoom_level": 1, "kernel": "gaussian"},
    ],
    "choropleth": [{"opacity": 0.4}, {"aggregation_type": "mean"}],
    "unique_value_choropleth": [
        {"unique_value_infos": {"a": "#f00", "b": "#00ff0080", "": "#00f"}}
    ],
    "icon_viz": [{"icon": icon(), "anchor": "center"}],
    "fishnetmap": [
        {"cell_size": 1, "cell_spacing": 0},
        {"cell_size": 1.5, "aggregation_type": "max", "opacity": 0.5},
    ],
}
CASES = [(name, style) for name, styles in STYLES.items() for style in styles]
AREAL = {"choropleth", "unique_value_choropleth"}

WKTS = [
    None,
    "POINT EMPTY",
    "POLYGON EMPTY",
    "POINT (1 1)",
    "LINESTRING (0 0, 1 1)",
    "POLYGON ((0 0, 3 0, 3 NaN, 0 0))",
    "POLYGON ((0 0, 3 0, 3 95, 0 0))",
    "POLYGON ((70 0, 73 0, 73 5, 70 0))",
    "POLYGON ((0 0, 3 0, 3 4, 0 0))",
    "POLYGON ((0 0, 3 0, 3 4, 0 0), (1 0.5, 2 0.5, 2 1, 1 0.5))",
    "POLYGON Z ((0 0 1, 3 0 1, 3 4 1, 0 0 1))",
    "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((2 2, 5 2, 5 5, 2 2)))",
    "POLYGON ((-9 -9, 9 -9, 9 9, -9 9, -9 -9))",
    "POLYGON ((2 2, 5 2, 5 5, 2 5, 2 2))",
]
COORDINATES = st.one_of(st.floats(-1, 6), st.sampled_from([0.0, 5.0, 95.0, math.nan, math.inf]))
WEIGHTS = st.one_of(st.floats(-9, 9), st.sampled_from([math.nan, math.inf, 1e6]))
FAULTS = st.sampled_from([0] * 9 + [Fault.NULL, Fault.EMPTY, Fault.WRONG_TYPE])
ROW = st.tuples(
    COORDINATES,
    COORDINATES,
    WEIGHTS,
    WEIGHTS,
    FAULTS,
    st.sampled_from(WKTS),
    st.sampled_from(["a", "b", "", "other", None]),
)
Row = tuple[float, float, float, float, int, str | None, str | None]


def batch(name: str, rows: list[tuple[int, Row]], *, ordered: bool) -> Any:
    """Some rows, which bring their places in the whole."""
    order = [place for place, _ in rows]
    ones, twos = ([row[i] for _, row in rows] for i in (2, 3))
    if name in AREAL:
        return shapes(
            *(row[5] for _, row in rows),
            weights=None if name == "unique_value_choropleth" else ones,
            labels=[row[6] for _, row in rows] if name == "unique_value_choropleth" else None,
            order=order if ordered else None,
        )
    weights = {"pointmap": [], "icon_viz": [], "weighted": [ones, twos]}.get(name, [ones])
    places = [(row[0], row[1]) for _, row in rows]
    return points(*places, weights=weights, faults=[int(row[4]) for _, row in rows], order=order)


def artist(name: str, style: dict[str, Any]) -> Any:
    return chart(name, coordinate_system="EPSG:4326", **style)


def test_every_chart_is_here() -> None:
    assert set(STYLES) == {kind.chart for kind in CHARTS.values()}


@pytest.mark.parametrize(("name", "style"), CASES)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(ROW, max_size=30), parts=st.integers(1, 6), ordered=st.booleans(), data=st.data()
)
def test_parts_in_any_order_are_one_picture_with_every_row_counted(
    name: str, style: dict[str, Any], rows: list[Row], parts: int, ordered: bool, data: Any
) -> None:
    numbered = list(enumerate(rows))
    whole = artist(name, style)
    whole.add(batch(name, numbered, ordered=ordered))
    shuffled = data.draw(st.permutations(numbered))
    pieces = [artist(name, style) for _ in range(parts)]
    for i, piece in enumerate(pieces):
        piece.add(batch(name, shuffled[i::parts], ordered=ordered))

    merged = pieces[0]
    for piece in data.draw(st.permutations(pieces[1:])):
        merged.merge(piece)
    one, two = whole.paint(nothing), merged.paint(nothing)

    assert whole.tally.rows == len(rows) == whole.tally.drawn + sum(whole.tally.dropped.values())
    assert merged.tally.counts.tolist() == whole.tally.counts.tolist()
    assert np.abs(one.astype(int) - two.astype(int)).max() <= 1


@pytest.mark.parametrize(("name", "style"), CASES)
@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROW, max_size=12))
def test_what_is_dropped_leaves_no_trace(name: str, style: dict[str, Any], rows: list[Row]) -> None:
    """Each row alone is drawn or dropped for one reason; the drawn ones alone are the picture."""
    numbered = list(enumerate(rows))
    drawn, reasons = [], []
    for row in numbered:
        alone = artist(name, style)
        alone.add(batch(name, [row], ordered=True))
        drawn += [row] * alone.tally.drawn
        reasons += alone.tally.dropped
    whole, kept = artist(name, style), artist(name, style)
    whole.add(batch(name, numbered, ordered=True))
    kept.add(batch(name, drawn, ordered=True))

    assert whole.tally.dropped == {reason: reasons.count(reason) for reason in set(reasons)}
    assert kept.tally.dropped == {}
    assert np.array_equal(whole.paint(nothing), kept.paint(nothing))
