"""Polygons filled by weight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sandbox.render import shade
from sandbox.render.aggregate import cpu
from sandbox.render.aggregate.groups import GroupBy
from sandbox.render.canvas import Canvas
from sandbox.render.charts.painter import Check, Painter, Pixels, Weights, mark_null_weights
from sandbox.render.clock import Clock
from sandbox.render.columns import Columns, ShapeBatch, SourceColumn, one_weight
from sandbox.render.fill import fill_shapes
from sandbox.render.shapes import Shapes
from wire.charts import Choropleth

SHAPES_PER_CHECK = 2_000


class ChoroplethPainter(Painter):
    """Aggregates the weights of identical polygons, then fills each polygon once."""

    def __init__(self, style: Choropleth, canvas: Canvas, clock: Clock | None = None) -> None:
        super().__init__(canvas, clock)
        self.style = style
        self.shapes = Shapes(canvas)
        self.weights = GroupBy(aggregate=style.aggregate, size=0)
        self.places = np.zeros(0, np.int64)

    def choose(self, columns: Sequence[SourceColumn]) -> Weights:
        """One."""
        return one_weight(columns)

    def batches(self, columns: Columns) -> Iterator[ShapeBatch]:
        """The rows as WKB."""
        return columns.shapes()

    def add(self, batch: ShapeBatch) -> None:
        """Aggregate the weights of each polygon."""
        with self.clock.stage("project"):
            groups = self.shapes.add(batch.wkb, batch.faults)
        with self.clock.stage("aggregate"):
            mark_null_weights(batch)
            cpu.forget_faulty(groups, batch.faults)
            self.tally.add(batch.faults)
            self._add_rows(groups, batch)

    def merge(self, other: ChoroplethPainter) -> None:
        """Add the other's polygons and aggregates."""
        self.tally.merge(other.tally)
        groups = self.shapes.merge(other.shapes)
        self._make_room()
        self.weights.merge_into(groups, other.weights)
        np.maximum.at(self.places, groups, other.places[: len(groups)])

    def paint(self, check: Check) -> Pixels:
        """Fill the polygons in order, later ones over earlier."""
        drawn = np.flatnonzero(self.weights.counts[: self.weights.size])
        weights = self.weights.finish()[drawn]
        order = self._order(drawn, weights)
        owners = self._fill(drawn[order], check)
        return self._levels(owners, weights[order])

    def _add_rows(self, groups: NDArray[np.int32], batch: ShapeBatch) -> None:
        self._make_room()
        self.weights.add(groups, batch.weights[0])
        if batch.order is not None:
            sound = groups >= 0
            np.maximum.at(self.places, groups[sound], batch.order[sound] + 1)

    def _make_room(self) -> None:
        missing = max(len(self.shapes) - len(self.places), 0)
        self.places = np.concatenate([self.places, np.zeros(missing, np.int64)])
        self.weights.grow(len(self.shapes))

    def _order(self, drawn: NDArray[np.intp], weights: NDArray[np.float64]) -> list[int]:
        """The asked order, by the last row of each; without one the heaviest last."""
        wkbs = self.shapes.wkbs(drawn)
        keys = list(zip(self.places[drawn], weights, wkbs, strict=True))
        return sorted(range(len(keys)), key=keys.__getitem__)

    def _fill(self, groups: NDArray[np.intp], check: Check) -> NDArray[np.int32]:
        """Per pixel the place in `groups` of the polygon on top, -1 for none."""
        owners = np.full((self.canvas.height, self.canvas.width), cpu.NOBODY, np.int32)
        for first in range(0, len(groups), SHAPES_PER_CHECK):
            outlines = self.shapes.outlines(groups[first : first + SHAPES_PER_CHECK])
            fill_shapes(outlines.corners, outlines.rings, outlines.shapes, first, owners)
            check()
        return owners

    def _levels(self, owners: NDArray[np.int32], weights: NDArray[np.float64]) -> Pixels:
        steps = shade.gradient(self.style.color_gradient, self.style.opacity)
        ratios = shade.ratios(weights, self.style.color_bound)
        colours = shade.levels(shade.interpolate(ratios, steps))
        nothing = np.zeros((1, 4), np.uint8)
        # The owner -1 takes the last colour, which is none.
        return np.concatenate([colours, nothing])[owners]
