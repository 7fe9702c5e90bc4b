"""`make bench-gpu`: aggregation of 1e7 and 1e8 points on a CUDA device beside the processor's.

In this process, without a server: rows lie in memory, and a device's time includes their way to
it. Each picture is compared with the processor's before it is timed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sandbox.render.charts.lanes import Lanes
from sandbox.render.charts.painter import Painter
from sandbox.render.charts.registry import has_device, one_painter
from sandbox.render.clock import Clock
from sandbox.render.columns import PointBatch
from sandbox.render.threads import processors
from wire.charts import Style, parse

SIZES = (10_000_000, 100_000_000)
BATCH_ROWS = 5_000_000
TIMES = 3
BOX = {
    "width": 1024,
    "height": 896,
    "bounding_box": [-74.05, 40.65, -73.85, 40.85],
    "coordinate_system": "EPSG:4326",
}
CHARTS: dict[str, tuple[dict[str, Any], int]] = {
    "pointmap": ({}, 0),
    "weighted": ({"size_bound": [0, 5], "color_bound": [0, 9]}, 2),
    "heatmap": ({"map_zoom_level": 13}, 1),
    "fishnetmap": ({}, 1),
}
NO_DEVICE = (
    "no CUDA device here (none is visible, or the extra `gpu` is not installed): nothing measured"
)

Make = Callable[[Style], Painter]


def batches(rows: int, weights: int) -> Iterator[PointBatch]:
    """Taxi-like points, the same ones for the same number of rows."""
    random = np.random.default_rng(7)
    pool = random.normal(size=(4, min(rows, BATCH_ROWS)))
    x, y = -73.97 + 0.03 * pool[0], 40.75 + 0.03 * pool[1]
    given = [np.abs(pool[2]) * 4.0, np.abs(pool[3]) * 4.0][:weights]
    for start in range(0, rows, BATCH_ROWS):
        part = slice(min(rows - start, BATCH_ROWS))
        yield PointBatch(
            x=x[part],
            y=y[part],
            faults=np.zeros(len(x[part]), np.uint8),
            weights=tuple(weight[part] for weight in given),
        )


def drawn(make: Make, style: Style, rows: int, weights: int) -> tuple[float, float, Any]:
    """Seconds of aggregation, seconds until the pixels are there, and these."""
    artist = make(style)
    aggregated = 0.0
    for batch in batches(rows, weights):
        start = time.perf_counter()
        artist.add(batch)
        aggregated += time.perf_counter() - start
    start = time.perf_counter()
    pixels = artist.paint(lambda: None)
    return aggregated, aggregated + time.perf_counter() - start, pixels


def on_processors(style: Style) -> Painter:
    """As a server without a device draws."""
    return Lanes(lambda clock: one_painter(style, clock), processors(), Clock())


def on_device(style: Style) -> Painter:
    """As a server with one draws."""
    from sandbox.render.charts.device import DevicePainter

    return DevicePainter(one_painter(style, Clock()))


def measure(chart: str, rows: int) -> str:
    """One line of the table; raises AssertionError where the pictures differ."""
    params, weights = CHARTS[chart]
    style = parse(chart, BOX | params)
    # The first is not timed: it compiles.
    ways = {name: drawn(make, style, rows, weights) for name, make in WAYS.items()}
    one, two = (pixels.astype(int) for _, _, pixels in ways.values())
    assert np.abs(one - two).max() <= 1, f"{chart}: the device's picture differs"
    cells = [f"{chart}, {rows:,} rows"]
    for make in WAYS.values():
        timed = [drawn(make, style, rows, weights)[:2] for _ in range(TIMES)]
        cells += [f"{min(column):.3f} s" for column in zip(*timed, strict=True)]
    return f"| {' | '.join(cells)} |"


WAYS: dict[str, Make] = {"device": on_device, "processors": on_processors}


def main() -> int:
    """Measure where there is a device; else say so, and fail only if one is asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench.gpu", description=__doc__)
    parser.add_argument("--require", action="store_true", help="fail where there is no device")
    parser.add_argument("--rows", type=int, nargs="*", default=SIZES)
    asked = parser.parse_args()
    if not has_device():
        print(NO_DEVICE)
        return 1 if asked.require else 0
    from numba import cuda

    print(
        f"{cuda.get_current_device().name.decode()}, {processors()} processors, best of {TIMES}\n"
    )
    print("| chart | device: aggregated | … drawn | processors: aggregated | … drawn |")
    print("| --- | --- | --- | --- | --- |")
    for rows in asked.rows:
        for chart in CHARTS:
            print(measure(chart, rows), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
