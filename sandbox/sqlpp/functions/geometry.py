"""Geometries of OGC's simple features (`st_…`), computed by GEOS.

They are in EPSG:4326 whatever reference system a text came with, as in the original.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import SqlppError, runtime_error
from sandbox.sqlpp.functions.checks import ILLEGAL_ARGUMENT, NO_GROUP, type_error
from sandbox.sqlpp.functions.function import Function, fixed
from sandbox.sqlpp.printing.geometries import geometry_json, shapely_of
from sandbox.sqlpp.printing.rows import row
from sandbox.sqlpp.shapes import Geometry
from sandbox.sqlpp.values import COLLECTIONS, FLOATS, INTEGERS, Value

_SRID: Final = 4326
_NUMBERS: Final = FLOATS | INTEGERS
_NUMBER_WORDS: Final = "double or bigint"
_UNSUPPORTED: Final = "UnsupportedOperationException"


def geometry(shape: Any) -> Geometry:
    """The value of the library's geometry: outer rings counter-clockwise, inner ones clockwise."""
    import shapely

    oriented = shapely.orient_polygons(shape)
    wkb = shapely.to_wkb(oriented, output_dimension=4, byte_order=1, flavor="iso")
    return Geometry(wkb)


def _wrapped(value: Any) -> Value:
    from shapely.geometry.base import BaseGeometry

    return geometry(value) if isinstance(value, BaseGeometry) else value


def _of_geometries(name: str, count: int, apply: Callable[..., Any], more: int = 0) -> Function:
    """A function of so many geometries and `more` arguments of other types."""

    def call(_: Context, args: list[Value]) -> Value:
        for value in args[:count]:
            if type(value) is not Geometry:
                # The original always counts the first.
                raise type_error(name, 0, "geometry", value)
        shapes = map(shapely_of, args[:count])
        try:
            return _wrapped(apply(*shapes, *args[count:]))
        except IndexError as error:
            raise runtime_error(NO_GROUP, f"No such part in {name}") from error

    return fixed(name, count + more, call, propagates=False)


def _of_type(name: str, kinds: tuple[str, ...], apply: Callable[[Any], Any]) -> Function:
    """A function of one geometry of the given types only."""

    def checked(shape: Any) -> Any:
        if shape.geom_type not in kinds:
            raise _not_for(name, shape)
        return apply(shape)

    return _of_geometries(name, 1, checked)


def _not_for(name: str, shape: Any) -> SqlppError:
    words = f"The operation asterix:{name}#1 is not supported for the type {shape.geom_type}"
    return runtime_error(_UNSUPPORTED, words)


def _number(name: str, index: int, value: Value) -> float:
    if type(value) not in _NUMBERS:
        raise type_error(name, index, _NUMBER_WORDS, value)
    return float(value)


def _make_point(_: Context, args: list[Value]) -> Value:
    import shapely

    # The original counts from the second argument.
    numbers = [_number("st-make-point", 1, value) for value in args]
    dimensions = " ZM"[: len(numbers) - 1].strip()
    text = " ".join(map(repr, numbers))
    return geometry(shapely.from_wkt(f"POINT {dimensions} ({text})"))


def _make_envelope(_: Context, args: list[Value]) -> Value:
    import shapely

    west, south, east, north, _srid = [_number("st-make-envelope", 1, value) for value in args]
    corners = [(west, south), (east, south), (east, north), (west, north)]
    return geometry(shapely.Polygon(corners))


def _read(name: str, kind: type, words: str, read: Callable[[Any], Any]) -> Function:
    def call(_: Context, args: list[Value]) -> Value:
        import shapely

        if type(args[0]) is not kind:
            raise type_error(name, 0, words, args[0])
        try:
            return geometry(read(args[0]))
        except (shapely.errors.ShapelyError, ValueError) as error:
            raise runtime_error(ILLEGAL_ARGUMENT, f"Could not parse the text of {name}") from error

    return Function(name, 1, 2, call, propagates=False)


def _from_text(text: str) -> Any:
    import shapely

    return shapely.from_wkt(text)


def _from_binary(binary: bytes) -> Any:
    import shapely

    return shapely.from_wkb(binary)


def _from_object(value: dict[str, Value]) -> Any:
    import shapely

    return shapely.from_geojson(json.dumps(json.loads(row(value, "json"))))


def _text(shape: Any) -> str:
    import shapely

    text: str = shapely.to_wkt(shape, rounding_precision=-1, trim=True, output_dimension=4)
    return text


def _binary(shape: Any) -> bytes:
    return geometry(shape).wkb


def _numbers_of(shape: Any, index: int) -> list[float]:
    import shapely

    found = shapely.get_coordinates(shape, include_z=True, include_m=True)[:, index]
    return [number if number == number else 0.0 for number in found.tolist()]


def _ordinate(name: str, index: int) -> Function:
    return _of_type(name, ("Point",), lambda shape: _numbers_of(shape, index)[0])


def _bound(name: str, index: int, choose: Callable[[list[float]], float]) -> Function:
    return _of_geometries(name, 1, lambda shape: choose(_numbers_of(shape, index)))


def _boundary(shape: Any) -> Any:
    """A polygon's as lines, however many."""
    from shapely.geometry import MultiLineString

    boundary = shape.boundary
    return MultiLineString([boundary]) if boundary.geom_type == "LineString" else boundary


def _point_count(shape: Any) -> int:
    """The points, a ring's first and last once."""
    import shapely

    rings = shapely.get_num_interior_rings(shape) + 1 if shape.geom_type == "Polygon" else 0
    return int(shapely.get_num_coordinates(shape)) - int(rings)


def _dimension(shape: Any) -> int:
    """0 for points, 1 for lines, 2 for areas."""
    import shapely

    return int(shapely.get_dimensions(shape))


def _is_collection(shape: Any) -> bool:
    return hasattr(shape, "geoms")


def _parts(shape: Any) -> list[Any]:
    return list(shape.geoms) if _is_collection(shape) else [shape]


def _at(items: Any, index: Value) -> Any:
    if type(index) not in INTEGERS:
        raise type_error(_GEOMETRY_N, 1, "bigint", index)
    if index < 0:
        raise IndexError(index)
    return items[index]


def _point_at(shape: Any, index: Value) -> Any:
    from shapely.geometry import Point

    return Point(_at(list(shape.coords), index))


def _line_of_points(shape: Any) -> Any:
    from shapely.geometry import LineString

    return LineString(_parts(shape))


def _ring(shape: Any) -> Any:
    from shapely.geometry import LineString

    return LineString(shape.coords)


def _collect(_: Context, args: list[Value]) -> Value:
    from shapely.geometry import GeometryCollection

    items = args[0]
    if type(items) not in COLLECTIONS:
        raise type_error(_POLYGONIZE, 0, "array or multiset", items)
    for item in items:
        if type(item) is not Geometry:
            raise type_error(_POLYGONIZE, 0, "geometry", item)
    return geometry(GeometryCollection([shapely_of(item) for item in items]))


_POLYGONIZE, _GEOMETRY_N = "st-polygonize", "st-geometry-n"
_LINES: Final = ("LineString", "MultiLineString")
_PREDICATES: Final = [
    "intersects",
    "contains",
    "crosses",
    "disjoint",
    "equals",
    "overlaps",
    "touches",
    "within",
]
_OPERATIONS: Final = ("union", "difference", "intersection", "sym-difference")


def _method(name: str) -> Callable[[Any, Any], Any]:
    return lambda left, right: getattr(left, name)(right)


FUNCTIONS: Final = (
    Function("st-make-point", 2, 4, _make_point, propagates=False),
    fixed("st-make-envelope", 5, _make_envelope, propagates=False),
    _read("st-geom-from-text", str, "string", _from_text),
    _read("st-geom-from-wkb", bytes, "binary", _from_binary),
    _read("st-geom-from-geojson", dict, "object", _from_object),
    *(_of_geometries(f"st-{name}", 2, _method(name)) for name in _PREDICATES),
    *(
        _of_geometries(f"st-{name}", 2, _method(name.replace("sym-", "symmetric_")))
        for name in _OPERATIONS
    ),
    _of_geometries("st-relate", 2, lambda one, other, p: one.relate_pattern(other, p), more=1),
    _of_geometries("st-distance", 2, lambda one, other: one.distance(other)),
    _of_geometries("st-area", 1, lambda shape: shape.area),
    _of_type("st-length", _LINES, lambda shape: shape.length),
    _of_geometries("geometry-type", 1, lambda shape: shape.geom_type),
    _of_geometries("st-srid", 1, lambda _: _SRID),
    _of_geometries("st-as-text", 1, _text),
    _of_geometries("st-as-binary", 1, _binary),
    _of_geometries("st-as-geojson", 1, lambda shape: geometry_json(geometry(shape))),
    _of_geometries("st-is-empty", 1, lambda shape: shape.is_empty),
    _of_geometries("st-is-simple", 1, lambda shape: shape.is_simple),
    _of_geometries("st-is-collection", 1, _is_collection),
    _of_type("st-is-closed", _LINES, lambda shape: shape.is_closed),
    _of_type("st-is-ring", ("LineString",), lambda shape: shape.is_ring),
    _of_geometries("st-coord-dim", 1, lambda shape: 2 + shape.has_z + shape.has_m),
    _of_geometries("st-dimension", 1, _dimension),
    _of_geometries("st-n-points", 1, _point_count),
    _of_type("st-n-rings", ("Polygon",), lambda shape: len(shape.interiors) + 1),
    _of_type("st-num-interior-rings", ("Polygon",), lambda shape: len(shape.interiors)),
    _of_geometries("st-num-geometries", 1, lambda shape: len(_parts(shape))),
    _of_geometries(_GEOMETRY_N, 1, lambda shape, n: _at(_parts(shape), n), more=1),
    _of_geometries("st-point-n", 1, _point_at, more=1),
    _of_geometries(
        "st-interior-ring-n", 1, lambda shape, n: _ring(_at(shape.interiors, n)), more=1
    ),
    _of_geometries("st-envelope", 1, lambda shape: shape.envelope),
    _of_geometries("st-boundary", 1, _boundary),
    _of_type("st-start-point", ("LineString",), lambda shape: _point_at(shape, 0)),
    _of_type(
        "st-end-point", ("LineString",), lambda shape: _point_at(shape, len(shape.coords) - 1)
    ),
    _of_type("st-exterior-ring", ("Polygon",), lambda shape: _ring(shape.exterior)),
    _of_type("st-line-from-multipoint", ("MultiPoint",), _line_of_points),
    fixed(_POLYGONIZE, 1, _collect, propagates=False),
    *(_ordinate(f"st-{name}", index) for index, name in enumerate("xyzm")),
    *(_bound(f"st-{name}-min", index, min) for index, name in enumerate("xyz")),
    *(_bound(f"st-{name}-max", index, max) for index, name in enumerate("xyz")),
)
