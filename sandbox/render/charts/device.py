"""A picture aggregated on a CUDA device: the rows go there, the grids come back to be drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
from numba import cuda as driver

from sandbox.render.aggregate import cuda
from sandbox.render.aggregate.on_device import DeviceGroups, DeviceTally, launch
from sandbox.render.charts.painter import Check, Painter, Pixels, PointPainter, Weights
from sandbox.render.columns import Columns, PointBatch, SourceColumn

Array = Any


class DevicePainter(Painter):
    """Does on the device what a painter of points does, and leaves to it what comes after."""

    device: ClassVar[str] = "cuda:0"

    def __init__(self, inner: PointPainter) -> None:
        super().__init__(inner.canvas, inner.clock)
        self.tally = inner.tally
        self._inner = inner
        self._counted = DeviceTally()
        self._groups = [
            DeviceGroups(aggregate=group.aggregate, size=group.size) for group, _ in inner.groups()
        ]
        self._cells = inner.cells() and [driver.to_device(part) for part in inner.cells() or ()]

    def choose(self, columns: Sequence[SourceColumn]) -> Weights:
        """As the painter does."""
        return self._inner.choose(columns)

    def batches(self, columns: Columns) -> Iterator[PointBatch]:
        """As the painter does."""
        return self._inner.batches(columns)

    def add(self, batch: PointBatch) -> None:
        """Aggregate a batch on the device."""
        rows = len(batch)
        faults, pixels = self._locate(batch)
        weights = [None if w is None else driver.to_device(w) for w in batch.weights]
        with self.clock.stage("aggregate"):
            for column in weights:
                if column is not None:
                    launch(cuda.weigh, rows, column, faults, pixels)
            self._counted.add(faults, rows)
            if self._cells:
                launch(cuda.regroup, rows, pixels, *self._cells)
            for mine, (_, place) in zip(self._groups, self._inner.groups(), strict=True):
                mine.add(pixels, None if place is None else weights[place], rows)
            driver.synchronize()

    def merge(self, other: DevicePainter) -> None:
        """Take in what the other has, on the processor."""
        other._bring_back()
        self._inner.merge(other._inner)

    def paint(self, check: Check) -> Pixels:
        """Bring the grids back and draw."""
        with self.clock.stage("aggregate"):
            self._bring_back()
        return self._inner.paint(check)

    def _locate(self, batch: PointBatch) -> tuple[Array, Array]:
        """Faults and pixels of a batch, on the device."""
        grid = self.canvas.grid
        if grid is None:
            # PROJ runs on the processor, and then the formula may, too.
            with self.clock.stage("project"):
                pixels = self.canvas.locate(batch.x, batch.y, batch.faults)
            return driver.to_device(batch.faults), driver.to_device(pixels)
        with self.clock.stage("project"):
            sides = [grid.across.edges, grid.across.starts, grid.up.edges, grid.up.starts]
            x, y, faults, *axes = (
                driver.to_device(part) for part in (batch.x, batch.y, batch.faults, *sides)
            )
            found = driver.device_array(len(batch), np.int32)
            launch(cuda.locate, len(batch), x, y, *axes, grid.kind, faults, found)
        return faults, found

    def _bring_back(self) -> None:
        self._counted.merge_into(self._inner.tally)
        for mine, (group, _) in zip(self._groups, self._inner.groups(), strict=True):
            mine.merge_into(group)
        self._counted = DeviceTally()
        self._groups = [
            DeviceGroups(aggregate=group.aggregate, size=group.size)
            for group, _ in self._inner.groups()
        ]
