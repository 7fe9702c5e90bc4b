"""Polygons filled by weight."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sandbox.render import shade
from sandbox.render.aggregate.groups import GroupBy
from sandbox.render.canvas import Canvas
from sandbox.render.charts.painter import Check, Pixels, Weights
from sandbox.render.charts.polygons import Groups, PolygonPainter
from sandbox.render.clock import Clock
from sandbox.render.columns import ShapeBatch, SourceColumn, one_weight
from wire.charts import Choropleth


class ChoroplethPainter(PolygonPainter):
    """Aggregates the weights of identical polygons."""

    def __init__(self, style: Choropleth, canvas: Canvas, clock: Clock | None = None) -> None:
        super().__init__(canvas, clock)
        self.style = style
        self.weights = GroupBy(aggregate=style.aggregate, size=0)
        self.places = np.zeros(0, np.int64)

    def choose(self, columns: Sequence[SourceColumn]) -> Weights:
        """One."""
        return one_weight(columns)

    def add_rows(self, groups: Groups, batch: ShapeBatch) -> None:
        """Aggregate the weights of each polygon."""
        self._make_room()
        self.weights.add(groups, batch.weights[0])
        if batch.order is not None:
            sound = groups >= 0
            np.maximum.at(self.places, groups[sound], batch.order[sound] + 1)

    def merge(self, other: ChoroplethPainter) -> None:
        """Add the other's polygons and aggregates."""
        self.tally.merge(other.tally)
        groups = self.shapes.merge(other.shapes)
        self._make_room()
        self.weights.merge_into(groups, other.weights)
        np.maximum.at(self.places, groups, other.places[: len(groups)])

    def paint(self, check: Check) -> Pixels:
        """The asked order, by the last row of each polygon; without one the heaviest on top."""
        drawn = np.flatnonzero(self.weights.counts[: self.weights.size])
        weights = self.weights.finish_some(drawn)
        order = self.in_order(drawn, self.places[drawn], weights)
        return self.fill(drawn[order], self._colours(weights[order]), check)

    def _make_room(self) -> None:
        missing = max(len(self.shapes) - len(self.places), 0)
        self.places = np.concatenate([self.places, np.zeros(missing, np.int64)])
        self.weights.grow(len(self.shapes))

    def _colours(self, weights: NDArray[np.float64]) -> Pixels:
        steps = shade.gradient(self.style.color_gradient, self.style.opacity)
        ratios = shade.ratios(weights, self.style.color_bound)
        return shade.levels(shade.interpolate(ratios, steps))
