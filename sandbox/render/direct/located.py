"""Where points lie of an area - inside, on its edge, outside - as JTS answers it, to the bit."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sandbox.render.kernel import (
    F8,
    IN_F8,
    IN_F8_2D,
    IN_I4,
    IN_U1,
    IN_U1_2D,
    INT,
    NOTHING,
    REAL,
    U1,
    U1_2D,
    inline,
    kernel,
)

Reals = NDArray[np.float64]
Flags = NDArray[np.uint8]

OUTSIDE: Final = 0
INSIDE: Final = 1
EDGE: Final = 2
MIXED: Final = 3
"""Of a cell: an edge of the area may pass through it."""

_SPLIT: Final = 134217729.0
_SAFE: Final = 1e-15
_ROOM: Final = 1e-6
"""Of a cell: what arithmetic may be wrong by, many times over."""


@inline
def _sum(a: float, b: float) -> tuple[float, float]:
    """a + b of doubles, in JTS's double-double."""
    total = a + b
    e = total - a
    f = (b - e) + (a - (total - e))
    high = total + f
    low = f + (total - high)
    return high + low, low + (high - (high + low))


@inline
def _product(ahi: float, alo: float, bhi: float, blo: float) -> tuple[float, float]:
    """a * b in JTS's double-double."""
    c = _SPLIT * ahi
    ax = c - (c - ahi)
    at = ahi - ax
    c = _SPLIT * bhi
    bx = c - (c - bhi)
    bt = bhi - bx
    high = ahi * bhi
    low = ((((ax * bx - high) + ax * bt) + at * bx) + at * bt) + (ahi * blo + alo * bhi)
    total = high + low
    return total, low + (high - total)


@inline
def _sign_of_difference(ahi: float, alo: float, bhi: float, blo: float) -> int:
    """The sign of a - b in JTS's double-double."""
    bhi, blo = -bhi, -blo
    big, small = ahi + bhi, alo + blo
    e, f = big - ahi, small - alo
    s = (bhi - e) + (ahi - (big - e))
    t = (blo - f) + (alo - (small - f))
    e = s + small
    high = big + e
    e = t + (e + (big - high))
    total = high + e
    low = e + (high - total)
    if total > 0.0 or (total == 0.0 and low > 0.0):
        return 1
    return -1 if total < 0.0 or (total == 0.0 and low < 0.0) else 0


@inline
def _turn(edges: Reals, k: int, x: float, y: float) -> int:
    """Which side of an edge the point lies: 1 left, -1 right, 0 on its line (CGAlgorithmsDD)."""
    ax, ay, bx, by = edges[k, 0], edges[k, 1], edges[k, 2], edges[k, 3]
    left = (ax - x) * (by - y)
    right = (ay - y) * (bx - x)
    difference = left - right
    same_sign = (left > 0.0 and right > 0.0) or (left < 0.0 and right < 0.0)
    if not same_sign or abs(difference) >= _SAFE * abs(left + right):
        return 1 if difference > 0.0 else -1 if difference < 0.0 else 0
    dx1, dx1_low = _sum(bx, -ax)
    dy1, dy1_low = _sum(by, -ay)
    dx2, dx2_low = _sum(x, -bx)
    dy2, dy2_low = _sum(y, -by)
    one, one_low = _product(dx1, dx1_low, dy2, dy2_low)
    two, two_low = _product(dy1, dy1_low, dx2, dx2_low)
    return _sign_of_difference(one, one_low, two, two_low)


@inline
def _by_ray(x: float, y: float, edges: Reals, start: int, end: int) -> int:
    """RayCrossingCounter over edges that may touch the point's row."""
    crossings = 0
    for k in range(start, end):
        ax, ay, bx, by = edges[k, 0], edges[k, 1], edges[k, 2], edges[k, 3]
        if (ax < x and bx < x) or min(ay, by) > y or max(ay, by) < y:
            continue
        if (bx == x and by == y) or (ay == by and min(ax, bx) <= x <= max(ax, bx)):
            return EDGE
        if (ay > y) != (by > y):
            side = _turn(edges, k, x, y)
            if side == 0:
                return EDGE
            crossings += (side > 0) == (by > ay)
    return INSIDE if crossings % 2 else OUTSIDE


@kernel(U1, IN_F8, IN_F8, IN_F8, IN_U1_2D, IN_I4, IN_F8_2D)
def locate(  # noqa: PLR0913  (a kernel takes arrays, not objects)
    x: Reals,
    y: Reals,
    frame: Reals,
    cells: Flags,
    starts: NDArray[np.int32],
    edges: Reals,
) -> Flags:
    """OUTSIDE, INSIDE or EDGE for each point; NaN is outside.

    `frame` is (min_x, min_y, max_x, max_y, columns per x, rows per y); `edges` are sorted by the
    rows of cells that they touch, `starts` tells where a row's begin.
    """
    places = np.zeros(x.size, np.uint8)
    min_x, min_y, max_x, max_y, per_x, per_y = frame
    last = cells.shape[0] - 1
    for i in range(x.size):
        px, py = x[i], y[i]
        if not (min_x <= px <= max_x and min_y <= py <= max_y):
            continue
        row = min(int((py - min_y) * per_y), last)
        place = cells[row, min(int((px - min_x) * per_x), last)]
        if place == MIXED:
            place = np.uint8(_by_ray(px, py, edges, starts[row], starts[row + 1]))
        places[i] = place
    return places


@kernel(NOTHING, IN_F8, IN_F8_2D, U1_2D)
def mark_mixed(frame: Reals, edges: Reals, cells: Flags) -> None:
    """Mark the cells that an edge touches, with a little room for rounding."""
    min_x, min_y, _, _, per_x, per_y = frame
    last = cells.shape[0] - 1
    for k in range(edges.shape[0]):
        ax, ay = (edges[k, 0] - min_x) * per_x, (edges[k, 1] - min_y) * per_y
        bx, by = (edges[k, 2] - min_x) * per_x, (edges[k, 3] - min_y) * per_y
        low, high = min(ay, by), max(ay, by)
        for row in range(max(int(low - _ROOM), 0), min(int(high + _ROOM), last) + 1):
            left, right = min(ax, bx), max(ax, bx)
            if high - low > 2.0:
                # The part of the edge that lies in this row.
                one = ax + (bx - ax) * (max(row - _ROOM, low) - ay) / (by - ay)
                two = ax + (bx - ax) * (min(row + 1.0 + _ROOM, high) - ay) / (by - ay)
                left, right = max(left, min(one, two)), min(right, max(one, two))
            for column in range(max(int(left - _ROOM), 0), min(int(right + _ROOM), last) + 1):
                cells[row, column] = MIXED


@kernel(NOTHING, IN_F8, U1_2D, IN_I4, IN_F8_2D)
def settle(frame: Reals, cells: Flags, starts: NDArray[np.int32], edges: Reals) -> None:
    """Where the cells without an edge lie: all of such a cell lies where its centre does."""
    min_x, min_y, _, _, per_x, per_y = frame
    for row in range(cells.shape[0]):
        y = min_y + (row + 0.5) / per_y
        for column in range(cells.shape[1]):
            if cells[row, column] == MIXED:
                continue
            if column > 0 and cells[row, column - 1] != MIXED:
                # No edge between neighbours that have none.
                cells[row, column] = cells[row, column - 1]
            else:
                x = min_x + (column + 0.5) / per_x
                place = _by_ray(x, y, edges, starts[row], starts[row + 1])
                cells[row, column] = np.uint8(place)


@kernel(INT, IN_F8, IN_U1, F8)
def pick(values: Reals, wanted: Flags, picked: Reals) -> int:
    """Put the wanted values in front of `picked`, which has room for all; how many."""
    count = 0
    for i in range(values.size):
        # Written always, counted if wanted: no branch to guess.
        picked[count] = values[i]
        count += wanted[i] != 0
    return count


@kernel(REAL, IN_U1)
def count_true(flags: Flags) -> float:
    """How many flags are set."""
    count = 0
    for i in range(flags.size):
        count += flags[i] != 0
    return float(count)
