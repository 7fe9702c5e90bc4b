"""Whether two shapes have a point in common; edges belong to a shape."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any, Final

from sandbox.sqlpp.shapes import Circle, Line, Point, Polygon, Rectangle, Shape

# Simpler shapes come first, so that each pair has one rule.
_ORDER: Final[dict[type, int]] = {Point: 0, Line: 1, Circle: 2, Rectangle: 3, Polygon: 4}


def intersect(left: Shape, right: Shape) -> bool:
    """Whether they meet."""
    if _ORDER[type(left)] > _ORDER[type(right)]:
        left, right = right, left
    return _RULES[type(left), type(right)](left, right)


def _side(start: Point, end: Point, point: Point) -> float:
    """Above zero to the left of the line, below to the right, zero on it."""
    return (end.x - start.x) * (point.y - start.y) - (end.y - start.y) * (point.x - start.x)


def _within_box(line: Line, point: Point) -> bool:
    xs, ys = sorted((line.start.x, line.end.x)), sorted((line.start.y, line.end.y))
    return xs[0] <= point.x <= xs[1] and ys[0] <= point.y <= ys[1]


def _point_on_line(point: Point, line: Line) -> bool:
    return _side(line.start, line.end, point) == 0 and _within_box(line, point)


def _lines(one: Line, other: Line) -> bool:
    ends = ((point, other) for point in (one.start, one.end))
    others = ((point, one) for point in (other.start, other.end))
    if any(_point_on_line(point, line) for point, line in (*ends, *others)):
        return True
    apart = _side(other.start, other.end, one.start) * _side(other.start, other.end, one.end) < 0
    across = _side(one.start, one.end, other.start) * _side(one.start, one.end, other.end) < 0
    return apart and across


def _square(one: Point, other: Point) -> float:
    return (one.x - other.x) ** 2 + (one.y - other.y) ** 2


def _in_circle(point: Point, circle: Circle) -> bool:
    return _square(point, circle.center) <= circle.radius**2


def _in_rectangle(point: Point, area: Rectangle) -> bool:
    in_width = area.lower.x <= point.x <= area.upper.x
    return in_width and area.lower.y <= point.y <= area.upper.y


def _in_polygon(point: Point, area: Polygon) -> bool:
    """Whether a ray to the right crosses the edge an odd number of times."""
    inside = False
    for edge in _edges(area):
        one, other = edge.start, edge.end
        if (one.y > point.y) is not (other.y > point.y):
            crossing = (other.x - one.x) * (point.y - one.y) / (other.y - one.y) + one.x
            inside ^= point.x < crossing
    return inside


def _edges(area: Any) -> list[Line]:
    points = _outline(area)
    return list(map(Line, points, points[1:] + points[:1]))


def _outline(area: Any) -> tuple[Point, ...]:
    if type(area) is Polygon:
        return area.points
    low, high = area.lower, area.upper
    return (low, Point(high.x, low.y), high, Point(low.x, high.y))


def _nearest(point: Point, line: Line) -> Point:
    """The line's point that is nearest."""
    dx, dy = line.end.x - line.start.x, line.end.y - line.start.y
    length = dx * dx + dy * dy
    if length == 0:
        return line.start
    share = ((point.x - line.start.x) * dx + (point.y - line.start.y) * dy) / length
    share = max(0.0, min(1.0, share))
    return Point(line.start.x + share * dx, line.start.y + share * dy)


def _line_meets_circle(line: Line, circle: Circle) -> bool:
    return _in_circle(_nearest(circle.center, line), circle)


def _circles(one: Circle, other: Circle) -> bool:
    return _square(one.center, other.center) <= (one.radius + other.radius) ** 2


def _line_meets_area(line: Line, area: Any) -> bool:
    return _has(area, line.start) or any(_lines(line, edge) for edge in _edges(area))


def _circle_meets_area(circle: Circle, area: Any) -> bool:
    if _has(area, circle.center):
        return True
    return any(_line_meets_circle(edge, circle) for edge in _edges(area))


def _areas(one: Any, other: Any) -> bool:
    if _has(one, _outline(other)[0]) or _has(other, _outline(one)[0]):
        return True
    return any(_lines(edge, another) for edge, another in product(_edges(one), _edges(other)))


def _has(area: Any, point: Point) -> bool:
    return _in_polygon(point, area) if type(area) is Polygon else _in_rectangle(point, area)


_RULES: Final[dict[tuple[type, type], Callable[[Any, Any], bool]]] = {
    (Point, Point): lambda one, other: one == other,
    (Point, Line): _point_on_line,
    (Point, Circle): _in_circle,
    (Point, Rectangle): _in_rectangle,
    (Point, Polygon): _in_polygon,
    (Line, Line): _lines,
    (Line, Circle): _line_meets_circle,
    (Line, Rectangle): _line_meets_area,
    (Line, Polygon): _line_meets_area,
    (Circle, Circle): _circles,
    (Circle, Rectangle): _circle_meets_area,
    (Circle, Polygon): _circle_meets_area,
    (Rectangle, Rectangle): _areas,
    (Rectangle, Polygon): _areas,
    (Polygon, Polygon): _areas,
}
