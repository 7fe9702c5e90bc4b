"""Parquet files that a scope and its peers in process read alike: points, and polygons as WKT."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from geoscope import trips

GROUP_ROWS = 1_000_000
CENTRE = (-73.976, 40.755)
SPREAD = 0.02
AREA = trips.BOX


def points(path: Path, rows: int) -> Path:
    """x, y around Midtown, a fare and a number of passengers; in row groups of a million."""
    random = np.random.default_rng(1)
    schema = pa.schema(
        [("x", pa.float64()), ("y", pa.float64()), ("fare", pa.float64()), ("n", pa.int64())]
    )
    with pq.ParquetWriter(path, schema, compression="snappy") as writer:
        for start in range(0, rows, GROUP_ROWS):
            count = min(GROUP_ROWS, rows - start)
            columns = [
                *(centre + SPREAD * random.standard_normal(count) for centre in CENTRE),
                random.random(count) * 50,
                random.integers(1, 7, count),
            ]
            writer.write_table(pa.table(columns, schema=schema))
    return path


def polygons(path: Path, count: int) -> Path:
    """Rectangles the size of houses as WKT, each with a weight."""
    random = np.random.default_rng(2)
    low_x, low_y, high_x, high_y = AREA
    x = random.uniform(low_x, high_x, count)
    y = random.uniform(low_y, high_y, count)
    wide, high = (random.uniform(5e-5, 4e-4, count) for _ in range(2))
    texts = [
        f"POLYGON (({a} {b}, {c} {b}, {c} {d}, {a} {d}, {a} {b}))"
        for a, b, c, d in zip(x, y, x + wide, y + high, strict=True)
    ]
    pq.write_table(pa.table({"wkt": texts, "w": random.random(count)}), path)
    return path


def ring(vertices: int) -> str:
    """A polygon of so many vertices around Midtown, as WKT."""
    random = np.random.default_rng(vertices)
    angles = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    waves = 0.02 * (0.8 + 0.1 * np.sin(5 * angles) + 0.02 * random.random(vertices))
    places = [
        f"{CENTRE[0] + radius * np.cos(angle)} {CENTRE[1] + radius * np.sin(angle)}"
        for angle, radius in zip(angles, waves, strict=True)
    ]
    return f"POLYGON (({', '.join([*places, places[0]])}))"
