"""Grids that live on a CUDA device until the picture is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numba import cuda as driver
from numpy.typing import NDArray

from sandbox.render.aggregate import cuda
from sandbox.render.aggregate.groups import METHODS, GroupBy
from sandbox.render.tally import Tally
from wire.charts import Aggregate

THREADS: Final = 128
MAX_BLOCKS: Final = 4096

Array = Any
"""An array on the device."""


def launch(kernel: Any, rows: int, *arrays: Any) -> None:
    """A thread a row, or some rows a thread where they are very many."""
    if rows:
        kernel[min(-(-rows // THREADS), MAX_BLOCKS), THREADS](*arrays)


@dataclass(kw_only=True)
class DeviceGroups:
    """A GroupBy on the device; it goes into one of the processor's by the merge law."""

    aggregate: Aggregate
    size: int
    counts: Array = field(init=False)
    store: dict[str, Array] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with no rows."""
        start = METHODS[self.aggregate].start
        self.counts = driver.to_device(np.zeros(self.size, np.uint32))
        self.store = {
            name: driver.to_device(np.full(self.size, value)) for name, value in start.items()
        }

    def add(self, groups: Array, weights: Array | None, rows: int) -> None:
        """Add rows; `groups` below 0 belong nowhere, no weights means weight 1."""
        launch(cuda.add_counts, rows, groups, self.counts)
        if self.store:
            values = driver.to_device(np.ones(rows)) if weights is None else weights
            ADDITIONS[self.aggregate](self.store, groups, values, rows)

    def merge_into(self, group: GroupBy) -> None:
        """Add what is here to a group on the processor."""
        mine = GroupBy(aggregate=self.aggregate, size=self.size)
        mine.counts[:] = self.counts.copy_to_host()
        mine.store = {name: values.copy_to_host() for name, values in self.store.items()}
        group.merge(mine)


class DeviceTally:
    """Rows by fault, counted on the device."""

    def __init__(self) -> None:
        self.counts: Array = driver.to_device(np.zeros(cuda.BINS, np.int64))

    def add(self, faults: Array, rows: int) -> None:
        """Count one batch's rows by the fault of each."""
        launch(cuda.tally, rows, faults, self.counts)

    def merge_into(self, tally: Tally) -> None:
        """Add what is here to a tally on the processor."""
        counts: NDArray[np.int64] = self.counts.copy_to_host()
        tally.counts += counts


def _add_sums(store: dict[str, Array], groups: Array, weights: Array, rows: int) -> None:
    launch(cuda.add_sums, rows, groups, weights, store["sum"], store["sum_low"])


def _add_deviations(store: dict[str, Array], groups: Array, weights: Array, rows: int) -> None:
    _add_sums(store, groups, weights, rows)
    squares, errors = (driver.device_array(rows, np.float64) for _ in range(2))
    launch(cuda.square, rows, weights, squares, errors)
    launch(cuda.add_sums, rows, groups, squares, store["square"], store["square_low"])
    launch(cuda.add_plain, rows, groups, errors, store["square_low"])


def _add_minima(store: dict[str, Array], groups: Array, weights: Array, rows: int) -> None:
    launch(cuda.add_minima, rows, groups, weights, store["min"])


def _add_maxima(store: dict[str, Array], groups: Array, weights: Array, rows: int) -> None:
    launch(cuda.add_maxima, rows, groups, weights, store["max"])


ADDITIONS: Final[dict[Aggregate, Callable[[dict[str, Array], Array, Array, int], None]]] = {
    "sum": _add_sums,
    "mean": _add_sums,
    "std": _add_deviations,
    "min": _add_minima,
    "max": _add_maxima,
}
