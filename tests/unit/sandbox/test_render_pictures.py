"""Golden pictures of real taxi trips; one that differs is written beside the expected one."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from sandbox.render.drawing import draw
from sandbox.work import Work
from tests.unit.sandbox.render_rows import ArrayProvider, points, shapes
from wire.charts import parse

CASES = Path(__file__).parents[2] / "cases" / "maps"
TRIPS = Path(__file__).parents[3] / "samples" / "nyc_taxi.csv"
BOX = [-74.02, 40.70, -73.93, 40.80]
CANVAS = {"width": 120, "height": 160, "bounding_box": BOX, "coordinate_system": "EPSG:4326"}
ICON = Path(__file__).parents[2] / "cases" / "maps" / "icons" / "pin.png"
CLOSE = {"bounding_box": [-73.995, 40.745, -73.965, 40.77]}
RAMP = {"color_gradient": ["#0000FF", "#FF0000"]}

PICTURES = {
    "pointmap": ("pointmap", {"point_color": "#2DEF4A", "opacity": 0.5}),
    "weighted": ("weighted", RAMP | {"color_bound": [0, 2], "size_bound": [0, 6], "opacity": 0.8}),
    "heatmap": ("heatmap", {"map_zoom_level": 8}),
    "heatmap_gaussian": ("heatmap", {"map_zoom_level": 8, "kernel": "gaussian"}),
    "choropleth": (
        "choropleth",
        RAMP | {"color_bound": [1, 5], **CLOSE},
    ),
    "unique_value_choropleth": (
        "unique_value_choropleth",
        CLOSE | {"unique_value_infos": {"1.0": "#1b9e77", "2.0": "#d95f02", "5.0": "#7570b3"}},
    ),
    "icon_viz": (
        "icon_viz",
        CLOSE | {"icon_path": str(ICON), "icon_size": [9, 14], "anchor": "bottom"},
    ),
    "fishnetmap": ("fishnetmap", {"cell_size": 5, "opacity": 0.9}),
    "fishnetmap_gradient": ("fishnetmap", RAMP | {"cell_size": 4, "aggregation_type": "mean"}),
}


@pytest.fixture(scope="module")
def trips() -> list[dict[str, str]]:
    with TRIPS.open() as file:
        return list(csv.DictReader(file))


def rows(trips: list[dict[str, str]], chart: str) -> list[object]:
    passengers = [float(trip["passenger_count"]) for trip in trips]
    if chart == "choropleth":
        texts = [trip["buildingtext_dropoff"] or None for trip in trips]
        return [shapes(*texts, weights=passengers)]
    if chart == "unique_value_choropleth":
        texts = [trip["buildingtext_dropoff"] or None for trip in trips]
        return [shapes(*texts, labels=[str(count) for count in passengers])]
    places = [(float(t["pickup_longitude"]), float(t["pickup_latitude"])) for t in trips]
    tips, fares = ([float(t[name]) for t in trips] for name in ("tip_amount", "fare_amount"))
    weights = {"pointmap": (), "icon_viz": (), "weighted": (tips, fares)}.get(chart, (passengers,))
    return [points(*places, weights=weights)]


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_of_taxi_trips_is_as_it_was(
    name: str, trips: list[dict[str, str]], tmp_path: Path
) -> None:
    chart, params = PICTURES[name]
    work = Work("test", time.monotonic() + 60)

    _, picture = draw(parse(chart, CANVAS | params), "", ArrayProvider(rows(trips, chart)), work)

    actual = tmp_path / f"{name}.png"
    actual.write_bytes(picture)
    expected = CASES / f"{name}.png"
    found, wanted = (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in (actual, expected))
    assert wanted is not None, f"{expected} is missing; {actual} is what was drawn"
    difference = np.abs(found.astype(int) - wanted.astype(int)).max()
    assert difference <= 2, f"{actual} differs from {expected} by up to {difference} levels"
