"""Rows from arrays, so that charts are tested without Spark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import shapely

from sandbox.render.canvas import Canvas
from sandbox.render.charts.painter import Painter
from sandbox.render.charts.registry import one_painter
from sandbox.render.clock import Clock
from sandbox.render.columns import ChooseWeights, PointBatch, ShapeBatch, SourceColumn
from sandbox.render.tally import Fault
from wire.charts import Style, parse

UNIT_BOX = {"width": 5, "height": 5, "bounding_box": [0, 0, 5, 5]}


def nothing() -> None:
    """Nobody cancels."""


def points(
    *places: tuple[float, float],
    weights: Sequence[Sequence[float] | None] = (),
    faults: Sequence[int] | None = None,
    order: Sequence[int] | None = None,
) -> PointBatch:
    """A batch of points."""
    x, y = np.array(places, np.float64).reshape(-1, 2).T
    return PointBatch(
        x=np.ascontiguousarray(x),
        y=np.ascontiguousarray(y),
        faults=np.array(faults or [0] * len(places), np.uint8),
        weights=tuple(None if w is None else np.array(w, np.float64) for w in weights),
        order=None if order is None else np.array(order, np.int64),
    )


def shapes(
    *wkts: str | None,
    weights: Sequence[float] | None = None,
    labels: Sequence[str | None] | None = None,
    order: Sequence[int] | None = None,
) -> ShapeBatch:
    """A batch of geometries given as WKT."""
    with np.errstate(invalid="ignore"):
        wkbs = [None if wkt is None else shapely.to_wkb(shapely.from_wkt(wkt)) for wkt in wkts]
    return ShapeBatch(
        wkb=pa.array(wkbs, pa.binary()),
        faults=np.array([Fault.NULL if wkb is None else 0 for wkb in wkbs], np.uint8),
        weights=(None if weights is None else np.array(weights, np.float64),),
        labels=None if labels is None else pa.array(labels, pa.string()),
        order=None if order is None else np.array(order, np.int64),
    )


def chart(name: str, **params: Any) -> Painter:
    """A painter over a box of 5 x 5 pixels, one metre each."""
    return one_painter(style(name, **params), Clock())


def style(name: str, **params: Any) -> Style:
    """A style over that box."""
    return parse(name, UNIT_BOX | params)


def paint(artist: Painter, *batches: PointBatch | ShapeBatch) -> np.ndarray:
    """The picture of some batches."""
    for batch in batches:
        artist.add(batch)
    return artist.paint(nothing)


def alphas(pixels: np.ndarray) -> list[list[int]]:
    """The alpha of each pixel."""
    levels: list[list[int]] = pixels[..., 3].tolist()
    return levels


def letters(pixels: np.ndarray, names: dict[tuple[int, int, int, int], str]) -> list[str]:
    """Rows from the top, a letter a pixel; `.` is transparent."""
    known = {(0, 0, 0, 0): "."} | names
    return ["".join(known[tuple(int(v) for v in pixel)] for pixel in row) for row in pixels]


@dataclass
class ArrayColumns:
    """Columns that hand out given batches."""

    given: list[Any]
    source: Literal["direct", "spark", "cache"] = "cache"
    cached: bool = True

    def points(self, *, in_order: bool = False) -> Iterator[PointBatch]:
        """The batches."""
        return iter(self.given)

    def shapes(self) -> Iterator[ShapeBatch]:
        """The batches."""
        return iter(self.given)


@dataclass
class ArrayProvider:
    """A provider that answers any SQL with the same batches, and remembers the SQL."""

    given: list[Any]
    seen: list[str] = field(default_factory=list)

    def open(self, sql: str, choose_weights: ChooseWeights) -> ArrayColumns:
        """The batches."""
        self.seen.append(sql)
        choose_weights([SourceColumn(position=0, name="label", kind="text")])
        return ArrayColumns(self.given)


def canvas(**params: Any) -> Canvas:
    """The canvas of a pointmap over the box."""
    return Canvas.of(style("pointmap", **params))
