"""Polygons to pixels: even-odd, a pixel belongs to what holds its centre."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sandbox.render.kernel import F8, I4_2D, I8, IN_F8_2D, IN_I8, INT, NOTHING, inline, kernel

Places = NDArray[np.float64]
Offsets = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Outlines:
    """Closed rings of many shapes: shape i has rings `shapes[i]` to `shapes[i + 1]`, ring j has
    the corners `rings[j]` to `rings[j + 1]`, in pixels from the bottom-left."""

    corners: Places
    rings: Offsets
    shapes: Offsets


@inline
def first_centre(height: float) -> int:
    """The lowest row (or leftmost column) whose centre is not before that place."""
    return math.ceil(height - 0.5)


@inline
def row_span(low: float, high: float, height: int) -> tuple[int, int]:
    """Rows of the picture, from the bottom, whose centre an edge between these heights meets."""
    first = first_centre(min(max(low, 0.0), float(height)))
    last = first_centre(min(max(high, 0.0), float(height)))
    return first, last


@kernel(NOTHING, IN_F8_2D, INT, INT, I8)
def count_crossings(corners: Places, start: int, stop: int, counts: Offsets) -> None:
    """Count, per row, the edges of one ring that cross the row's centre line."""
    for i in range(start, stop - 1):
        low, high = corners[i, 1], corners[i + 1, 1]
        first, last = row_span(min(low, high), max(low, high), counts.size)
        for row in range(first, last):
            counts[row] += 1


@kernel(NOTHING, IN_F8_2D, INT, INT, I8, F8)
def place_crossings(
    corners: Places, start: int, stop: int, cursors: Offsets, crossings: Places
) -> None:
    """Write where one ring's edges cross each row's centre line, at the row's cursor."""
    for i in range(start, stop - 1):
        a, b = i, i + 1
        if corners[a, 1] > corners[b, 1]:
            # Both neighbours of a shared edge must find the very same crossing.
            a, b = b, a
        low, high = corners[a, 1], corners[b, 1]
        first, last = row_span(low, high, cursors.size)
        for row in range(first, last):
            share = (row + 0.5 - low) / (high - low)
            crossings[cursors[row]] = corners[a, 0] + share * (corners[b, 0] - corners[a, 0])
            cursors[row] += 1


@kernel(NOTHING, F8, INT, I4_2D, INT)
def fill_row(crossings: Places, row: int, owners: NDArray[np.int32], owner: int) -> None:
    """Give the pixels between odd and even crossings of one row (from the top) to `owner`."""
    width = float(owners.shape[1])
    crossings.sort()
    for i in range(0, crossings.size - 1, 2):
        first = first_centre(min(max(crossings[i], 0.0), width))
        last = first_centre(min(max(crossings[i + 1], 0.0), width))
        for column in range(first, last):
            owners[row, column] = owner


@kernel(NOTHING, IN_F8_2D, IN_I8, INT, INT, I4_2D)
def fill_shape(
    corners: Places, rings: Offsets, shape: int, height: int, owners: NDArray[np.int32]
) -> None:
    """Give the pixels of one shape, whose rings are given by their offsets, to it."""
    counts = np.zeros(height, np.int64)
    for ring in range(rings.size - 1):
        count_crossings(corners, rings[ring], rings[ring + 1], counts)
    ends = np.cumsum(counts)
    cursors = ends - counts
    crossings = np.empty(ends[-1], np.float64)
    for ring in range(rings.size - 1):
        place_crossings(corners, rings[ring], rings[ring + 1], cursors, crossings)
    for row in range(height):
        if counts[row] > 0:
            found = crossings[ends[row] - counts[row] : ends[row]]
            fill_row(found, height - 1 - row, owners, shape)


@kernel(NOTHING, IN_F8_2D, IN_I8, IN_I8, INT, I4_2D)
def fill_shapes(
    corners: Places, rings: Offsets, shapes: Offsets, first: int, owners: NDArray[np.int32]
) -> None:
    """Fill shapes in order, later ones over earlier; shape i owns its pixels as `first` + i."""
    for i in range(shapes.size - 1):
        offsets = rings[shapes[i] : shapes[i + 1] + 1]
        fill_shape(corners, offsets, first + i, owners.shape[0], owners)
