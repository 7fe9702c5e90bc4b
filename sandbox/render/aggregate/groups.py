"""One exact group-by: whatever the parts and their order, the values are the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sandbox.render.aggregate import cpu
from wire.charts import Aggregate

Reals = NDArray[np.float64]
Store = dict[str, Reals]


@dataclass(frozen=True, kw_only=True)
class Method:
    """How one aggregate is kept: its columns' first values, and how rows and parts are added."""

    start: dict[str, float]
    add: Callable[[Store, NDArray[np.int32], Reals], None]
    merge: Callable[[Store, Store], None]
    finish: Callable[[Store, Reals], Reals]


@dataclass(kw_only=True)
class GroupBy:
    """Values of `size` groups; a group without rows has the value 0."""

    aggregate: Aggregate
    size: int
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        """Begin with no rows."""
        self._counts = np.zeros(self.size + 1, np.uint32)
        start = METHODS[self.aggregate].start
        self.store = {name: np.full(self.size, value) for name, value in start.items()}

    @property
    def counts(self) -> NDArray[np.uint32]:
        """Rows per group; the place behind them is for rows of no group."""
        return self._counts[:-1]

    def grow(self, size: int) -> None:
        """Make room for groups that came later; capacity doubles so that growing stays cheap."""
        if size > len(self.counts):
            extra = max(size, 2 * len(self.counts)) - len(self.counts)
            self._counts = np.concatenate([self.counts, np.zeros(extra + 1, np.uint32)])
            for name, value in METHODS[self.aggregate].start.items():
                self.store[name] = np.concatenate([self.store[name], np.full(extra, value)])
        self.size = max(self.size, size)

    def add(self, groups: NDArray[np.int32], weights: Reals | None) -> None:
        """Add rows; `groups` below 0 belong nowhere, no weights means weight 1."""
        cpu.add_counts(groups, self._counts)
        if self.store:
            values = np.ones(len(groups)) if weights is None else weights
            METHODS[self.aggregate].add(self.store, groups, values)

    def merge(self, other: GroupBy) -> None:
        """Add what another part of the rows gave for the same groups."""
        self.merge_into(slice(other.size), other)

    def merge_into(self, groups: slice | NDArray[Any], other: GroupBy) -> None:
        """Add what another part gave; its group i is ours of number `groups[i]`."""
        theirs = {name: values[: other.size] for name, values in other.store.items()}
        mine = {name: values[groups] for name, values in self.store.items()}
        METHODS[self.aggregate].merge(mine, theirs)
        self.counts[groups] += other.counts[: other.size]
        for name, values in mine.items():
            self.store[name][groups] = values

    def finish(self) -> Reals:
        """The value of each group."""
        counts = self.counts[: self.size]
        values = self.finish_some(slice(self.size))
        return np.where(counts > 0, values, 0.0)

    def finish_some(self, groups: slice | NDArray[Any]) -> Reals:
        """The values of some groups, all of which have rows."""
        counts = self.counts[groups].astype(np.float64)
        store = {name: values[groups] for name, values in self.store.items()}
        return METHODS[self.aggregate].finish(store, counts)


def _add_nothing(store: Store, groups: NDArray[np.int32], weights: Reals) -> None:
    """Counts are kept for every aggregate."""


def _merge_nothing(mine: Store, theirs: Store) -> None:
    """Counts are kept for every aggregate."""


def _add_sum(store: Store, groups: NDArray[np.int32], weights: Reals) -> None:
    cpu.add_sums(groups, weights, store["sum"], store["sum_low"])


def _merge_sum(mine: Store, theirs: Store) -> None:
    cpu.merge_sums(mine["sum"], mine["sum_low"], theirs["sum"], theirs["sum_low"])


def _sum(store: Store, counts: Reals) -> Reals:
    exact = store["sum"] + store["sum_low"]
    # A sum beyond the largest double leaves no number as its rounding error.
    return np.where(np.isfinite(store["sum"]), exact, store["sum"])


def _mean(store: Store, counts: Reals) -> Reals:
    return _sum(store, counts) / np.maximum(counts, 1.0)


def _add_deviation(store: Store, groups: NDArray[np.int32], weights: Reals) -> None:
    _add_sum(store, groups, weights)
    cpu.add_squares(groups, weights, store["square"], store["square_low"])


def _merge_deviation(mine: Store, theirs: Store) -> None:
    _merge_sum(mine, theirs)
    cpu.merge_sums(mine["square"], mine["square_low"], theirs["square"], theirs["square_low"])


def _deviation(store: Store, counts: Reals) -> Reals:
    names = ("sum", "sum_low", "square", "square_low")
    return cpu.deviations(np.stack([store[name] for name in names]), counts)


def _add_min(store: Store, groups: NDArray[np.int32], weights: Reals) -> None:
    cpu.add_minima(groups, weights, store["min"])


def _merge_min(mine: Store, theirs: Store) -> None:
    np.minimum(mine["min"], theirs["min"], out=mine["min"])


def _add_max(store: Store, groups: NDArray[np.int32], weights: Reals) -> None:
    cpu.add_maxima(groups, weights, store["max"])


def _merge_max(mine: Store, theirs: Store) -> None:
    np.maximum(mine["max"], theirs["max"], out=mine["max"])


_SUMS: Final = {"sum": 0.0, "sum_low": 0.0}

METHODS: Final[dict[Aggregate, Method]] = {
    "count": Method(
        start={}, add=_add_nothing, merge=_merge_nothing, finish=lambda store, counts: counts
    ),
    "sum": Method(start=_SUMS, add=_add_sum, merge=_merge_sum, finish=_sum),
    "mean": Method(start=_SUMS, add=_add_sum, merge=_merge_sum, finish=_mean),
    "std": Method(
        start=_SUMS | {"square": 0.0, "square_low": 0.0},
        add=_add_deviation,
        merge=_merge_deviation,
        finish=_deviation,
    ),
    "min": Method(
        start={"min": np.inf},
        add=_add_min,
        merge=_merge_min,
        finish=lambda store, counts: store["min"],
    ),
    "max": Method(
        start={"max": -np.inf},
        add=_add_max,
        merge=_merge_max,
        finish=lambda store, counts: store["max"],
    ),
}
