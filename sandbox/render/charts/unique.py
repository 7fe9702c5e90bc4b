"""Polygons filled by label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.failure import AgentFailure
from sandbox.render import shade
from sandbox.render.canvas import Canvas
from sandbox.render.charts.painter import Check, Pixels, Weights
from sandbox.render.charts.polygons import Groups, PolygonPainter
from sandbox.render.clock import Clock
from sandbox.render.columns import ShapeBatch, SourceColumn
from wire.charts import UniqueValueChoropleth
from wire.protocol import ErrorCode

UNLISTED = -1


class UniqueValuePainter(PolygonPainter):
    """Keeps per polygon the label that lies on top: the last by order, else the greatest text."""

    def __init__(
        self, style: UniqueValueChoropleth, canvas: Canvas, clock: Clock | None = None
    ) -> None:
        super().__init__(canvas, clock)
        self.style = style
        self.labels = sorted(style.unique_value_infos)
        self.places = np.zeros(0, np.int64)
        self.ranks = np.zeros(0, np.int64)

    def choose(self, columns: Sequence[SourceColumn]) -> Weights:
        """`label`, else the first column that is no geometry; as text."""
        called = [column for column in columns if column.name.lower() == "label"]
        others = [column for column in columns if column.kind != "geometry"]
        found = next(iter(called or others), None)
        if found is None:
            message = "label: the result has no column for the label beside the geometry"
            raise AgentFailure(ErrorCode.BAD_PARAMETER, message, facts={"parameter": "label"})
        return (replace(found, as_text=True),)

    def add_rows(self, groups: Groups, batch: ShapeBatch) -> None:
        """Let each row's label compete for its polygon."""
        self._make_room()
        ranks = self._ranks(batch.labels)
        listed = np.flatnonzero((groups >= 0) & (ranks != UNLISTED))
        places = np.zeros(len(groups), np.int64) if batch.order is None else batch.order + 1
        self._compete(groups[listed].astype(np.int64), places[listed], ranks[listed])

    def merge(self, other: UniqueValuePainter) -> None:
        """Let the other's labels compete."""
        self.tally.merge(other.tally)
        groups = self.shapes.merge(other.shapes)
        self._make_room()
        self._compete(groups, other.places[: len(groups)], other.ranks[: len(groups)])

    def paint(self, check: Check) -> Pixels:
        """As the choropleth, with the label in place of the weight."""
        drawn = np.flatnonzero(self.ranks != UNLISTED)
        order = self.in_order(drawn, self.places[drawn], self.ranks[drawn])
        colours = self._colours()[self.ranks[drawn[order]]]
        return self.fill(drawn[order], colours, check)

    def _make_room(self) -> None:
        missing = max(len(self.shapes) - len(self.places), 0)
        self.places = np.concatenate([self.places, np.zeros(missing, np.int64)])
        self.ranks = np.concatenate([self.ranks, np.full(missing, UNLISTED)])

    def _compete(
        self, groups: NDArray[np.int64], places: NDArray[np.int64], ranks: NDArray[np.int64]
    ) -> None:
        """The later place wins, at the same place the greater rank."""
        held = np.unique(groups)
        rivals = np.concatenate([held, groups])
        places = np.concatenate([self.places[held], places])
        ranks = np.concatenate([self.ranks[held], ranks])
        order = np.lexsort((ranks, places, rivals))
        groups = rivals[order]
        top = order[np.flatnonzero(np.diff(groups, append=-1))]
        self.places[rivals[top]] = places[top]
        self.ranks[rivals[top]] = ranks[top]

    def _ranks(self, labels: pa.StringArray) -> NDArray[np.int64]:
        """The place of each label among those that have a colour."""
        found = pc.index_in(labels.cast(pa.string()), pa.array(self.labels, pa.string()))
        ranks: NDArray[np.int64] = found.fill_null(UNLISTED).to_numpy().astype(np.int64)
        return ranks

    def _colours(self) -> Pixels:
        infos = self.style.unique_value_infos
        steps = shade.gradient([infos[label] for label in self.labels], self.style.opacity)
        return shade.levels(steps)
