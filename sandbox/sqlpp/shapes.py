"""The spatial values: points and what is made of them, in the plane."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """A place."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line from one point to another."""

    start: Point
    end: Point


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Upright, between its lower left and its upper right corner."""

    lower: Point
    upper: Point


@dataclass(frozen=True, slots=True)
class Circle:
    """All around a center."""

    center: Point
    radius: float


@dataclass(frozen=True, slots=True)
class Polygon:
    """At least three corners; the last is joined to the first."""

    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Geometry:
    """A geometry of OGC's simple features, as well-known binary (ISO's, little-endian)."""

    wkb: bytes


Shape = Point | Line | Rectangle | Circle | Polygon
SHAPES = frozenset({Point, Line, Rectangle, Circle, Polygon})


def coordinates(shape: Shape) -> tuple[float, ...]:
    """All its numbers in a row."""
    if isinstance(shape, Point):
        return (shape.x, shape.y)
    if isinstance(shape, Circle):
        return (shape.center.x, shape.center.y, shape.radius)
    return tuple(number for point in corners(shape) for number in (point.x, point.y))


def corners(shape: Line | Rectangle | Polygon) -> tuple[Point, ...]:
    """The points that it was made of."""
    if isinstance(shape, Line):
        return (shape.start, shape.end)
    if isinstance(shape, Rectangle):
        return (shape.lower, shape.upper)
    return shape.points
