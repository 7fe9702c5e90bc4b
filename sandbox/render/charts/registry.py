"""Which painter draws which style; one more chart is one more line."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
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


DEVICE_NODE: Final = Path("/dev/nvidiactl")
LANED: Final = frozenset({Pointmap, Weighted, Heatmap, Fishnetmap})
MAX_LANE_PIXELS: Final = 4_194_304
"""All lanes together: each has grids of its own, and a scope's memory is small."""


def painter(style: Style, clock: Clock) -> Painter:
    """The painter of one picture: on a CUDA device if there is one, else on all processors."""
    canvas = Canvas.of(style)
    if type(style) not in LANED:
        return one_painter(style, clock)
    if has_device():
        # Not at the top: only where there is a device is there a library for it.
        from sandbox.render.charts.device import DevicePainter

        return DevicePainter(_made(style, canvas, clock))
    lanes = min(processors(), MAX_LANE_PIXELS // canvas.pixels)
    if lanes < 2:
        return one_painter(style, clock)
    return Lanes(lambda own: _made(style, canvas, own), lanes, clock)


@lru_cache(maxsize=1)
def has_device() -> bool:
    """Whether this process can use a CUDA device."""
    if not DEVICE_NODE.exists():
        return False
    try:
        from numba import cuda

        return bool(cuda.is_available())
    except (ImportError, OSError, RuntimeError):
        # A node without a driver, or without the libraries of the extra `gpu`.
        return False


def one_painter(style: Style, clock: Clock) -> Painter:
    """The painter of one picture, on this thread only."""
    alone: Painter = _made(style, Canvas.of(style), clock)
    return alone


def _made(style: Style, canvas: Canvas, clock: Clock) -> Any:
    return PAINTERS[type(style)](style, canvas, clock)
