"""The kernels of aggregation on a CUDA device: the same formulas, a thread a row.

Sums are compensated as on the processor: an atomic addition answers what was there before, and
from that the thread knows exactly what its own addition rounded away.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numba import cuda, int32

from sandbox.render.aggregate import cpu, edges
from sandbox.render.tally import Fault

Array = Any

BINS: Final = len(Fault)
_LARGE: Final = 1e30
_NOT_FINITE: Final = int(Fault.NOT_FINITE)
_NULL_WEIGHT: Final = int(Fault.NULL_WEIGHT)


def kernel(function: Callable[..., None]) -> Any:
    """Compile for the device when it is first launched, or take it from numba's cache."""
    return cuda.jit(cache=True)(function)


scale_of: Any = cuda.jit(device=True)(edges.scale_of.py_func)  # type: ignore[attr-defined]
look_up: Any = cuda.jit(device=True)(edges.look_up.py_func)  # type: ignore[attr-defined]
fault_of: Any = cuda.jit(device=True)(edges.fault_of.py_func)  # type: ignore[attr-defined]
two_sum: Any = cuda.jit(device=True)(cpu.two_sum.py_func)  # type: ignore[attr-defined]


@kernel
def locate(  # noqa: PLR0913  (a kernel takes plain arrays)
    x: Array,
    y: Array,
    columns: Array,
    column_starts: Array,
    rows: Array,
    row_starts: Array,
    kind: int,
    faults: Array,
    pixels: Array,
) -> None:
    """As `edges.pixels_by_edges` and `edges.mark_outside`, into `pixels`."""
    width, height = columns.size - 1, rows.size - 1
    left, right, bottom, top = columns[0], columns[width], rows[0], rows[height]
    across, up = scale_of(columns, column_starts), scale_of(rows, row_starts)
    for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
        pixels[i] = -1
        if faults[i] != 0:
            continue
        if left <= x[i] and x[i] < right and bottom <= y[i] and y[i] < top:
            column = look_up(x[i], columns, column_starts, left, across)
            row = look_up(y[i], rows, row_starts, bottom, up)
            pixels[i] = (height - 1 - np.int64(row)) * width + np.int64(column)
        else:
            faults[i] = fault_of(x[i], y[i], kind)


@kernel
def weigh(weights: Array, faults: Array, pixels: Array) -> None:
    """Give rows whose weight is no number a fault and no pixel."""
    for i in range(cuda.grid(1), weights.size, cuda.gridsize(1)):
        if faults[i] == 0 and not math.isfinite(weights[i]):
            faults[i] = _NULL_WEIGHT if math.isnan(weights[i]) else _NOT_FINITE
            pixels[i] = -1


@kernel
def tally(faults: Array, counts: Array) -> None:
    """Count rows by fault: first a block's own, so that few threads meet at one place."""
    mine = cuda.shared.array(BINS, int32)
    if cuda.threadIdx.x < BINS:
        mine[cuda.threadIdx.x] = 0
    cuda.syncthreads()
    for i in range(cuda.grid(1), faults.size, cuda.gridsize(1)):
        cuda.atomic.add(mine, faults[i], 1)
    cuda.syncthreads()
    if cuda.threadIdx.x < BINS:
        cuda.atomic.add(counts, cuda.threadIdx.x, mine[cuda.threadIdx.x])


@kernel
def regroup(pixels: Array, rows: Array, columns: Array) -> None:
    """As `cpu.regroup`."""
    width = columns.size
    for i in range(cuda.grid(1), pixels.size, cuda.gridsize(1)):
        if pixels[i] >= 0:
            pixels[i] = rows[pixels[i] // width] + columns[pixels[i] % width]


@kernel
def add_counts(groups: Array, counts: Array) -> None:
    """Count rows per group."""
    for i in range(cuda.grid(1), groups.size, cuda.gridsize(1)):
        if groups[i] >= 0:
            cuda.atomic.add(counts, groups[i], 1)


@kernel
def add_sums(groups: Array, weights: Array, high: Array, low: Array) -> None:
    """Add weights per group; `low` carries what `high` rounds away."""
    for i in range(cuda.grid(1), groups.size, cuda.gridsize(1)):
        if groups[i] >= 0:
            before = cuda.atomic.add(high, groups[i], weights[i])
            _, error = two_sum(before, weights[i])
            if error != 0.0:
                cuda.atomic.add(low, groups[i], error)


@kernel
def square(weights: Array, squares: Array, errors: Array) -> None:
    """Squares of weights, and what each is rounded by.

    A device joins a product and a sum into one rounding, which spoils Dekker's way; a half of 24
    bits has products with either half that are exact, joined or not. The squares go through
    memory, so that adding them up is not joined with them.
    """
    for i in range(cuda.grid(1), weights.size, cuda.gridsize(1)):
        weight = weights[i]
        product = weight * weight
        squares[i] = product
        errors[i] = 0.0
        if abs(weight) < _LARGE:
            high = np.float64(np.float32(weight))
            low = weight - high
            errors[i] = ((high * high - product) + 2.0 * high * low) + low * low


@kernel
def add_plain(groups: Array, weights: Array, low: Array) -> None:
    """Add small weights per group."""
    for i in range(cuda.grid(1), groups.size, cuda.gridsize(1)):
        if groups[i] >= 0 and weights[i] != 0.0:
            cuda.atomic.add(low, groups[i], weights[i])


@kernel
def add_minima(groups: Array, weights: Array, least: Array) -> None:
    """Keep the least weight per group."""
    for i in range(cuda.grid(1), groups.size, cuda.gridsize(1)):
        if groups[i] >= 0:
            cuda.atomic.min(least, groups[i], weights[i])


@kernel
def add_maxima(groups: Array, weights: Array, greatest: Array) -> None:
    """Keep the greatest weight per group."""
    for i in range(cuda.grid(1), groups.size, cuda.gridsize(1)):
        if groups[i] >= 0:
            cuda.atomic.max(greatest, groups[i], weights[i])
