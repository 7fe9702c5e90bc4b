"""Which painter draws which style; one more chart is one more line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sandbox.render.canvas import Canvas
from sandbox.render.charts.choropleth import ChoroplethPainter
from sandbox.render.charts.fishnet import FishnetPainter
from sandbox.render.charts.heatmap import HeatmapPainter
from sandbox.render.charts.icon import IconPainter
from sandbox.render.charts.lanes import Lanes
from sandbox.render.charts.painter import Painter
from sandbox.render.charts.pointmap import PointmapPainter
from sandbox.render.charts.unique import UniqueValuePainter
from sandbox.render.charts.weighted import WeightedPainter
from sandbox.render.clock import Clock
from sandbox.render.threads import processors
from wire.charts import (
    Choropleth,
    Fishnetmap,
    Heatmap,
    IconViz,
    Pointmap,
    Style,
    UniqueValueChoropleth,
    Weighted,
)

PAINTERS: Final[dict[type[Style], Callable[[Any, Canvas, Clock], Any]]] = {
    Pointmap: PointmapPainter,
    Weighted: WeightedPainter,
    Heatmap: HeatmapPainter,
    Choropleth: ChoroplethPainter,
    UniqueValueChoropleth: UniqueValuePainter,
    IconViz: IconPainter,
    Fishnetmap: FishnetPainter,
}


LANED: Final = frozenset({Pointmap, Weighted, Heatmap, Fishnetmap})
MAX_LANE_PIXELS: Final = 4_194_304
"""Of a larger picture one lane's grids are enough for the memory of a scope."""


def painter(style: Style, clock: Clock) -> Painter:
    """The painter of one picture, on as many threads as there are for it."""
    canvas = Canvas.of(style)
    if type(style) not in LANED or canvas.pixels > MAX_LANE_PIXELS or processors() == 1:
        return one_painter(style, clock)
    return Lanes(lambda own: _made(style, canvas, own), processors(), clock)


def one_painter(style: Style, clock: Clock) -> Painter:
    """The painter of one picture, on this thread only."""
    alone: Painter = _made(style, Canvas.of(style), clock)
    return alone


def _made(style: Style, canvas: Canvas, clock: Clock) -> Any:
    return PAINTERS[type(style)](style, canvas, clock)
