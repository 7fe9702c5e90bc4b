"""Polygons to pixels: even-odd, a pixel belongs to what holds its centre."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sandbox.render.kernel import I4_2D, IN_F8_2D, IN_I8, INT, NOTHING, inline, kernel

Places = NDArray[np.float64]
Offsets = NDArray[np.int64]
Owners = NDArray[np.int32]

_FEW: Final = 24
"""So many crossings are sorted faster by insertion."""


@inline
def first_centre(height: float) -> int:
    """The lowest row (or leftmost column) whose centre is not before that place."""
    return math.ceil(height - 0.5)


@inline
def row_span(low: float, high: float, bottom: int, top: int) -> tuple[int, int]:
    """Rows from `bottom` to `top` whose centre an edge between these heights meets."""
    first = first_centre(min(max(low, float(bottom)), float(top)))
    last = first_centre(min(max(high, float(bottom)), float(top)))
    return first, last


@inline
def shape_span(corners: Places, bottom: int, top: int) -> tuple[int, int]:
    """Rows from `bottom` to `top` that a shape with these corners may have."""
    low, high = math.inf, -math.inf
    for i in range(corners.shape[0]):
        low, high = min(low, corners[i, 1]), max(high, corners[i, 1])
    return row_span(low, high, bottom, top)


@inline
def count_crossings(
    corners: Places, start: int, stop: int, rows: tuple[int, int], counts: Offsets
) -> None:
    """Count, per row, the edges of one ring that cross the row's centre line."""
    for i in range(start, stop - 1):
        low, high = corners[i, 1], corners[i + 1, 1]
        first, last = row_span(min(low, high), max(low, high), rows[0], rows[1])
        for row in range(first, last):
            counts[row] += 1


@inline
def place_crossings(  # noqa: PLR0913  (a kernel takes plain arrays)
    corners: Places,
    start: int,
    stop: int,
    rows: tuple[int, int],
    cursors: Offsets,
    crossings: Places,
) -> None:
    """Write where one ring's edges cross each row's centre line, at the row's cursor."""
    for i in range(start, stop - 1):
        a, b = i, i + 1
        if corners[a, 1] > corners[b, 1]:
            # Both neighbours of a shared edge must find the very same crossing.
            a, b = b, a
        low, high = corners[a, 1], corners[b, 1]
        first, last = row_span(low, high, rows[0], rows[1])
        for row in range(first, last):
            share = (row + 0.5 - low) / (high - low)
            crossings[cursors[row]] = corners[a, 0] + share * (corners[b, 0] - corners[a, 0])
            cursors[row] += 1


@inline
def sort(values: Places) -> None:
    """Ascending, in place."""
    if values.size > _FEW:
        values.sort()
        return
    for i in range(1, values.size):
        value, j = values[i], i
        while j > 0 and values[j - 1] > value:
            values[j] = values[j - 1]
            j -= 1
        values[j] = value


@inline
def fill_row(crossings: Places, row: int, owners: Owners, owner: int) -> None:
    """Give the pixels between odd and even crossings of one row (from the top) to `owner`."""
    width = float(owners.shape[1])
    sort(crossings)
    for i in range(0, crossings.size - 1, 2):
        first = first_centre(min(max(crossings[i], 0.0), width))
        last = first_centre(min(max(crossings[i + 1], 0.0), width))
        for column in range(first, last):
            owners[row, column] = owner


@inline
def fill_shape(  # noqa: PLR0913
    corners: Places,
    rings: Offsets,
    rows: tuple[int, int],
    cursors: Offsets,
    room: Places,
    owners: Owners,
    owner: int,
) -> Places:
    """Give the pixels of one shape in these rows to it; the room for crossings, perhaps grown."""
    for row in range(rows[0], rows[1] + 1):
        cursors[row] = 0
    for ring in range(rings.size - 1):
        count_crossings(corners, rings[ring], rings[ring + 1], rows, cursors)
    total = 0
    for row in range(rows[0], rows[1]):
        cursors[row], total = total, total + cursors[row]
    crossings = room if total <= room.size else np.empty(2 * total, np.float64)
    for ring in range(rings.size - 1):
        place_crossings(corners, rings[ring], rings[ring + 1], rows, cursors, crossings)
    start = 0
    for row in range(rows[0], rows[1]):
        if cursors[row] > start:
            fill_row(crossings[start : cursors[row]], owners.shape[0] - 1 - row, owners, owner)
            start = cursors[row]
    return crossings


@kernel(NOTHING, IN_F8_2D, IN_I8, IN_I8, INT, INT, INT, I4_2D)
def fill_shapes(  # noqa: PLR0913
    corners: Places,
    rings: Offsets,
    shapes: Offsets,
    first: int,
    bottom: int,
    top: int,
    owners: Owners,
) -> None:
    """Fill shapes in order, later ones over earlier; shape i owns its pixels as `first` + i.

    Only rows from `bottom` to `top`, counted from the bottom: other rows may be another's.
    """
    cursors = np.zeros(owners.shape[0] + 1, np.int64)
    room = np.empty(64, np.float64)
    for i in range(shapes.size - 1):
        offsets = rings[shapes[i] : shapes[i + 1] + 1]
        rows = shape_span(corners[offsets[0] : offsets[-1]], bottom, top)
        if rows[0] < rows[1]:
            room = fill_shape(corners, offsets, rows, cursors, room, owners, first + i)
