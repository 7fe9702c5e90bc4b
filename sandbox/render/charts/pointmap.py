"""Discs of one size and colour."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sandbox.render import discs, shade
from sandbox.render.aggregate.groups import GroupBy
from sandbox.render.canvas import Canvas
from sandbox.render.charts.painter import Check, Pixels, PointPainter, Weights
from sandbox.render.clock import Clock
from sandbox.render.columns import SourceColumn, no_weight
from sandbox.render.threads import spread, strips
from wire.charts import Pointmap


class PointmapPainter(PointPainter):
    """Counts rows per pixel; how many discs meet where follows from the counts."""

    def __init__(self, style: Pointmap, canvas: Canvas, clock: Clock | None = None) -> None:
        super().__init__(canvas, clock)
        self.style = style
        self.rows = GroupBy(aggregate="count", size=canvas.pixels)

    def choose(self, columns: Sequence[SourceColumn]) -> Weights:
        """None."""
        return no_weight(columns)

    def groups(self) -> list[tuple[GroupBy, int | None]]:
        """Rows, counted."""
        return [(self.rows, None)]

    def paint(self, check: Check) -> Pixels:
        """Lay the discs and give them their colour, strip by strip."""
        height, width = self.canvas.height, self.canvas.width
        strip = partial(self._strip, self.rows.counts.reshape(height, width), check)
        return np.concatenate(spread(strip, strips(height, width)))

    def _strip(self, counts: NDArray[np.uint32], check: Check, rows: tuple[int, int]) -> Pixels:
        check()
        colour = shade.colour(self.style.point_color, self.style.opacity)
        alphas = overlay(counts, rows, self.style.point_size, float(colour[0, 3]))
        return shade.one_colour(alphas, colour)


def overlay(
    counts: NDArray[np.uint32], rows: tuple[int, int], size: float, alpha: float
) -> NDArray[np.float64]:
    """Alpha per pixel of some rows, of `counts` discs in each pixel of diameter `size`."""
    logs = np.zeros((rows[1] - rows[0], counts.shape[1]))
    # A disc larger than this covers the whole picture from anywhere in it.
    size = min(size, 2.0 * (sum(counts.shape) + 1))
    if size > 0.0 and alpha > 0.0:
        discs.spread_discs(counts, rows[0], size, alpha, logs)
    return -np.expm1(logs)
