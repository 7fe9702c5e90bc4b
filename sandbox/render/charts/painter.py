"""What every chart's file provides: how to take in rows, and how to draw them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sandbox.render.aggregate import cpu
from sandbox.render.aggregate.groups import GroupBy
from sandbox.render.canvas import Canvas, project
from sandbox.render.clock import Clock
from sandbox.render.columns import Batch, Columns, PointBatch, SourceColumn
from sandbox.render.tally import Fault, Tally

Pixels = NDArray[np.uint8]
Weights = tuple[SourceColumn | None, ...]
Check = Callable[[], None]
"""Called now and then while drawing; raises if nobody wants the picture any more."""


class Painter(ABC):
    """Takes in batches in any order and draws them; one painter is one picture."""

    device: ClassVar[str] = "cpu"

    def __init__(self, canvas: Canvas, clock: Clock | None = None) -> None:
        self.canvas = canvas
        self.clock = clock or Clock()
        self.tally = Tally()

    @abstractmethod
    def choose(self, columns: Sequence[SourceColumn]) -> Weights:
        """Which of the columns that are no geometry are weights."""

    @abstractmethod
    def batches(self, columns: Columns) -> Iterator[Batch]:
        """The rows in the form that `add` takes."""

    @abstractmethod
    def add(self, batch: Any) -> None:
        """Take in some rows."""

    @abstractmethod
    def merge(self, other: Any) -> None:
        """Take in what another painter of the same picture has taken in."""

    @abstractmethod
    def paint(self, check: Check) -> Pixels:
        """The picture (height, width, 4)."""


class PointPainter(Painter):
    """A painter whose rows are points."""

    def batches(self, columns: Columns) -> Iterator[PointBatch]:
        """The rows as points."""
        return columns.points()

    @abstractmethod
    def groups(self) -> list[tuple[GroupBy, int | None]]:
        """What is aggregated, and the place among the weights of what it is aggregated from."""

    def cells(self) -> tuple[NDArray[np.int32], NDArray[np.int32]] | None:
        """What each row and each column of pixels adds to the number of a cell; None: no cells."""
        return None

    def add(self, batch: PointBatch) -> None:
        """Aggregate the rows of each pixel or cell."""
        found = self.locate(batch)
        with self.clock.stage("aggregate"):
            cells = self.cells()
            if cells is not None:
                cpu.regroup(found, *cells)
            for group, place in self.groups():
                group.add(found, None if place is None else batch.weights[place])

    def merge(self, other: PointPainter) -> None:
        """Add the other's aggregates."""
        self.tally.merge(other.tally)
        for (mine, _), (theirs, _) in zip(self.groups(), other.groups(), strict=True):
            mine.merge(theirs)

    def locate(self, batch: PointBatch) -> NDArray[np.int32]:
        """The pixel of each row that can be drawn, -1 for the others; all are tallied."""
        x, y, faults = batch.x, batch.y, batch.faults
        if self.canvas.grid is None:
            with self.clock.stage("project"):
                cpu.mark_not_finite(x, y, faults)
                x, y = project(x, y, self.canvas.crs)
        with self.clock.stage("aggregate"):
            pixels = self.canvas.locate_projected(x, y, faults)
            if mark_null_weights(batch):
                cpu.forget_faulty(pixels, faults)
            self.tally.add(faults)
        return pixels


def mark_null_weights(batch: Batch) -> bool:
    """Give rows whose weight is no number, or whose label is null, a fault; whether any weighs."""
    for weights in batch.weights:
        if weights is not None:
            cpu.mark_null_weights(weights, batch.faults)
    if batch.labels is not None and batch.labels.null_count:
        missing = batch.labels.is_null().to_numpy(zero_copy_only=False)
        batch.faults[missing & (batch.faults == Fault.NONE)] = Fault.NULL_WEIGHT
    return batch.labels is not None or any(weights is not None for weights in batch.weights)
