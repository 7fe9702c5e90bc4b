"""Constant areas: polygons made ready for many points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from sandbox.parquet.give_up import NotTaken
from sandbox.render.direct import located

Reals = NDArray[np.float64]
Bounds = tuple[float, float, float, float]

SIDES: Final = ((0, 128), (200, 256), (2_000, 512))
"""From how many edges on a grid of how many rows and columns pays."""
_AREAL: Final = frozenset({"Polygon", "MultiPolygon"})


@dataclass(frozen=True, kw_only=True)
class Area:
    """Edges of polygons, sorted into rows of cells, and where each cell lies."""

    frame: Reals
    cells: NDArray[np.uint8]
    starts: NDArray[np.int32]
    edges: Reals

    @property
    def bounds(self) -> Bounds:
        """(min_x, min_y, max_x, max_y)."""
        min_x, min_y, max_x, max_y = (float(value) for value in self.frame[:4])
        return min_x, min_y, max_x, max_y

    def locate(self, x: Reals, y: Reals) -> NDArray[np.uint8]:
        """OUTSIDE, INSIDE or EDGE for each point; NaN is outside."""
        return located.locate(x, y, self.frame, self.cells, self.starts, self.edges)


@lru_cache(maxsize=16)
def area_of(wkb: bytes) -> Area:
    """Raises NotTaken for an area whose inside depends on the algorithm."""
    geometry = shapely.from_wkb(wkb)
    if geometry.geom_type not in _AREAL or geometry.is_empty:
        raise NotTaken(reason="a constant that is no polygon")
    # Of one ring, whatever it does, inside is where a ray crosses it an odd number of times.
    if len(_rings(geometry)) > 1 and not geometry.is_valid:
        raise NotTaken(reason="a constant polygon whose rings overlap")
    edges = _edges(geometry)
    side = max(side for least, side in SIDES if len(edges) >= least)
    frame = _frame(edges, side)
    starts, order = _rows(edges, frame, side)
    cells = np.zeros((side, side), np.uint8)
    located.mark_mixed(frame, edges, cells)
    by_row = np.ascontiguousarray(edges[order])
    located.settle(frame, cells, starts, by_row)
    return Area(frame=frame, cells=cells, starts=starts, edges=by_row)


def _rings(geometry: shapely.Geometry) -> NDArray[np.object_]:
    rings: NDArray[np.object_] = shapely.get_rings(shapely.get_parts(geometry))
    return rings


def _edges(geometry: shapely.Geometry) -> Reals:
    """(n, 4): every edge of every ring, from its later end to its earlier, as JTS walks."""
    places = [shapely.get_coordinates(ring) for ring in _rings(geometry)]
    return np.concatenate([np.hstack([ring[1:], ring[:-1]]) for ring in places])


def _frame(edges: Reals, side: int) -> Reals:
    low = edges.reshape(-1, 2).min(axis=0)
    high = edges.reshape(-1, 2).max(axis=0)
    with np.errstate(all="ignore"):
        # The inverse of a side too large for a double is zero.
        frame = np.array([*low, *high, *(side / (high - low))])
    if not (np.isfinite(frame).all() and frame[4:].all()):
        raise NotTaken(reason="a constant polygon of extreme coordinates")
    return frame


def _rows(edges: Reals, frame: Reals, side: int) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Where each row of cells begins in the order that is told, too; edges stand in many rows."""
    rows = (edges[:, [1, 3]] - frame[1]) * frame[5]
    # One row more on either side, so that rounding is harmless.
    first = np.clip(rows.min(axis=1).astype(np.int64) - 1, 0, side - 1)
    last = np.clip(rows.max(axis=1).astype(np.int64) + 1, 0, side - 1)
    times = last - first + 1
    order = np.repeat(np.arange(len(edges)), times)
    within = np.arange(len(order)) - np.repeat(np.cumsum(times) - times, times)
    row = np.repeat(first, times) + within
    by_row = np.argsort(row, kind="stable")
    starts = np.searchsorted(row[by_row], np.arange(side + 1)).astype(np.int32)
    return starts, order[by_row]
