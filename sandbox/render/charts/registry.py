"""Which painter draws which style; one more chart is one more line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sandbox.render.canvas import Canvas
from sandbox.render.charts.choropleth import ChoroplethPainter
from sandbox.render.charts.fishnet import FishnetPainter
from sandbox.render.charts.heatmap import HeatmapPainter
from sandbox.render.charts.icon import IconPainter
from sandbox.render.charts.painter import Painter
from sandbox.render.charts.pointmap import PointmapPainter
from sandbox.render.charts.unique import UniqueValuePainter
from sandbox.render.charts.weighted import WeightedPainter
from sandbox.render.clock import Clock
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

PAINTERS: Final[dict[type[Style], Callable[[Any, Canvas, Clock], Painter]]] = {
    Pointmap: PointmapPainter,
    Weighted: WeightedPainter,
    Heatmap: HeatmapPainter,
    Choropleth: ChoroplethPainter,
    UniqueValueChoropleth: UniqueValuePainter,
    IconViz: IconPainter,
    Fishnetmap: FishnetPainter,
}


def painter(style: Style, clock: Clock) -> Painter:
    """The painter of one picture."""
    return PAINTERS[type(style)](style, Canvas.of(style), clock)
