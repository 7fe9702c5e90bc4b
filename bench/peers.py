"""What others take for the same work, in process and without a server; prints JSON.

Run by a Python of its own (`scripts/peers.sh`), so that their dependencies are not ours.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2
import datashader as ds
import datashader.transfer_functions as tf
import numpy as np
import pyarrow.parquet as pq
import shapely
from PIL import Image
from scipy.ndimage import gaussian_filter

TIMES = 3
SIZE = (1024, 896)


def best_ms(action: Callable[[], Any]) -> float:
    """The least of some runs; peers of one process have nothing to warm but themselves."""
    taken = []
    for _ in range(TIMES):
        began = perf_counter()
        action()
        taken.append((perf_counter() - began) * 1000)
    return min(taken)


class Points:
    """Points of a file within a polygon, read when first needed."""

    def __init__(self, path: Path, columns: list[str], area: shapely.Geometry) -> None:
        self._path, self._columns, self._area = path, columns, area
        self.frame = self.read()

    def read(self) -> Any:
        """Only the needed columns, then the filter."""
        frame = pq.read_table(self._path, columns=self._columns).to_pandas()
        shapely.prepare(self._area)
        return frame[shapely.contains_xy(self._area, frame.x.to_numpy(), frame.y.to_numpy())]


def png(image: Any) -> bytes:
    """The bytes of datashader's picture."""
    out = io.BytesIO()
    image.to_pil().save(out, "png", compress_level=1)
    return out.getvalue()


def canvas(box: list[float], size: tuple[int, int] = SIZE) -> Any:
    """Datashader's canvas over a box."""
    west, south, east, north = box
    return ds.Canvas(*size, x_range=(west, east), y_range=(south, north))


def pointmap(frame: Any, box: list[float]) -> bytes:
    """Discs of three pixels."""
    return png(tf.spread(tf.shade(canvas(box).points(frame, "x", "y")), px=1))


def weighted(frame: Any, box: list[float]) -> bytes:
    """Discs coloured by the greatest fare."""
    return png(tf.spread(tf.shade(canvas(box).points(frame, "x", "y", ds.max("fare"))), px=1))


def heatmap(frame: Any, box: list[float]) -> bytes:
    """A blurred sum."""
    found = canvas(box).points(frame, "x", "y", ds.sum("n"))
    found.data = gaussian_filter(np.nan_to_num(found.data), 36)
    return png(tf.shade(found))


def fishnet(frame: Any, box: list[float]) -> bytes:
    """Cells of five pixels."""
    size = (SIZE[0] // 5, SIZE[1] // 5)
    return png(tf.shade(canvas(box, size).points(frame, "x", "y", ds.sum("n"))))


CHARTS: dict[str, tuple[str, list[str], Callable[[Any, list[float]], bytes]]] = {
    "pointmap": ("large", ["x", "y"], pointmap),
    "weighted": ("small", ["x", "y", "fare"], weighted),
    "heatmap": ("large", ["x", "y", "n"], heatmap),
    "fishnetmap": ("small", ["x", "y", "n"], fishnet),
}


def choropleth(path: Path, box: list[float]) -> dict[str, float]:
    """Polygons coloured by their mean weight."""
    import geopandas

    def read() -> Any:
        frame = pq.read_table(path).to_pandas()
        return geopandas.GeoDataFrame({"w": frame.w}, geometry=shapely.from_wkt(frame.wkt))

    def draw(frame: Any) -> bytes:
        return png(tf.shade(canvas(box).polygons(frame, "geometry", agg=ds.mean("w"))))

    frame = read()
    return {
        "choropleth first": best_ms(lambda: draw(read())),
        "choropleth again": best_ms(lambda: draw(frame)),
    }


def filters(path: Path, rings: dict[str, str]) -> dict[str, float]:
    """Millions of rows a second through a prepared polygon, the coordinates being in memory."""
    frame = pq.read_table(path, columns=["x", "y"]).to_pandas()
    x, y = frame.x.to_numpy(), frame.y.to_numpy()
    found = {}
    for vertices, wkt in rings.items():
        area = shapely.from_wkt(wkt)
        shapely.prepare(area)
        taken = best_ms(lambda area=area: shapely.contains_xy(area, x, y))
        found[f"filter {vertices}"] = len(x) / taken / 1000
    return found


def encoders(picture: Path) -> dict[str, float]:
    """One picture as PNG, level 1."""
    pixels = cv2.imread(str(picture), cv2.IMREAD_UNCHANGED)
    image = Image.fromarray(pixels)
    return {
        "encode pillow": best_ms(lambda: image.save(io.BytesIO(), "png", compress_level=1)),
        "encode opencv": best_ms(
            lambda: cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        ),
    }


def main() -> None:
    """Measure what a JSON document on standard input asks for."""
    wish = json.load(sys.stdin)
    files = {name: Path(path) for name, path in wish["files"].items()}
    box, other = wish["box"], wish["other_box"]
    found: dict[str, float] = {}
    for name, (size, columns, draw) in CHARTS.items():
        points = Points(files[size], columns, shapely.from_wkt(wish["area"]))
        found[f"{name} first"] = best_ms(lambda points=points, draw=draw: draw(points.read(), box))
        found[f"{name} again"] = best_ms(lambda points=points, draw=draw: draw(points.frame, other))
    found |= choropleth(files["polygons"], box)
    found |= filters(files["large"], wish["rings"])
    found |= encoders(files["picture"])
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
