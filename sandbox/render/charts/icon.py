"""An icon per row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sandbox.render import icons, shade
from sandbox.render.aggregate.groups import GroupBy
from sandbox.render.aggregate.places import Places
from sandbox.render.canvas import Canvas
from sandbox.render.charts.painter import Check, Pixels, PointPainter, Weights
from sandbox.render.clock import Clock
from sandbox.render.columns import Columns, PointBatch, SourceColumn, no_weight
from sandbox.render.stamps import stamp_icon
from sandbox.render.threads import spread, strips
from wire.charts import IconViz

PIXELS_PER_CHECK: Final = 20_000_000


class IconPainter(PointPainter):
    """Keeps where rows stand and in which order, then lays the icons, later ones on top."""

    def __init__(self, style: IconViz, canvas: Canvas, clock: Clock | None = None) -> None:
        super().__init__(canvas, clock)
        self.style = style
        self.icon = icons.load(style)
        self.places = Places()

    def choose(self, columns: Sequence[SourceColumn]) -> Weights:
        """None."""
        return no_weight(columns)

    def batches(self, columns: Columns) -> Iterator[PointBatch]:
        """The rows as points, with their order."""
        return columns.points(in_order=True)

    def groups(self) -> list[tuple[GroupBy, int | None]]:
        """Nothing: rows are kept, not aggregated."""
        return []

    def add(self, batch: PointBatch) -> None:
        """Keep the pixel and the order of each row."""
        pixels = self.locate(batch)
        with self.clock.stage("aggregate"):
            self.places.add(pixels, batch.order)

    def merge(self, other: PointPainter) -> None:
        """Add the other's rows."""
        super().merge(other)
        if isinstance(other, IconPainter):
            self.places.merge(other.places)

    def paint(self, check: Check) -> Pixels:
        """The last row's icon first, each under those before it; strip by strip."""
        icon = self.icon.astype(np.float32) / np.float32(255.0)
        rows = strips(self.canvas.height, self.canvas.width, least=2 * icon.shape[0])
        strip = partial(self._strip, *self.places.last_first(), icon, check)
        return np.concatenate(spread(strip, rows))

    def _strip(
        self,
        pixels: NDArray[np.int32],
        counts: NDArray[np.int64],
        icon: NDArray[np.float32],
        check: Check,
        rows: tuple[int, int],
    ) -> Pixels:
        through = np.ones((rows[1] - rows[0], self.canvas.width), np.float32)
        seen = np.zeros((*through.shape, 3), np.float32)
        anchor = np.array([*self._anchor(), rows[0]], np.int64)
        step = max(PIXELS_PER_CHECK // (icon.shape[0] * icon.shape[1]), 1)
        for first in range(0, len(pixels), step):
            check()
            part = slice(first, first + step)
            stamp_icon(pixels[part], counts[part], icon, anchor, through, seen)
        return shade.straight(through, seen)

    def _anchor(self) -> tuple[int, int]:
        """The icon's pixel, from the left and from below, that lies on the point's pixel."""
        height, width = self.icon.shape[:2]
        anchors = {
            "bottom-left": (0, 0),
            "bottom": (width // 2, 0),
            "center": (width // 2, height // 2),
        }
        return anchors[self.style.anchor]
