"""Pixels of places by looking up where pixels begin: the formula itself, worked out once a pixel.

The edge of a pixel is the least coordinate that the formula puts into it, found by halving, so
that a look-up gives what the formula gives, without a tangent and a logarithm for every row.
"""

from __future__ import annotations

import math
import sys
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sandbox.render.aggregate.cpu import EARTH_RADIUS_M, NOBODY, RADIANS, Faults, Groups
from sandbox.render.kernel import (
    F8,
    I4,
    IN_F8,
    IN_I4,
    IN_U1,
    INT,
    NOTHING,
    REAL,
    U1,
    inline,
    kernel,
)
from sandbox.render.tally import Fault

Reals = NDArray[np.float64]
Starts = NDArray[np.int32]

METRES: Final = 0
LON: Final = 1
LAT: Final = 2

_POLE: Final = 90.0
_SAFE_LON: Final = 1e300
"""No longitude that has no metres is as small as this."""
_LARGEST: Final = sys.float_info.max
_HALVINGS: Final = 2200
"""More than there are between any two doubles, with the doublings before."""
_NOT_FINITE: Final = int(Fault.NOT_FINITE)
_OUTSIDE: Final = int(Fault.OUTSIDE)
_UNTRANSFORMABLE: Final = int(Fault.UNTRANSFORMABLE)


@inline
def metres(place: float, kind: int) -> float:
    """A coordinate in Web Mercator."""
    if kind == LON:
        return place * RADIANS * EARTH_RADIUS_M
    if kind == LAT:
        return math.asinh(math.tan(place * RADIANS)) * EARTH_RADIUS_M
    return place


@inline
def place_of(distance: float, kind: int) -> float:
    """About the coordinate that is so many metres."""
    if kind == LON:
        return distance / EARTH_RADIUS_M / RADIANS
    if kind == LAT:
        return math.atan(math.sinh(distance / EARTH_RADIUS_M)) / RADIANS
    return distance


@inline
def pixel_of(place: float, kind: int, low: float, high: float, size: int) -> float:
    """The pixel by the formula: multiplied, then divided; `size` from `high` on."""
    if kind == LAT and abs(place) > _POLE:
        return float(size) if place > 0.0 else -1.0
    distance = metres(place, kind)
    if distance >= high:
        return float(size)
    return math.floor((distance - low) * size / (high - low))


@inline
def edge_of(pixel: int, kind: int, low: float, high: float, size: int) -> float:
    """The least coordinate that the formula puts into that pixel or beyond."""
    guess = place_of(low + pixel * (high - low) / size, kind)
    reach = max(abs(guess), 1e-300) * 1e-15
    below, above = guess - reach, guess + reach
    while pixel_of(below, kind, low, high, size) >= pixel and reach < 1e300:
        reach *= 2.0
        below -= reach
    while pixel_of(above, kind, low, high, size) < pixel and reach < 1e300:
        reach *= 2.0
        above += reach
    for _ in range(_HALVINGS):
        middle = below + (above - below) / 2.0
        if middle in (below, above):
            break
        if pixel_of(middle, kind, low, high, size) >= pixel:
            above = middle
        else:
            below = middle
    return above


@kernel(F8, REAL, REAL, INT, INT)
def pixel_edges(low: float, high: float, size: int, kind: int) -> Reals:
    """Where each of `size` pixels from `low` to `high` metres begins, and where the last ends."""
    edges = np.empty(size + 1)
    for pixel in range(size + 1):
        edges[pixel] = edge_of(pixel, kind, low, high, size)
    return edges


@inline
def scale_of(edges: Reals, starts: Starts) -> float:
    """Parts per unit of a side; the two last starts stand for the very end, which rounding may
    reach."""
    scale: float = (starts.size - 2) / (edges[edges.size - 1] - edges[0])
    return scale


@kernel(I4, IN_F8, INT)
def bucket_starts(edges: Reals, buckets: int) -> Starts:
    """The pixel that the edges before each of equal parts of a side lead to.

    A later place never lies in an earlier part, whatever rounding does: so it is the first pixel
    of the part, and the only other ones begin at edges in it.
    """
    starts = np.zeros(buckets + 2, np.int32)
    scale = scale_of(edges, starts)
    pixel = 0
    for bucket in range(buckets + 2):
        while pixel < edges.size - 2 and int((edges[pixel + 1] - edges[0]) * scale) < bucket:
            pixel += 1
        starts[bucket] = pixel
    return starts


@inline
def look_up(place: float, edges: Reals, starts: Starts, first: float, scale: float) -> int:
    """The pixel of a place within the edges, the first of which is `first`.

    No part of the side may have two edges: so there is one question and no branch, which would be
    a guess for every row.
    """
    # Unsigned, so that no index is asked whether it counts from the end.
    pixel = np.uint64(starts[np.uint64(int((place - first) * scale))])
    pixel += np.uint64(place >= edges[pixel + np.uint64(1)])
    return pixel  # type: ignore[return-value]


@inline
def fault_of(x: float, y: float, kind: int) -> int:
    """What is wrong with a place outside the picture; `kind` is that of x."""
    if not (math.isfinite(x) and math.isfinite(y)):
        return _NOT_FINITE
    if kind == LON and not (abs(y) <= _POLE and math.isfinite(x * RADIANS * EARTH_RADIUS_M)):
        return _UNTRANSFORMABLE
    return _OUTSIDE


@kernel(I4, IN_F8, IN_F8, IN_F8, IN_I4, IN_F8, IN_I4, IN_U1)
def pixels_by_edges(  # noqa: PLR0913  (a kernel takes plain arrays)
    x: Reals,
    y: Reals,
    columns: Reals,
    column_starts: Starts,
    rows: Reals,
    row_starts: Starts,
    faults: Faults,
) -> Groups:
    """The pixel (row * width + column, row 0 on top) of each sound row, -1 for the others."""
    width, height = columns.size - 1, rows.size - 1
    left, right, bottom, top = columns[0], columns[width], rows[0], rows[height]
    across, up = scale_of(columns, column_starts), scale_of(rows, row_starts)
    pixels = np.empty(x.size, np.int32)
    places = np.empty(x.size + 1, np.int32)
    count = 0
    for i in range(x.size):
        inside = (x[i] >= left) & (x[i] < right) & (y[i] >= bottom) & (y[i] < top)
        # Written always, counted if inside: no branch to guess.
        places[count] = i
        count += (faults[i] == 0) & inside
        pixels[i] = NOBODY
    for k in range(count):
        at = np.uint64(places[k])
        column = look_up(x[at], columns, column_starts, left, across)
        row = look_up(y[at], rows, row_starts, bottom, up)
        pixels[at] = np.int32((height - 1 - np.int64(row)) * width + np.int64(column))
    return pixels


@kernel(NOTHING, IN_F8, IN_F8, IN_I4, INT, U1)
def mark_outside(x: Reals, y: Reals, pixels: Groups, kind: int, faults: Faults) -> None:
    """What is wrong with the rows that have neither a pixel nor a fault; `kind` is that of x."""
    for i in range(pixels.size):
        faults[i] = np.uint8(_OUTSIDE) if (faults[i] == 0) & (pixels[i] < 0) else faults[i]
    most_x, most_y = (_SAFE_LON, _POLE) if kind == LON else (_LARGEST, _LARGEST)
    strange = 0
    for i in range(x.size):
        strange += not ((abs(x[i]) <= most_x) & (abs(y[i]) <= most_y))
    if strange:
        for i in range(x.size):
            if faults[i] == _OUTSIDE:
                faults[i] = fault_of(x[i], y[i], kind)
