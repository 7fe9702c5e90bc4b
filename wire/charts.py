"""What a caller may choose about a map: one typed style per chart, checked alike on both sides.

A chart is one struct and one line in `CHARTS`. Colours are texts here; `rgba` reads them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, get_args

import msgspec
from msgspec import UNSET, Meta
from msgspec.structs import FieldInfo

MAX_SIDE_PX: Final = 16_384
MAX_WEBP_SIDE_PX: Final = 16_383
"""The format itself has no room for more."""
MAX_PIXELS: Final = 67_108_864
MAX_ICON_PIXELS: Final = 4_194_304
MAX_LABELS: Final = 65_536

Bounds = tuple[float, float, float, float]
"""(min_x, min_y, max_x, max_y) in the style's coordinate system; longitude first."""

Rgba = tuple[int, int, int, int]

Side = Annotated[int, Meta(ge=1, le=MAX_SIDE_PX, description="pixels")]
Fraction = Annotated[float, Meta(ge=0, le=1)]
Size = Annotated[float, Meta(ge=0, description="pixels")]
Colour = Annotated[
    str,
    Meta(
        pattern=r"^#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$(?!\n)",
        description="a colour: #RRGGBB, #RGB or #RRGGBBAA, `#` optional",
    ),
]
Gradient = Annotated[tuple[Colour, ...], Meta(min_length=1, max_length=16)]
Interval = tuple[float, float]
SizeInterval = Annotated[tuple[float, ...], Meta(min_length=1, max_length=2)]
Zoom = Annotated[float, Meta(ge=0, le=64)]
CellSize = Annotated[float, Meta(ge=1, description="pixels")]
IconSide = Annotated[float, Meta(gt=0, le=MAX_SIDE_PX, description="pixels")]
IconSize = tuple[IconSide, IconSide]
LabelColours = Annotated[dict[str, Colour], Meta(max_length=MAX_LABELS)]
Anchor = Literal["bottom-left", "center", "bottom"]
Aggregation = Literal["sum", "min", "max", "mean", "count", "std", "avg", "stddev"]
Aggregate = Literal["sum", "min", "max", "mean", "count", "std"]
Kernel = Literal["box", "gaussian"]
PictureFormat = Literal["png", "webp"]

DEFAULT_COLOUR: Final = "#115f9a"
DEFAULT_GRADIENT: Final = ("#115f9a", "#d0f400")
HEAT_RAMP: Final = ("#0000ff", "#00ffff", "#00ff00", "#ffff00", "#ff0000")

_SYNONYMS: Final[dict[str, Aggregate]] = {"avg": "mean", "stddev": "std"}


class ChartError(ValueError):
    """A chart's name or one of its parameters cannot be used; the message names it."""

    def __init__(self, parameter: str, why: str) -> None:
        super().__init__(f"{parameter}: {why}")
        self.parameter = parameter
        self.why = why


class Style(msgspec.Struct, frozen=True, kw_only=True):
    """What every chart takes; sizes in pixels."""

    chart: ClassVar[str]

    width: Side
    height: Side
    bounding_box: Bounds
    coordinate_system: str = "EPSG:3857"
    format: PictureFormat = "png"


class Pointmap(Style, frozen=True, kw_only=True):
    """A disc of one size and colour per row."""

    chart: ClassVar[str] = "pointmap"

    point_size: Size = 3.0
    point_color: Colour = DEFAULT_COLOUR
    opacity: Fraction = 1.0


class Aggregated(Style, frozen=True, kw_only=True):
    """A chart whose rows meet in pixels, cells or polygons."""

    aggregation_type: Aggregation = "sum"

    @property
    def aggregate(self) -> Aggregate:
        """The aggregation without its other names."""
        word = self.aggregation_type
        return _SYNONYMS[word] if word == "avg" or word == "stddev" else word


class Weighted(Aggregated, frozen=True, kw_only=True):
    """Discs whose colour and size are weights."""

    chart: ClassVar[str] = "weighted"

    aggregation_type: Aggregation = "max"
    color_gradient: Gradient = DEFAULT_GRADIENT
    color_bound: Interval | None = None
    size_bound: SizeInterval = (3.0,)
    opacity: Fraction = 1.0


class Heatmap(Aggregated, frozen=True, kw_only=True):
    """Weights blurred to a surface."""

    chart: ClassVar[str] = "heatmap"

    map_zoom_level: Zoom
    kernel: Kernel = "box"


class Choropleth(Aggregated, frozen=True, kw_only=True):
    """Polygons filled by weight."""

    chart: ClassVar[str] = "choropleth"

    color_gradient: Gradient = DEFAULT_GRADIENT
    color_bound: Interval | None = None
    opacity: Fraction = 1.0


class UniqueValueChoropleth(Style, frozen=True, kw_only=True):
    """Polygons filled by label; a label without a colour draws nothing."""

    chart: ClassVar[str] = "unique_value_choropleth"

    unique_value_infos: LabelColours
    opacity: Fraction = 1.0


class IconViz(Style, frozen=True, kw_only=True):
    """An icon per row: a file of the scope, or a PNG in base64, which wins."""

    chart: ClassVar[str] = "icon_viz"

    icon_path: str | None = None
    icon: str | None = None
    icon_size: IconSize | None = None
    anchor: Anchor = "bottom-left"


class Fishnetmap(Aggregated, frozen=True, kw_only=True):
    """Square cells coloured by weight."""

    chart: ClassVar[str] = "fishnetmap"

    cell_size: CellSize = 4.0
    cell_spacing: Size = 1.0
    color_gradient: Gradient = HEAT_RAMP
    opacity: Fraction = 1.0


CHARTS: Final[dict[str, type[Style]]] = {
    "pointmap": Pointmap,
    "heatmap": Heatmap,
    "choropleth": Choropleth,
    "choroplethmap": Choropleth,
    "weighted": Weighted,
    "weighted_pointmap": Weighted,
    "icon_viz": IconViz,
    "fishnetmap": Fishnetmap,
    "fishnet": Fishnetmap,
    "unique_value_choropleth": UniqueValueChoropleth,
}
"""Every name a chart is known by."""


def parse(chart: str, params: Mapping[str, Any], max_pixels: int = MAX_PIXELS) -> Style:
    """The style of `chart` from a request's `params`; raises ChartError naming what is wrong.

    Members that the chart does not know are ignored, and null means "not given".
    """
    kind = CHARTS.get(chart)
    if kind is None:
        raise ChartError(parameter="chart", why=f"{chart!r} is none of {', '.join(CHARTS)}")
    values = {field.name: _value(field, params) for field in msgspec.structs.fields(kind)}
    style = kind(**{name: value for name, value in values.items() if value is not UNSET})
    _check_canvas(style, max_pixels)
    _check_intervals(style)
    _check_icon(style)
    return style


def rgba(colour: str) -> Rgba:
    """Red, green, blue and alpha, 0 to 255, of a colour that `parse` let through."""
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue, alpha = bytes.fromhex(digits.ljust(8, "f"))
    return red, green, blue, alpha


def _value(field: FieldInfo, params: Mapping[str, Any]) -> Any:
    given = params.get(field.encode_name)
    if given is None:
        if field.required:
            raise ChartError(field.encode_name, "is required")
        return UNSET
    try:
        value = msgspec.convert(_whole(field, given), field.type)
    except msgspec.ValidationError as error:
        raise ChartError(field.encode_name, _why(field, given, error)) from None
    if not _is_finite(value):
        raise ChartError(field.encode_name, "must be finite")
    return value


def _whole(field: FieldInfo, given: Any) -> Any:
    """Clients without integers send 1024.0, which is the same number."""
    if field.type is Side and isinstance(given, float) and given.is_integer():
        return int(given)
    return given


def _why(field: FieldInfo, given: Any, error: msgspec.ValidationError) -> str:
    words = get_args(field.type)
    if field.type in (Aggregation, Kernel, PictureFormat, Anchor):
        return f"{given!r} is none of {', '.join(words)}"
    if field.type in (Colour, Gradient, LabelColours) and "regex" in str(error):
        return f"{given!r} is no colour (#RRGGBB, #RGB or #RRGGBBAA)"
    return str(error)


def _is_finite(value: Any) -> bool:
    numbers = value if isinstance(value, tuple) else (value,)
    return all(math.isfinite(number) for number in numbers if isinstance(number, float))


def _check_canvas(style: Style, max_pixels: int) -> None:
    pixels = style.width * style.height
    if pixels > max_pixels:
        why = f"{style.width} x {style.height} is {pixels} pixels, more than {max_pixels}"
        raise ChartError(parameter="width", why=f"{why} (width x height)")
    if style.format == "webp" and max(style.width, style.height) > MAX_WEBP_SIDE_PX:
        raise ChartError(
            parameter="format", why=f"webp has no side above {MAX_WEBP_SIDE_PX} pixels"
        )
    min_x, min_y, max_x, max_y = style.bounding_box
    if not (min_x < max_x and min_y < max_y):
        raise ChartError(
            parameter="bounding_box", why="must be [min_x, min_y, max_x, max_y] with min < max"
        )


def _check_intervals(style: Style) -> None:
    for name in ("color_bound", "size_bound"):
        interval = getattr(style, name, None)
        if interval is not None and interval[0] > interval[-1]:
            raise ChartError(name, f"{interval[0]} is above {interval[-1]}")


def _check_icon(style: Style) -> None:
    if not isinstance(style, IconViz):
        return
    if style.icon is None and style.icon_path is None:
        raise ChartError(parameter="icon_path", why="is required, or icon (a PNG in base64)")
    width, height = style.icon_size or (1.0, 1.0)
    if width * height > MAX_ICON_PIXELS:
        why = f"{width:g} x {height:g} are more than {MAX_ICON_PIXELS} pixels"
        raise ChartError(parameter="icon_size", why=why)
