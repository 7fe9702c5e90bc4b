"""Styles of maps by the names and in the order of arguments that Arctern had.

Each answers a `Vega`; what is not given has the chart's own default.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "vega_choroplethmap",
    "vega_fishnetmap",
    "vega_heatmap",
    "vega_icon",
    "vega_pointmap",
    "vega_unique_value_choroplethmap",
    "vega_weighted_pointmap",
]

Bounds = Sequence[float]
"""min_x, min_y, max_x, max_y in the style's coordinate system."""

MERCATOR = "EPSG:3857"


@dataclass(frozen=True)
class Vega:
    """The style of one map: the chart's name and its parameters, as the REST API has them."""

    chart: str
    params: dict[str, Any]

    def build(self) -> str:
        """The style as JSON."""
        return json.dumps({"chart": self.chart, "params": self.params})

    def coor(self) -> str:
        """The coordinate system of data and bounding box."""
        return str(self.params["coordinate_system"])

    def bounding_box(self) -> list[float]:
        """min_x, min_y, max_x, max_y."""
        return list(self.params["bounding_box"])

    def width(self) -> int:
        """In pixels."""
        return int(self.params["width"])

    def height(self) -> int:
        """In pixels."""
        return int(self.params["height"])


def vega_pointmap(  # noqa: PLR0913  (Arctern's signature, here and below)
    width: int,
    height: int,
    bounding_box: Bounds,
    point_size: float = 3,
    point_color: str = "#115f9a",
    opacity: float = 1.0,
    coordinate_system: str = MERCATOR,
) -> Vega:
    """Discs of one size and colour."""
    return Vega("pointmap", _plain(locals()))


def vega_weighted_pointmap(  # noqa: PLR0913
    width: int,
    height: int,
    bounding_box: Bounds,
    color_gradient: Sequence[str],
    color_bound: Sequence[float] | None = None,
    size_bound: Sequence[float] | None = None,
    opacity: float = 1.0,
    coordinate_system: str = MERCATOR,
    aggregation_type: str = "max",
) -> Vega:
    """Discs whose colour and size are weights."""
    return Vega("weighted", _plain(locals()))


def vega_heatmap(  # noqa: PLR0913
    width: int,
    height: int,
    bounding_box: Bounds,
    map_zoom_level: float,
    coordinate_system: str = MERCATOR,
    aggregation_type: str = "sum",
) -> Vega:
    """Weights blurred to a surface."""
    return Vega("heatmap", _plain(locals()))


def vega_choroplethmap(  # noqa: PLR0913
    width: int,
    height: int,
    bounding_box: Bounds,
    color_gradient: Sequence[str],
    color_bound: Sequence[float] | None = None,
    opacity: float = 1.0,
    coordinate_system: str = MERCATOR,
    aggregation_type: str = "sum",
) -> Vega:
    """Polygons filled by weight."""
    return Vega("choropleth", _plain(locals()))


def vega_unique_value_choroplethmap(  # noqa: PLR0913
    width: int,
    height: int,
    bounding_box: Bounds,
    unique_value_infos: dict[str, str] | None = None,
    opacity: float = 1.0,
    coordinate_system: str = MERCATOR,
) -> Vega:
    """Polygons filled by label."""
    unique_value_infos = unique_value_infos or {}
    return Vega("unique_value_choropleth", _plain(locals()))


def vega_icon(  # noqa: PLR0913
    width: int,
    height: int,
    bounding_box: Bounds,
    icon_path: str,
    icon_size: Sequence[float] | None = None,
    coordinate_system: str = MERCATOR,
) -> Vega:
    """An icon per point, in its own size where none is given (as Arctern wrote it: [-1, -1])."""
    icon_size = None if icon_size is None or min(icon_size) < 0 else icon_size
    return Vega("icon_viz", _plain(locals()))


def vega_fishnetmap(  # noqa: PLR0913
    width: int,
    height: int,
    bounding_box: Bounds,
    color_gradient: Sequence[str] | None = None,
    cell_size: float = 4,
    cell_spacing: float = 1,
    opacity: float = 1.0,
    coordinate_system: str = MERCATOR,
    aggregation_type: str = "sum",
) -> Vega:
    """Square cells coloured by weight."""
    return Vega("fishnetmap", _plain(locals()))


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """What was given, as JSON has it."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in given.items()
        if value is not None
    }
