"""The kernels that reduce rows: to mercator, to pixels, and to exact values per group."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sandbox.render.kernel import (
    F8,
    I4,
    IN_F8,
    IN_F8_2D,
    IN_I4,
    IN_U1,
    NOTHING,
    U1,
    U4,
    inline,
    kernel,
)
from sandbox.render.tally import Fault

Reals = NDArray[np.float64]
Groups = NDArray[np.int32]
"""Which group (pixel, polygon) each row belongs to; -1: none."""
Faults = NDArray[np.uint8]

EARTH_RADIUS_M: Final = 6378137.0
RADIANS: Final = math.pi / 180.0
NOBODY: Final = -1

_NOT_FINITE: Final = int(Fault.NOT_FINITE)
_OUTSIDE: Final = int(Fault.OUTSIDE)
_UNTRANSFORMABLE: Final = int(Fault.UNTRANSFORMABLE)
_NULL_WEIGHT: Final = int(Fault.NULL_WEIGHT)


@kernel(F8, IN_F8)
def mercator_x(lon: Reals) -> Reals:
    """Metres east for degrees of longitude; beyond 180 it goes on, so that boxes may cross."""
    x = np.empty_like(lon)
    for i in range(lon.size):
        x[i] = lon[i] * RADIANS * EARTH_RADIUS_M
    return x


@kernel(F8, IN_F8)
def mercator_y(lat: Reals) -> Reals:
    """Metres north for degrees of latitude, as PROJ works it out to the bit; NaN beyond a pole."""
    y = np.empty_like(lat)
    for i in range(lat.size):
        if abs(lat[i]) <= 90.0:
            y[i] = math.asinh(math.tan(lat[i] * RADIANS)) * EARTH_RADIUS_M
        else:
            y[i] = math.nan
    return y


@kernel(NOTHING, IN_F8, IN_F8, U1)
def mark_not_finite(x: Reals, y: Reals, faults: Faults) -> None:
    """Give rows without a fault one if a coordinate is NaN or infinite."""
    for i in range(x.size):
        if faults[i] == 0 and not (math.isfinite(x[i]) and math.isfinite(y[i])):
            faults[i] = _NOT_FINITE


@kernel(I4, IN_F8, IN_F8, IN_F8, U1)
def locate(x: Reals, y: Reals, frame: Reals, faults: Faults) -> Groups:
    """The pixel (row * width + column, row 0 on top) of each sound row, -1 for the others.

    `frame` is (x0, y0, x1, y1, width, height). Rows beyond it become OUTSIDE, rows without a
    place UNTRANSFORMABLE.
    """
    x0, y0, x1, y1, width, height = frame
    pixels = np.full(x.size, NOBODY, np.int32)
    for i in range(x.size):
        if faults[i] != 0:
            continue
        if not (math.isfinite(x[i]) and math.isfinite(y[i])):
            faults[i] = _UNTRANSFORMABLE
            continue
        # Multiplied, then divided, as the contract has it. Even so x1 comes out one ulp inside
        # for some boxes, hence the comparison with the bounds themselves.
        column = math.floor((x[i] - x0) * width / (x1 - x0))
        row = math.floor((y[i] - y0) * height / (y1 - y0))
        beyond = x[i] >= x1 or y[i] >= y1
        if not beyond and 0.0 <= column < width and 0.0 <= row < height:
            pixels[i] = np.int32((height - 1.0 - row) * width + column)
        else:
            faults[i] = _OUTSIDE
    return pixels


@kernel(NOTHING, IN_F8, U1)
def mark_null_weights(weights: Reals, faults: Faults) -> None:
    """Give rows without a fault one if their weight is no number, or an infinite one."""
    for i in range(weights.size):
        if faults[i] == 0 and not math.isfinite(weights[i]):
            faults[i] = _NULL_WEIGHT if math.isnan(weights[i]) else _NOT_FINITE


@kernel(NOTHING, I4, IN_U1)
def forget_faulty(groups: Groups, faults: Faults) -> None:
    """Take rows with a fault out of their group."""
    for i in range(groups.size):
        if faults[i] != 0:
            groups[i] = NOBODY


@kernel(NOTHING, I4, IN_I4, IN_I4)
def regroup(pixels: Groups, rows: Groups, columns: Groups) -> None:
    """Make groups of pixels in place: what the pixel's row and what its column say, added."""
    width = columns.size
    for i in range(pixels.size):
        if pixels[i] >= 0:
            pixels[i] = rows[pixels[i] // width] + columns[pixels[i] % width]


@kernel(NOTHING, IN_I4, U4)
def add_counts(groups: Groups, counts: NDArray[np.uint32]) -> None:
    """Count rows per group; the last of `counts` takes those of no group."""
    for i in range(groups.size):
        # -1 is the last, so that nobody has to guess which rows have a group.
        counts[groups[i]] += np.uint32(1)


@inline
def two_sum(a: float, b: float) -> tuple[float, float]:
    """The sum and its exact rounding error (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


@inline
def two_product(a: float, b: float) -> tuple[float, float]:
    """The product and its exact rounding error (Dekker)."""
    split = 134217729.0
    product = a * b
    a_high = split * a - (split * a - a)
    b_high = split * b - (split * b - b)
    a_low, b_low = a - a_high, b - b_high
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, error


@kernel(NOTHING, IN_I4, IN_F8, F8, F8)
def add_sums(groups: Groups, weights: Reals, high: Reals, low: Reals) -> None:
    """Add weights per group; `low` carries what `high` rounds away."""
    for i in range(groups.size):
        group = groups[i]
        if group >= 0:
            high[group], error = two_sum(high[group], weights[i])
            # Of whole numbers there is none, and a grid less to go to.
            if error != 0.0:
                low[group] += error


@kernel(NOTHING, IN_I4, IN_F8, F8, F8)
def add_squares(groups: Groups, weights: Reals, high: Reals, low: Reals) -> None:
    """Add squares of weights per group; `low` carries what `high` rounds away."""
    for i in range(groups.size):
        group = groups[i]
        if group >= 0:
            square, square_error = two_product(weights[i], weights[i])
            high[group], error = two_sum(high[group], square)
            low[group] += error + square_error


@kernel(NOTHING, IN_I4, IN_F8, F8)
def add_minima(groups: Groups, weights: Reals, least: Reals) -> None:
    """Keep the least weight per group."""
    for i in range(groups.size):
        group = groups[i]
        if group >= 0 and weights[i] < least[group]:
            least[group] = weights[i]


@kernel(NOTHING, IN_I4, IN_F8, F8)
def add_maxima(groups: Groups, weights: Reals, greatest: Reals) -> None:
    """Keep the greatest weight per group."""
    for i in range(groups.size):
        group = groups[i]
        if group >= 0 and weights[i] > greatest[group]:
            greatest[group] = weights[i]


@kernel(NOTHING, F8, F8, IN_F8, IN_F8)
def merge_sums(high: Reals, low: Reals, other_high: Reals, other_low: Reals) -> None:
    """Add another part's compensated sums to ours."""
    for i in range(high.size):
        high[i], error = two_sum(high[i], other_high[i])
        low[i] += other_low[i] + error


@kernel(F8, IN_F8_2D, IN_F8)
def deviations(sums: Reals, counts: Reals) -> Reals:
    """Population standard deviations; `sums` has four rows: sum and square sum, high and low.

    n times the square sum less the squared sum cancels nearly all digits when weights are far
    from zero, hence twice the usual precision until the last step.
    """
    result = np.zeros(counts.size)
    for i in range(counts.size):
        n = counts[i]
        if n > 0:
            total, total_low = two_sum(sums[0, i], sums[1, i])
            squares, squares_low = two_sum(sums[2, i], sums[3, i])
            left, left_low = two_product(squares, n)
            right, right_low = two_product(total, total)
            spread, error = two_sum(left, -right)
            error += left_low + squares_low * n - right_low - 2.0 * total * total_low
            result[i] = math.sqrt(max(spread + error, 0.0)) / n
    return result
