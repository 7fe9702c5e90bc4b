"""Square cells coloured by weight."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sandbox.render import shade
from sandbox.render.aggregate import cpu
from sandbox.render.aggregate.groups import GroupBy
from sandbox.render.canvas import Canvas
from sandbox.render.charts.painter import Check, Pixels, PointPainter, Weights
from sandbox.render.clock import Clock
from sandbox.render.columns import SourceColumn, one_weight
from wire.charts import Fishnetmap

Reals = NDArray[np.float64]
Cells = NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Axis:
    """Cells along one side, from its beginning: `cells` is that of each pixel, `squares` the same
    but -1 in the gaps."""

    cells: Cells
    squares: Cells
    count: int

    @classmethod
    def of(cls, length: int, size: float, gap: float) -> Axis:
        """Cell i is size + gap long; its square begins floor(gap / 2) after it does."""
        centres = np.arange(length) + 0.5
        cells = np.floor(centres / (size + gap))
        within = centres - cells * (size + gap) - math.floor(gap / 2.0)
        squares = np.where((within >= 0.0) & (within < size), cells, -1.0)
        count = int(cells[-1]) + 1
        return cls(cells=cells.astype(np.int32), squares=squares.astype(np.int32), count=count)


class FishnetPainter(PointPainter):
    """Aggregates weights per cell."""

    def __init__(self, style: Fishnetmap, canvas: Canvas, clock: Clock | None = None) -> None:
        super().__init__(canvas, clock)
        self.style = style
        self.across = Axis.of(canvas.width, style.cell_size, style.cell_spacing)
        self.up = Axis.of(canvas.height, style.cell_size, style.cell_spacing)
        cells = self.across.count * self.up.count
        self.weights = GroupBy(aggregate=style.aggregate, size=cells)

    def choose(self, columns: Sequence[SourceColumn]) -> Weights:
        """One."""
        return one_weight(columns)

    def groups(self) -> list[tuple[GroupBy, int | None]]:
        """The weights of each cell."""
        return [(self.weights, 0)]

    def cells(self) -> tuple[Cells, Cells]:
        """Rows of pixels are counted from the top, those of cells from the bottom."""
        rows = self.up.cells[::-1] * np.int32(self.across.count)
        return np.ascontiguousarray(rows), self.across.cells

    def paint(self, check: Check) -> Pixels:
        """Colour the squares of the cells that have rows."""
        colours = np.zeros((self.weights.size + 1, 4), np.uint8)
        filled = np.flatnonzero(self.weights.counts)
        colours[filled] = self._colours(self.weights.finish_some(filled))
        check()
        return shade.indexed(colours, self._owners())

    def _colours(self, weights: Reals) -> Pixels:
        steps = shade.gradient(self.style.color_gradient, self.style.opacity)
        return shade.levels(shade.interpolate(shares(weights), steps))

    def _owners(self) -> Cells:
        """The cell of each pixel, -1 between the squares."""
        rows = self.up.squares[::-1, np.newaxis]
        columns = self.across.squares[np.newaxis, :]
        cells: Cells = rows * np.int32(self.across.count) + columns
        return np.where((rows < 0) | (columns < 0), np.int32(cpu.NOBODY), cells)


def shares(weights: Reals) -> Reals:
    """Where weights lie between the least and the 99th percentile of all; all equal: 0.5."""
    if not len(weights):
        return weights
    place = 99 * len(weights) // 100
    bound = float(weights.min()), float(np.partition(weights, place)[place])
    return shade.ratios(weights, bound)
