"""Pictures of a device, or of numba's simulator of one, beside those of the processor, as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from numba import config

from sandbox.render.charts.device import DevicePainter
from sandbox.render.charts.registry import one_painter
from sandbox.render.clock import Clock
from sandbox.render.columns import PointBatch
from sandbox.render.tally import Fault
from wire.charts import parse

BOX = {"width": 9, "height": 7, "bounding_box": [0, 0, 5, 5], "coordinate_system": "EPSG:4326"}
UTM = {"bounding_box": [500000, 0, 500005, 5], "coordinate_system": "EPSG:32631"}
FAR = {"bounding_box": [-1, -89, 181, 89]}

ROWS = 75
"""Of one batch; the simulator takes a millisecond for each of a chart's rows."""

CASES: list[tuple[str, dict[str, Any], int]] = [
    ("pointmap", {"opacity": 0.3}, 0),
    ("pointmap", UTM, 0),
    ("pointmap", FAR, 0),
    ("weighted", {"size_bound": [0, 3], "aggregation_type": "mean", "opacity": 0.5}, 2),
    ("weighted", {"aggregation_type": "min"}, 1),
    ("weighted", {"color_gradient": ["#f00"]}, 0),
    ("heatmap", {"map_zoom_level": 1, "aggregation_type": "sum"}, 1),
    ("heatmap", {"map_zoom_level": 1, "aggregation_type": "std", "kernel": "gaussian"}, 1),
    ("heatmap", {"map_zoom_level": 1}, 0),
    ("fishnetmap", {"cell_size": 1, "cell_spacing": 1, "aggregation_type": "max"}, 1),
    ("fishnetmap", {"cell_size": 2, "aggregation_type": "count"}, 1),
]


def batch(random: np.random.Generator, weights: int, params: dict[str, Any]) -> PointBatch:
    low_x, low_y, high_x, high_y = params.get("bounding_box") or BOX["bounding_box"]
    x = random.uniform(low_x - 1, high_x + 1, ROWS)
    y = random.uniform(max(low_y - 1, -95), min(high_y + 1, 95), ROWS)
    x[:6], y[6:9] = [low_x, high_x, np.nan, np.inf, 1e303, low_x], [low_y, high_y, np.nan]
    y[9] = 95
    faults = np.zeros(ROWS, np.uint8)
    faults[10:13] = [Fault.NULL, Fault.EMPTY, Fault.WRONG_TYPE]
    # Large and small weights by turns: without compensation the small ones are lost.
    scale = np.where(np.arange(ROWS) % 3, 1.0, 1e17)
    columns = [random.normal(size=ROWS) * scale for _ in range(2)]
    for column in columns:
        column[13:15] = [np.nan, np.inf]
    given = tuple(columns[i] if i < weights else None for i in range(2))
    return PointBatch(x=x, y=y, faults=faults, weights=given)


def pictures(chart: str, params: dict[str, Any], weights: int) -> tuple[Any, Any]:
    style = parse(chart, BOX | params)
    alone, device = one_painter(style, Clock()), DevicePainter(one_painter(style, Clock()))  # type: ignore[arg-type]
    part = DevicePainter(one_painter(style, Clock()))  # type: ignore[arg-type]
    for seed, artist in enumerate((device, device, part)):
        # Faults are the batch's own and written to, hence drawn twice.
        alone.add(batch(np.random.default_rng(seed), weights, params))
        artist.add(batch(np.random.default_rng(seed), weights, params))
    device.merge(part)
    return alone, device


def found() -> Iterator[dict[str, Any]]:
    for chart, params, weights in CASES:
        alone, device = pictures(chart, params, weights)
        one, two = (artist.paint(lambda: None).astype(int) for artist in (alone, device))
        yield {
            "case": f"{chart} {params}",
            "levels": int(np.abs(one - two).max()),
            "marks": int(np.count_nonzero(one[..., 3])),
            "counts": [alone.tally.counts.tolist(), device.tally.counts.tolist()],
            "device": device.device,
        }


if __name__ == "__main__":
    json.dump({"is_simulated": bool(config.ENABLE_CUDASIM), "pictures": list(found())}, sys.stdout)
