"""Weights blurred to a surface."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.render import shade
from sandbox.render.aggregate.groups import GroupBy
from sandbox.render.blur import box_blur, gaussian_blur
from sandbox.render.canvas import Canvas
from sandbox.render.charts.painter import Check, Pixels, PointPainter, Weights
from sandbox.render.clock import Clock
from sandbox.render.columns import SourceColumn, one_weight
from wire.charts import Heatmap

BLURS = {"box": box_blur, "gaussian": gaussian_blur}


class HeatmapPainter(PointPainter):
    """Aggregates weights per pixel, then blurs and colours the grid."""

    def __init__(self, style: Heatmap, canvas: Canvas, clock: Clock | None = None) -> None:
        super().__init__(canvas, clock)
        self.style = style
        self.weights = GroupBy(aggregate=style.aggregate, size=canvas.pixels)

    def choose(self, columns: Sequence[SourceColumn]) -> Weights:
        """One."""
        return one_weight(columns)

    def groups(self) -> list[tuple[GroupBy, int | None]]:
        """The weights of each pixel."""
        return [(self.weights, 0)]

    def paint(self, check: Check) -> Pixels:
        """Blur and colour."""
        grid = self.weights.finish().reshape(self.canvas.height, self.canvas.width)
        if grid.any():
            grid = BLURS[self.style.kernel](grid, self.style.map_zoom_level, check)
        return shade.heat(grid)
