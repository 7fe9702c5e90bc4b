"""The heat map's blur: a wide Gaussian and two box means, separable and without wrap."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sandbox.render.kernel import F8_2D, IN_F8, IN_F8_2D, INT, kernel

Grid = NDArray[np.float64]

MAX_BOX_RADIUS_PX = 10


@kernel(F8_2D, IN_F8_2D, IN_F8)
def blur_rows(grid: Grid, taps: Grid) -> Grid:
    """Weigh each row's neighbours by `taps` (odd in number); outside the picture is zero."""
    height, width = grid.shape
    radius = taps.size // 2
    result = np.zeros_like(grid)
    for row in range(height):
        for tap in range(taps.size):
            shift = tap - radius
            weight = taps[tap]
            for column in range(max(0, -shift), min(width, width - shift)):
                result[row, column] += grid[row, column + shift] * weight
    return result


@kernel(F8_2D, IN_F8_2D, IN_F8)
def blur_columns(grid: Grid, taps: Grid) -> Grid:
    """Weigh each column's neighbours by `taps` (odd in number); outside the picture is zero."""
    height, width = grid.shape
    radius = taps.size // 2
    result = np.zeros_like(grid)
    for row in range(height):
        for tap in range(taps.size):
            source = row + tap - radius
            if 0 <= source < height:
                weight = taps[tap]
                for column in range(width):
                    result[row, column] += grid[source, column] * weight
    return result


@kernel(F8_2D, IN_F8_2D, INT)
def box_mean_rows(grid: Grid, radius: int) -> Grid:
    """Mean of each row's neighbours up to `radius` away that are inside the picture."""
    height, width = grid.shape
    result = np.empty_like(grid)
    for row in range(height):
        for column in range(width):
            first, last = max(column - radius, 0), min(column + radius, width - 1)
            total = 0.0
            for source in range(first, last + 1):
                total += grid[row, source]
            result[row, column] = total / (last - first + 1)
    return result


@kernel(F8_2D, IN_F8_2D, INT)
def box_mean_columns(grid: Grid, radius: int) -> Grid:
    """Mean of each column's neighbours up to `radius` away that are inside the picture."""
    height, width = grid.shape
    result = np.zeros_like(grid)
    for row in range(height):
        first, last = max(row - radius, 0), min(row + radius, height - 1)
        for source in range(first, last + 1):
            for column in range(width):
                result[row, column] += grid[source, column]
        for column in range(width):
            result[row, column] /= last - first + 1
    return result


def gaussian(radius: int, sigma: float, limit: int) -> Grid:
    """Normalised taps from -radius to radius; those beyond `limit` could only meet zeros."""
    distances = np.arange(-min(radius, limit), min(radius, limit) + 1, dtype=np.float64)
    taps = np.exp(-(distances**2) / (2.0 * sigma * sigma))
    normalised: Grid = taps / taps.sum()
    return normalised


def spread(zoom: float) -> int:
    """The blur's width d for a zoom level, in pixels."""
    return math.floor(math.pow(2.0, 0.4 * zoom))


def box_radii(zoom: float) -> tuple[int, int]:
    """Radii of the two box means that follow the Gaussian, in pixels."""
    steps = math.floor(math.log(spread(zoom)) / 0.4)
    return min(steps // 2 + 1, MAX_BOX_RADIUS_PX), min(steps + 1, MAX_BOX_RADIUS_PX)


def box_blur(grid: Grid, zoom: float, check: Callable[[], None]) -> Grid:
    """The near-box kernel; `check` is called between passes and may raise."""
    taps = 2 * spread(zoom) + 3
    grid = _gaussian_blur(grid, taps // 2, float(taps), check)
    for radius in box_radii(zoom):
        grid = box_mean_rows(grid, radius)
        check()
        grid = box_mean_columns(grid, radius)
        check()
    return grid


def gaussian_blur(grid: Grid, zoom: float, check: Callable[[], None]) -> Grid:
    """The plain Gaussian with sigma d, cut at 4 d; `check` is called between passes."""
    return _gaussian_blur(grid, 4 * spread(zoom), float(spread(zoom)), check)


def _gaussian_blur(grid: Grid, radius: int, sigma: float, check: Callable[[], None]) -> Grid:
    height, width = grid.shape
    grid = blur_rows(grid, gaussian(radius, sigma, width))
    check()
    grid = blur_columns(grid, gaussian(radius, sigma, height))
    check()
    return grid
