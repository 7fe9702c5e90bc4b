"""Why rows were not drawn, counted."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from sandbox.render.kernel import I8, IN_U1, NOTHING, kernel


class Fault(IntEnum):
    """What is wrong with a row; the names in lower case are the keys of `render.dropped`."""

    NONE = 0
    NULL = 1
    EMPTY = 2
    NOT_FINITE = 3
    OUTSIDE = 4
    WRONG_TYPE = 5
    UNTRANSFORMABLE = 6
    NULL_WEIGHT = 7


@kernel(NOTHING, IN_U1, I8)
def add_faults(faults: NDArray[np.uint8], counts: NDArray[np.int64]) -> None:
    """Count rows per fault: a pass for each, in which many rows are compared at once."""
    for fault in range(counts.size):
        found = 0
        for i in range(faults.size):
            found += faults[i] == fault
        counts[fault] += found


class Tally:
    """Rows by fault; `counts[Fault.NONE]` are those drawn."""

    def __init__(self) -> None:
        self.counts: NDArray[np.int64] = np.zeros(len(Fault), np.int64)

    @property
    def rows(self) -> int:
        """Every row seen."""
        return int(self.counts.sum())

    @property
    def drawn(self) -> int:
        """Rows without a fault, also those that leave no trace (size 0, opacity 0)."""
        return int(self.counts[Fault.NONE])

    @property
    def dropped(self) -> dict[str, int]:
        """Rows by reason, only the reasons that occur."""
        faults = [fault for fault in Fault if fault is not Fault.NONE and self.counts[fault]]
        return {fault.name.lower(): int(self.counts[fault]) for fault in faults}

    def add(self, faults: NDArray[np.uint8]) -> None:
        """Count one batch's rows by the fault of each."""
        add_faults(faults, self.counts)

    def merge(self, other: Tally) -> None:
        """Add what another part of the rows gave."""
        self.counts += other.counts
