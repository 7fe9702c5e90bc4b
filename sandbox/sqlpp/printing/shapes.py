"""Points and other shapes as text, with the original's spaces."""

from __future__ import annotations

import struct
from typing import Final

from sandbox.sqlpp.printing.scalars import double_json, double_text
from sandbox.sqlpp.shapes import (
    Circle,
    Line,
    Point,
    Polygon,
    Rectangle,
    Shape,
    coordinates,
    corners,
)

_TAGS: Final[dict[type, str]] = {
    Point: "14",
    Line: "1E",
    Polygon: "1F",
    Circle: "20",
    Rectangle: "21",
}


def shape_adm(shape: Shape) -> str:
    """`line("0.0,0.0 1.0,1.0")`."""
    name = type(shape).__name__.lower()
    if isinstance(shape, Point):
        text = _pair(shape)
    elif isinstance(shape, Circle):
        text = f"{_pair(shape.center)} {double_text(shape.radius)}"
    else:
        text = " ".join(map(_pair, corners(shape)))
    return f'{name}("{text}")'


def shape_json(shape: Shape) -> str:
    """`[ [0.0, 0.0], [1.0, 1.0] ]`: lists of numbers."""
    if isinstance(shape, Point):
        return f"[{double_json(shape.x)}, {double_json(shape.y)}]"
    if isinstance(shape, Circle):
        return f"[ {shape_json(shape.center)}, {double_json(shape.radius)} ]"
    return f"[ {', '.join(map(shape_json, corners(shape)))} ]"


def shape_lossless(shape: Shape) -> str:
    """`{ "point": [0.0, 0.0] }`, and the others of such points."""
    if isinstance(shape, Point):
        return f'{{ "point": {shape_json(shape)} }}'
    if isinstance(shape, Circle):
        center = shape_lossless(shape.center)
        return f'{{ "circle": [ {center}, {double_json(shape.radius)} ] }}'
    points = list(map(shape_lossless, corners(shape)))
    if isinstance(shape, Line):
        return f'{{ "line":  [ {points[0]}, {points[1]} ] }}'
    if isinstance(shape, Rectangle):
        return f'{{ "rectangle": [{points[0]}, {points[1]} ] }}'
    return f'{{ "polygon": [{",".join(points)}] }}'


def shape_tagged(shape: Shape) -> str:
    """`"14:…:…"`: the type's tag and the bits of each number."""
    numbers: list[int] = [double_bits(number) for number in coordinates(shape)]
    if isinstance(shape, Polygon):
        numbers = [len(shape.points), *numbers]
    return f'"{_TAGS[type(shape)]}:{":".join(map(str, numbers))}"'


def double_bits(value: float) -> int:
    """The 64 bits of a double as an integer."""
    bits: int = struct.unpack("<q", struct.pack("<d", value))[0]
    return bits


def _pair(point: Point) -> str:
    return f"{double_text(point.x)},{double_text(point.y)}"
