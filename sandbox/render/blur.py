"""The heat map's blur: a wide Gaussian and two box means, separable and without wrap."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sandbox.render.kernel import F8_2D, IN_F8, IN_F8_2D, INT, NOTHING, inline, kernel
from sandbox.render.threads import spread, strips

Grid = NDArray[np.float64]

MAX_BOX_RADIUS_PX = 10


@inline
def add_pair(target: Grid, before: Grid, after: Grid, weight: float) -> None:
    """Add two neighbours at the same distance; taps are symmetric."""
    for i in range(target.size):
        target[i] += weight * (before[i] + after[i])


@kernel(NOTHING, IN_F8_2D, IN_F8, F8_2D)
def blur_rows(grid: Grid, taps: Grid, result: Grid) -> None:
    """Weigh each row's neighbours by `taps`, the middle one first; outside it is zero."""
    height, width = grid.shape
    radius = taps.size - 1
    padded = np.zeros(width + 2 * radius)
    for row in range(height):
        padded[radius : radius + width] = grid[row]
        result[row] = taps[0] * grid[row]
        for tap in range(1, taps.size):
            before, after = radius - tap, radius + tap
            add_pair(
                result[row],
                padded[before : before + width],
                padded[after : after + width],
                taps[tap],
            )


@kernel(NOTHING, IN_F8_2D, IN_F8, INT, F8_2D)
def blur_columns(grid: Grid, taps: Grid, first: int, result: Grid) -> None:
    """Weigh each column's neighbours by `taps`, the middle one first; outside it is zero.

    `result` are rows of the picture from `first` on.
    """
    nothing = np.zeros(grid.shape[1])
    for i in range(result.shape[0]):
        row = first + i
        result[i] = taps[0] * grid[row]
        for tap in range(1, taps.size):
            before = grid[row - tap] if row >= tap else nothing
            after = grid[row + tap] if row + tap < grid.shape[0] else nothing
            add_pair(result[i], before, after, taps[tap])


@kernel(NOTHING, IN_F8_2D, INT, F8_2D)
def box_mean_rows(grid: Grid, radius: int, result: Grid) -> None:
    """Mean of each row's neighbours up to `radius` away that are inside the picture."""
    height, width = grid.shape
    padded = np.zeros(width + 2 * radius)
    for row in range(height):
        padded[radius : radius + width] = grid[row]
        result[row] = grid[row]
        for tap in range(1, radius + 1):
            before, after = radius - tap, radius + tap
            add_pair(
                result[row], padded[before : before + width], padded[after : after + width], 1.0
            )
        for column in range(width):
            first, last = max(column - radius, 0), min(column + radius, width - 1)
            result[row, column] /= last - first + 1


@kernel(NOTHING, IN_F8_2D, INT, INT, F8_2D)
def box_mean_columns(grid: Grid, radius: int, start: int, result: Grid) -> None:
    """Mean of each column's neighbours up to `radius` away that are inside the picture.

    `result` are rows of the picture from `start` on.
    """
    for i in range(result.shape[0]):
        row = start + i
        first, last = max(row - radius, 0), min(row + radius, grid.shape[0] - 1)
        result[i] = 0.0
        for source in range(first, last + 1):
            result[i] += grid[source]
        result[i] /= last - first + 1


def gaussian(radius: int, sigma: float, limit: int) -> Grid:
    """Normalised taps from 0 to radius; those beyond `limit` could only meet zeros."""
    distances = np.arange(min(radius, limit) + 1, dtype=np.float64)
    taps = np.exp(-(distances**2) / (2.0 * sigma * sigma))
    normalised: Grid = taps / (2.0 * taps.sum() - taps[0])
    return normalised


def width_of(zoom: float) -> int:
    """The blur's width d for a zoom level, in pixels."""
    return math.floor(math.pow(2.0, 0.4 * zoom))


def box_radii(zoom: float) -> tuple[int, int]:
    """Radii of the two box means that follow the Gaussian, in pixels."""
    steps = math.floor(math.log(width_of(zoom)) / 0.4)
    return min(steps // 2 + 1, MAX_BOX_RADIUS_PX), min(steps + 1, MAX_BOX_RADIUS_PX)


def box_blur(grid: Grid, zoom: float, check: Callable[[], None]) -> Grid:
    """The near-box kernel; `check` is called between passes and may raise."""
    taps = 2 * width_of(zoom) + 3
    grid = _gaussian_blur(grid, taps // 2, float(taps), check)
    for radius in box_radii(zoom):
        grid = _by_rows(box_mean_rows, grid, radius)
        check()
        grid = _by_columns(box_mean_columns, grid, radius)
        check()
    return grid


def gaussian_blur(grid: Grid, zoom: float, check: Callable[[], None]) -> Grid:
    """The plain Gaussian with sigma d, cut at 4 d; `check` is called between passes."""
    return _gaussian_blur(grid, 4 * width_of(zoom), float(width_of(zoom)), check)


def _gaussian_blur(grid: Grid, radius: int, sigma: float, check: Callable[[], None]) -> Grid:
    height, width = grid.shape
    grid = _by_rows(blur_rows, grid, gaussian(radius, sigma, width))
    check()
    grid = _by_columns(blur_columns, grid, gaussian(radius, sigma, height))
    check()
    return grid


def _by_rows(kernel: Callable[..., None], grid: Grid, kind: Grid | int) -> Grid:
    """A pass over rows, which know nothing of one another, on all processors."""
    result = np.empty_like(grid)

    def part(rows: tuple[int, int]) -> None:
        kernel(grid[slice(*rows)], kind, result[slice(*rows)])

    spread(part, strips(*grid.shape))
    return result


def _by_columns(kernel: Callable[..., None], grid: Grid, kind: Grid | int) -> Grid:
    """A pass over columns, on all processors."""
    result = np.empty_like(grid)

    def part(rows: tuple[int, int]) -> None:
        kernel(grid, kind, rows[0], result[slice(*rows)])

    spread(part, strips(*grid.shape))
    return result
