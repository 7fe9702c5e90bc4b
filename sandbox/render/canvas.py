"""A pixel grid laid over ground: which pixel a place belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sandbox.failure import AgentFailure
from sandbox.render.aggregate import cpu, edges
from sandbox.render.grid import Axis, Grid
from sandbox.render.threads import bands, spread
from sandbox.spatial.crs import LONLAT, MERCATOR, canonical, to_web_mercator
from wire.charts import Style
from wire.protocol import ErrorCode

Reals = NDArray[np.float64]
Bounds = tuple[float, float, float, float]
"""(min_x, min_y, max_x, max_y) in metres of Web Mercator."""

LEAST_PLACES = 65_536
"""Fewer are projected before a second thread has begun."""

KINDS = {LONLAT: (edges.LON, edges.LAT), MERCATOR: (edges.METRES, edges.METRES)}
"""What x and y are, where pixels need no projection of every row."""


def project(x: Reals, y: Reals, crs: str) -> tuple[Reals, Reals]:
    """Metres of Web Mercator; a place that has none is not finite. An unknown CRS is refused."""
    if canonical(crs) == LONLAT:
        return _on_threads(cpu.mercator_x, x), _on_threads(cpu.mercator_y, y)
    return to_web_mercator(x, y, crs)


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """`width` x `height` pixels over `bounds`, for data whose coordinates are in `crs`."""

    width: int
    height: int
    bounds: Bounds
    crs: str = "EPSG:3857"

    @classmethod
    def of(cls, style: Style) -> Canvas:
        """The canvas a style asks for; raises AgentFailure(BAD_PARAMETER) if there is none."""
        min_x, min_y, max_x, max_y = style.bounding_box
        corners = np.array([min_x, max_x]), np.array([min_y, max_y])
        try:
            x, y = project(*corners, style.coordinate_system)
        except AgentFailure as failure:
            raise _bad_parameter(parameter="coordinate_system", why=failure.message) from failure
        bounds = (float(x[0]), float(y[0]), float(x[1]), float(y[1]))
        if not (np.isfinite(bounds).all() and x[0] < x[1] and y[0] < y[1]):
            raise _no_such_box(style)
        return cls(
            width=style.width, height=style.height, bounds=bounds, crs=style.coordinate_system
        )

    @property
    def pixels(self) -> int:
        """How many pixels there are."""
        return self.width * self.height

    @cached_property
    def frame(self) -> Reals:
        """Bounds and sides as the kernels take them."""
        return np.array([*self.bounds, self.width, self.height], np.float64)

    @cached_property
    def grid(self) -> Grid | None:
        """How pixels of places in metres or degrees are looked up; None where they cannot be."""
        x0, y0, x1, y1 = self.bounds
        kinds = KINDS.get(canonical(self.crs))
        if kinds is None:
            return None
        across = Axis.of(x0, x1, self.width, kinds[0])
        grid = Grid(across=across, up=Axis.of(y0, y1, self.height, kinds[1]), kind=kinds[0])
        return grid if grid.is_sound else None

    def locate(self, x: Reals, y: Reals, faults: NDArray[np.uint8]) -> NDArray[np.int32]:
        """The pixel of each row without a fault, -1 for the others, which `faults` then tells."""
        if self.grid is None:
            cpu.mark_not_finite(x, y, faults)
            x, y = project(x, y, self.crs)
        return self.locate_projected(x, y, faults)

    def locate_projected(self, x: Reals, y: Reals, faults: NDArray[np.uint8]) -> NDArray[np.int32]:
        """The same for places in metres, or as they came where there is a grid for them."""
        if self.grid is not None:
            return self.grid.locate(x, y, faults)
        return cpu.locate(x, y, self.frame, faults)

    def pixel_space(self, x: Reals, y: Reals) -> Reals:
        """Places of Web Mercator in pixels (n, 2), counted up from the bottom-left corner."""
        x0, y0, x1, y1 = self.bounds
        across = (x - x0) * self.width / (x1 - x0)
        return np.stack([across, (y - y0) * self.height / (y1 - y0)], axis=1)


def _on_threads(kernel: Callable[[Reals], Reals], values: Reals) -> Reals:
    parts = bands(len(values), LEAST_PLACES)
    if len(parts) == 1:
        return kernel(values)
    return np.concatenate(spread(lambda part: kernel(values[slice(*part)]), parts))


def _no_such_box(style: Style) -> AgentFailure:
    box = list(style.bounding_box)
    why = f"{box} of {style.coordinate_system} is no area of Web Mercator"
    return _bad_parameter(parameter="bounding_box", why=why)


def _bad_parameter(parameter: str, why: str) -> AgentFailure:
    facts = {"parameter": parameter}
    return AgentFailure(ErrorCode.BAD_PARAMETER, f"{parameter}: {why}", facts=facts)
