"""What charts of polygons share: rows to distinct polygons, and these to pixels."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.render import shade
from sandbox.render.aggregate import cpu
from sandbox.render.canvas import Canvas
from sandbox.render.charts.painter import Check, Painter, Pixels, mark_null_weights
from sandbox.render.clock import Clock
from sandbox.render.columns import Columns, ShapeBatch
from sandbox.render.fill import fill_shapes
from sandbox.render.outlines import Outlines
from sandbox.render.shapes import Shapes
from sandbox.render.threads import bands, spread

SHAPES_PER_CHECK: Final = 20_000
LEAST_ROWS: Final = 64

Ids = NDArray[np.int64]
Groups = NDArray[np.int32]


class PolygonPainter(Painter):
    """Numbers distinct polygons, then fills each once, later ones over earlier."""

    def __init__(self, canvas: Canvas, clock: Clock | None = None) -> None:
        super().__init__(canvas, clock)
        self.shapes = Shapes(canvas)

    def batches(self, columns: Columns) -> Iterator[ShapeBatch]:
        """The rows as WKB."""
        return columns.shapes()

    def add(self, batch: ShapeBatch) -> None:
        """Find the polygon of each row, and take in what the row says of it."""
        with self.clock.stage("project"):
            groups = self.shapes.add(batch.wkb, batch.faults)
        with self.clock.stage("aggregate"):
            mark_null_weights(batch)
            cpu.forget_faulty(groups, batch.faults)
            self.tally.add(batch.faults)
            self.add_rows(groups, batch)

    @abstractmethod
    def add_rows(self, groups: Groups, batch: ShapeBatch) -> None:
        """Take in rows; `groups` are the numbers of their polygons, -1 where there is none."""

    def in_order(
        self, ids: Ids, *keys: NDArray[np.float64] | NDArray[np.int64]
    ) -> NDArray[np.intp]:
        """Places in `ids` from the lowest to the topmost: by these keys, ties by WKB."""
        names = [f"key{i}" for i in range(len(keys))]
        columns = [*(pa.array(key) for key in keys), pa.array(self.shapes.wkbs(ids), pa.binary())]
        table = pa.table(columns, names=[*names, "wkb"])
        order = pc.sort_indices(table, [(name, "ascending") for name in table.column_names])
        places: NDArray[np.intp] = order.to_numpy().astype(np.intp)
        return places

    def fill(self, ids: Ids, colours: Pixels, check: Check) -> Pixels:
        """The picture of some polygons, a colour (n, 4) each, later ones on top."""
        owners = np.full((self.canvas.height, self.canvas.width), cpu.NOBODY, np.int32)
        for first in range(0, len(ids), SHAPES_PER_CHECK):
            outlines = self.shapes.outlines(ids[first : first + SHAPES_PER_CHECK])
            spread(partial(_fill, outlines, first, owners), bands(len(owners), LEAST_ROWS))
            check()
        # The owner -1 takes the last colour, which is none.
        return shade.indexed(np.concatenate([colours, np.zeros((1, 4), np.uint8)]), owners)


def _fill(outlines: Outlines, first: int, owners: NDArray[np.int32], rows: tuple[int, int]) -> None:
    """Fill shapes, the first of which owns its pixels as `first`, in these rows only."""
    fill_shapes(outlines.corners, outlines.rings, outlines.shapes, first, rows[0], rows[1], owners)
