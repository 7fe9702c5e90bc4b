"""Antialiased discs: one size and colour for all by counts, or each its own, best first."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sandbox.render.kernel import (
    F4_2D,
    F4_3D,
    F8_2D,
    IN_F8,
    IN_F8_2D,
    IN_I4,
    IN_U4_2D,
    INT,
    NOTHING,
    REAL,
    inline,
    kernel,
)

Reals = NDArray[np.float64]

SHUT: Final = 1e-3
"""What so little shines through is not seen: less than a third of a level."""
TILE_BITS: Final = 2
"""Pixels are looked at in squares of 4 by 4 (2**2), before one by one."""
OPAQUE_LOG: Final = -1e300
"""Stands for log(0): times no disc it is still zero."""


@inline
def coverage(size: float, dx: float, dy: float) -> float:
    """How much of the pixel at that distance a disc of that diameter covers, 0 to 1."""
    return min(max(size / 2.0 + 0.5 - math.sqrt(dx * dx + dy * dy), 0.0), 1.0)


@inline
def log_clearness(alpha: float) -> float:
    """Log of what one layer of that alpha lets through."""
    return OPAQUE_LOG if alpha >= 1.0 else math.log1p(-alpha)


@inline
def full_reach(size: float, dy: int) -> int:
    """Up to how many columns from the centre the disc covers pixels fully; -1: none."""
    reach = int(size / 2.0) + 1
    while reach >= 0 and coverage(size, reach, dy) < 1.0:
        reach -= 1
    return reach


@inline
def outer_reach(size: float, dy: int) -> int:
    """Up to how many columns from the centre the disc covers anything; -1: none."""
    reach = int(size / 2.0 + 0.5) + 1
    while reach >= 0 and coverage(size, reach, dy) <= 0.0:
        reach -= 1
    return reach


@inline
def add_middle(target: Reals, running: Reals, reach: int, log: float) -> None:
    """Add, per column, the discs centred at most `reach` columns away."""
    width = target.size
    for column in range(width):
        first, last = max(column - reach, 0), min(column + reach + 1, width)
        target[column] += (running[last] - running[first]) * log


@inline
def add_edge(target: Reals, counts: NDArray[np.uint32], dx: int, log: float) -> None:
    """Add, per column, the discs centred exactly `dx` columns to either side."""
    for column in range(target.size - dx):
        target[column] += counts[column + dx] * log
    if dx > 0:
        for column in range(dx, target.size):
            target[column] += counts[column - dx] * log


@kernel(NOTHING, IN_U4_2D, INT, REAL, REAL, F8_2D)
def spread_discs(
    counts: NDArray[np.uint32], first: int, size: float, alpha: float, logs: Reals
) -> None:
    """Add the discs of a picture to `logs`, the log of what each pixel of some rows lets through.

    `first` is the row of the picture that the first of `logs` is. The fully covered middle comes
    from running sums, so that a large disc costs its height, not its area.
    """
    height, width = counts.shape
    last = first + logs.shape[0]
    top = int(size / 2.0 + 0.5)
    running = np.zeros(width + 1)
    for row in range(max(first - top, 0), min(last + top, height)):
        for column in range(width):
            running[column + 1] = running[column] + counts[row, column]
        if running[width] == 0.0:
            continue
        for dy in range(max(-top, first - row), min(top, last - 1 - row) + 1):
            full, outer = full_reach(size, dy), outer_reach(size, dy)
            if full >= 0:
                add_middle(logs[row + dy - first], running, full, log_clearness(alpha))
            for dx in range(full + 1, min(outer, width - 1) + 1):
                log = log_clearness(alpha * coverage(size, dx, dy))
                add_edge(logs[row + dy - first], counts[row], dx, log)


@inline
def open_tiles(height: int, width: int) -> NDArray[np.int32]:
    """Of how many pixels of each tile something still shines through: at first of all."""
    tiles = np.zeros(((height >> TILE_BITS) + 1, (width >> TILE_BITS) + 1), np.int32)
    for y in range(height):
        for x in range(width):
            tiles[y >> TILE_BITS, x >> TILE_BITS] += 1
    return tiles


@inline
def is_shut(tiles: NDArray[np.int32], rows: tuple[int, int], columns: tuple[int, int]) -> bool:
    """Whether nothing shines through any tile of these pixels, first and last of each."""
    for y in range(rows[0] >> TILE_BITS, (rows[1] >> TILE_BITS) + 1):
        for x in range(columns[0] >> TILE_BITS, (columns[1] >> TILE_BITS) + 1):
            if tiles[np.uint64(y), np.uint64(x)] > 0:
                return False
    return True


@inline
def add_colour(seen: NDArray[np.float32], colour: Reals, share: float) -> None:
    """Red, green and blue of one pixel, so much of them."""
    for channel in range(3):
        seen[channel] += share * colour[channel]


@kernel(NOTHING, IN_I4, IN_F8, IN_F8_2D, INT, F4_2D, F4_3D)
def stamp(  # noqa: PLR0913  (a kernel takes plain arrays)
    pixels: NDArray[np.int32],
    sizes: Reals,
    colours: Reals,
    first: int,
    through: NDArray[np.float32],
    seen: NDArray[np.float32],
) -> None:
    """Lay discs under what some rows of a picture show: the first disc is on top.

    `colours` (n, 4) are red, green, blue and alpha in 0 to 1. From row `first` of the picture on,
    `through` (rows, width) holds how much still shines through, `seen` (rows, width, 3) the colour
    seen so far, premultiplied.
    """
    height, width = through.shape
    tiles = open_tiles(height, width)
    for mark in range(pixels.size):
        size, alpha = sizes[mark], colours[mark, 3]
        if not size > 0.0:
            continue
        row, column = pixels[mark] // width - first, pixels[mark] % width
        outer, inner = size / 2.0 + 0.5, size / 2.0 - 0.5
        full = inner * inner if inner >= 0.0 else -1.0
        reach = int(min(outer, float(width + height + abs(row))))
        top, bottom = max(row - reach, 0), min(row + reach, height - 1)
        left, right = max(column - reach, 0), min(column + reach, width - 1)
        # In a dense picture most discs lie wholly under others.
        if is_shut(tiles, (top, bottom), (left, right)):
            continue
        for y in range(top, bottom + 1):
            dy = float(y - row)
            across = int(min(math.sqrt(max(outer * outer - dy * dy, 0.0)), float(width)))
            for x in range(max(column - across, 0), min(column + across, width - 1) + 1):
                # Unsigned, so that no index is asked whether it counts from the end.
                at = np.uint64(y), np.uint64(x)
                clear = through[at]
                if clear <= SHUT:
                    continue
                dx = float(x - column)
                is_full = dx * dx + dy * dy <= full
                share = np.float32(alpha if is_full else alpha * coverage(size, dx, dy))
                add_colour(seen[at], colours[mark], clear * share)
                rest = clear * (np.float32(1.0) - share)
                through[at] = rest
                if rest <= SHUT:
                    tiles[np.uint64(y >> TILE_BITS), np.uint64(x >> TILE_BITS)] -= 1
