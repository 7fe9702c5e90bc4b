"""Points, lines, rectangles, circles and polygons: made, measured, taken apart."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.functions.checks import format_error, item_error, type_error
from sandbox.sqlpp.functions.function import Function, fixed, kind, refusing
from sandbox.sqlpp.functions.number_text import double_of
from sandbox.sqlpp.functions.shape_relations import intersect
from sandbox.sqlpp.shapes import (
    SHAPES,
    Circle,
    Line,
    Point,
    Polygon,
    Rectangle,
    corners,
)
from sandbox.sqlpp.values import COLLECTIONS, Value

# The original's, and so the digits of its areas.
_PI: Final = 3.14159265
_POINT: Final = kind("point", Point)
_DOUBLE: Final = kind("double", float)
_CIRCLE: Final = kind("circle", Circle)
_CORNERED: Final = kind("line, rectangle or polygon", Line, Rectangle, Polygon)
_WITH_AREA: Final = kind("polygon, circle or rectangle", Polygon, Circle, Rectangle)
_SHAPE: Final = kind("point, line, polygon, circle or rectangle", *SHAPES)
_KINDS: Final = {shape.__name__.lower(): shape for shape in SHAPES}
_CREATE_POLYGON: Final = "create-polygon"


def _numbers(text: str) -> list[float] | None:
    """Pairs `x,y` and whatever else, apart by spaces; a space may follow a comma."""
    values = [double_of(part) for part in text.replace(", ", ",").replace(",", " ").split()]
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else None


def _points(numbers: list[float]) -> tuple[Point, ...]:
    return tuple(map(Point, numbers[::2], numbers[1::2]))


def rectangle(first: Point, second: Point) -> Rectangle | None:
    """The rectangle between two opposite corners, None if it has no inside."""
    lower = Point(min(first.x, second.x), min(first.y, second.y))
    upper = Point(max(first.x, second.x), max(first.y, second.y))
    return None if lower.x == upper.x or lower.y == upper.y else Rectangle(lower, upper)


def polygon(numbers: list[float]) -> Polygon | None:
    """The polygon of x, y, x, y …, None for less than three corners."""
    return Polygon(_points(numbers)) if len(numbers) >= 6 and len(numbers) % 2 == 0 else None


def _from_text(name: str, count: int | None, make: Callable[[list[float]], Value]) -> Function:
    """A constructor of a text with so many numbers (None: any)."""

    def apply(text: Value) -> Value:
        if type(text) is not str:
            return text
        numbers = _numbers(text)
        fits = numbers is not None and count in (None, len(numbers))
        made = make(numbers) if fits and numbers is not None else None
        if made is None:
            raise format_error(name, name)
        return made

    # The words leave out that a shape of the kind is taken too.
    return refusing(name, (kind("string", str, _KINDS[name]),), apply)


def _create_rectangle(first: Point, second: Point) -> Rectangle:
    made = rectangle(first, second)
    if made is None:
        raise format_error(_CREATE_RECTANGLE, "rectangle")
    return made


def _create_polygon(_: Context, args: list[Value]) -> Value:
    numbers = args[0]
    if type(numbers) not in COLLECTIONS:
        raise type_error(_CREATE_POLYGON, 0, "array or multiset", numbers)
    for number in numbers:
        if type(number) is not float:
            raise item_error(_CREATE_POLYGON, number)
    made = polygon(numbers)
    if made is None:
        raise format_error(_CREATE_POLYGON, "polygon")
    return made


def _area(shape: Any) -> float:
    if type(shape) is Rectangle:
        return float((shape.upper.x - shape.lower.x) * (shape.upper.y - shape.lower.y))
    if type(shape) is Circle:
        return float(_PI * shape.radius * shape.radius)
    points = shape.points
    doubled: float = sum(
        one.x * other.y - one.y * other.x
        for one, other in zip(points, points[1:] + points[:1], strict=True)
    )
    return abs(doubled / 2)


def _cell(point: Point, origin: Point, width: float, height: float) -> Rectangle:
    if not (width and height):
        raise format_error(_CELL, "rectangle")
    x = origin.x + math.floor((point.x - origin.x) / width) * width
    y = origin.y + math.floor((point.y - origin.y) / height) * height
    return Rectangle(Point(x, y), Point(x + width, y + height))


def _distance(one: Point, other: Point) -> float:
    return math.sqrt((one.x - other.x) ** 2 + (one.y - other.y) ** 2)


def _is(name: str, *types: type) -> Function:
    allowed = frozenset(types)
    return fixed(name, 1, lambda _, args: type(args[0]) in allowed)


_CREATE_RECTANGLE, _CELL = "create-rectangle", "spatial-cell"

FUNCTIONS: Final = (
    _from_text("point", 2, lambda numbers: Point(*numbers)),
    _from_text("line", 4, lambda numbers: Line(*_points(numbers))),
    _from_text("rectangle", 4, lambda numbers: rectangle(*_points(numbers))),
    _from_text("circle", 3, lambda numbers: Circle(Point(*numbers[:2]), numbers[2])),
    _from_text("polygon", None, polygon),
    refusing("create-point", (_DOUBLE, _DOUBLE), Point),
    refusing("create-line", (_POINT, _POINT), Line),
    refusing(_CREATE_RECTANGLE, (_POINT, _POINT), _create_rectangle),
    refusing("create-circle", (_POINT, _DOUBLE), Circle),
    fixed(_CREATE_POLYGON, 1, _create_polygon),
    refusing("get-x", (_POINT,), lambda point: point.x),
    refusing("get-y", (_POINT,), lambda point: point.y),
    refusing("get-points", (_CORNERED,), lambda shape: list(corners(shape))),
    refusing("get-center", (_CIRCLE,), lambda circle: circle.center),
    refusing("get-radius", (_CIRCLE,), lambda circle: circle.radius),
    refusing("spatial-area", (_WITH_AREA,), _area),
    refusing("spatial-distance", (_POINT, _POINT), _distance),
    refusing("spatial-intersect", (_SHAPE, _SHAPE), intersect),
    refusing(_CELL, (_POINT, _POINT, _DOUBLE, _DOUBLE), _cell),
    _is("is-point", Point),
    _is("is-line", Line),
    _is("is-rectangle", Rectangle),
    _is("is-circle", Circle),
    _is("is-polygon", Polygon),
    _is("is-spatial", *SHAPES),
)
