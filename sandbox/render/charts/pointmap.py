"""Discs of one size and colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sandbox.render import discs, shade
from sandbox.render.aggregate import cpu
from sandbox.render.canvas import Canvas
from sandbox.render.charts.painter import Check, Pixels, PointPainter, Weights
from sandbox.render.clock import Clock
from sandbox.render.columns import PointBatch, SourceColumn, no_weight
from wire.charts import Pointmap

ROWS_PER_CHECK = 64


class PointmapPainter(PointPainter):
    """Counts rows per pixel; how many discs meet where follows from the counts."""

    def __init__(self, style: Pointmap, canvas: Canvas, clock: Clock | None = None) -> None:
        super().__init__(canvas, clock)
        self.style = style
        self.counts = np.zeros(canvas.pixels, np.uint32)

    def choose(self, columns: Sequence[SourceColumn]) -> Weights:
        """None."""
        return no_weight(columns)

    def add(self, batch: PointBatch) -> None:
        """Count the rows of each pixel."""
        pixels = self.locate(batch)
        with self.clock.stage("aggregate"):
            cpu.add_counts(pixels, self.counts)

    def merge(self, other: PointmapPainter) -> None:
        """Add the other's counts."""
        self.tally.merge(other.tally)
        self.counts += other.counts

    def paint(self, check: Check) -> Pixels:
        """Lay the discs and give them their colour."""
        colour = shade.colour(self.style.point_color, self.style.opacity)
        counts = self.counts.reshape(self.canvas.height, self.canvas.width)
        alphas = overlay(counts, self.style.point_size, float(colour[0, 3]), check)
        return shade.one_colour(alphas, colour)


def overlay(
    counts: NDArray[np.uint32], size: float, alpha: float, check: Check
) -> NDArray[np.float64]:
    """Alpha per pixel of `counts` discs in each; `size` is their diameter in pixels."""
    logs = np.zeros(counts.shape)
    # A disc larger than this covers the whole picture from anywhere in it.
    size = min(size, 2.0 * (sum(counts.shape) + 1))
    if size > 0.0 and alpha > 0.0:
        for row in range(len(counts)):
            discs.spread_row(counts, row, size, alpha, logs)
            if row % ROWS_PER_CHECK == 0:
                check()
    return -np.expm1(logs)
