"""Geometries as GeoJSON, with the original's spelling of numbers and of the reference system."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sandbox.sqlpp.shapes import Geometry

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_WGS84: Final = '{"type":"name","properties":{"name":"EPSG:4326"}}'
# The original says nothing of these types' reference system.
_WITHOUT_SYSTEM: Final = frozenset({"MultiLineString", "MultiPolygon"})
_INTEGERS_BELOW: Final = 1e15


@lru_cache(maxsize=256)
def shapely_of(geometry: Geometry) -> BaseGeometry:
    """The geometry as the library has it; the same text or column value is read once."""
    # Loaded with the first geometry: most statements have none.
    import shapely

    return shapely.from_wkb(geometry.wkb)


def geometry_json(geometry: Geometry) -> str:
    """A GeoJSON object."""
    shape = shapely_of(geometry)
    system = "null" if shape.geom_type in _WITHOUT_SYSTEM else _WGS84
    return f'{_object(shape)[:-1]},"crs":{system}}}'


def _object(shape: Any) -> str:
    kind = shape.geom_type
    if kind == "GeometryCollection":
        return f'{{"type":"{kind}","geometries":[{",".join(map(_object, shape.geoms))}]}}'
    return f'{{"type":"{kind}","coordinates":{_coordinates(shape)}}}'


def _coordinates(shape: Any) -> str:
    if shape.is_empty:
        return "[]"
    kind = shape.geom_type
    if kind == "Point":
        return _position(_positions(shape)[0])
    if kind in ("LineString", "LinearRing"):
        return _list(map(_position, _positions(shape)))
    if kind == "Polygon":
        return _list(map(_coordinates, [shape.exterior, *shape.interiors]))
    return _list(map(_coordinates, shape.geoms))


def _positions(shape: Any) -> list[Any]:
    import shapely

    found = shapely.get_coordinates(shape, include_z=shape.has_z, include_m=shape.has_m)
    positions: list[Any] = found.tolist()
    return positions


def _list(parts: Any) -> str:
    return f"[{','.join(parts)}]"


def _position(numbers: list[float]) -> str:
    return _list(map(_number, numbers))


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < _INTEGERS_BELOW:
        return str(int(value))
    text = repr(value)
    return f"{value:.16e}" if "e" in text else text
