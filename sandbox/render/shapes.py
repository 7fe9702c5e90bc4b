"""Distinct polygons of many rows, each kept once in Web Mercator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from sandbox.render.canvas import Canvas, project
from sandbox.render.fill import Outlines
from sandbox.render.tally import Fault

Geometries = NDArray[Any]
Ids = NDArray[np.int32]

_AREAL: Final = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


class Shapes:
    """Numbers distinct WKB from 0 and keeps what can be drawn of it.

    The mutable state is the index from WKB to number, and per number its fault and its polygon
    in metres (None if it has a fault).
    """

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._index: dict[bytes, int] = {}
        self._wkbs: list[bytes] = []
        self._faults = np.zeros(0, np.uint8)
        self._polygons: Geometries = np.zeros(0, object)

    def __len__(self) -> int:
        """How many distinct ones there are."""
        return len(self._wkbs)

    def wkbs(self, ids: Sequence[int] | NDArray[np.intp]) -> list[bytes]:
        """The WKB of some."""
        return [self._wkbs[i] for i in ids]

    def add(self, wkb: pa.BinaryArray, faults: NDArray[np.uint8]) -> Ids:
        """The number of each row's polygon; rows that cannot be drawn get a fault."""
        encoded = wkb.dictionary_encode()
        ids = self._number(encoded.dictionary.to_pylist())
        rows = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
        if not len(ids):
            return np.full(len(rows), -1, np.int32)
        groups: Ids = ids[rows]
        found = self._faults[groups]
        faults[:] = np.where(faults == Fault.NONE, found, faults)
        return groups

    def merge(self, other: Shapes) -> Ids:
        """The numbers that another part's polygons have here."""
        return self._number(other._wkbs)

    def outlines(self, ids: NDArray[np.intp]) -> Outlines:
        """Rings of some, which have no fault, in pixels."""
        multis = [_as_multi(polygon) for polygon in self._polygons[ids]]
        _, corners, (rings, polygons, shapes) = shapely.to_ragged_array(multis)
        return Outlines(
            corners=self._canvas.pixel_space(np.ascontiguousarray(corners[:, :2])),
            rings=rings.astype(np.int64),
            shapes=polygons[shapes].astype(np.int64),
        )

    def _number(self, wkbs: Sequence[bytes]) -> Ids:
        fresh = [wkb for wkb in wkbs if wkb not in self._index]
        for wkb in fresh:
            self._index[wkb] = len(self._wkbs)
            self._wkbs.append(wkb)
        self._take(fresh)
        return np.array([self._index[wkb] for wkb in wkbs], np.int32)

    def _take(self, wkbs: Sequence[bytes]) -> None:
        if wkbs:
            # GEOS raises the processor's flag for a coordinate that is no number; such rows
            # are found and counted below.
            with np.errstate(all="ignore"):
                shapes = shapely.from_wkb(np.array(wkbs, object), on_invalid="ignore")
                faults, polygons = _judge(shapely.force_2d(shapes), self._canvas)
            self._faults = np.concatenate([self._faults, faults])
            self._polygons = np.concatenate([self._polygons, polygons])


def _judge(shapes: Geometries, canvas: Canvas) -> tuple[NDArray[np.uint8], Geometries]:
    """Faults of shapes, and those without one as polygons in metres."""
    faults = np.zeros(len(shapes), np.uint8)
    faults[~np.isin(shapely.get_type_id(shapes), _AREAL)] = Fault.WRONG_TYPE
    faults[shapely.is_empty(shapes)] = Fault.EMPTY
    _mark(faults, shapes, Fault.NOT_FINITE)
    sound = faults == Fault.NONE
    polygons = np.full(len(shapes), None, object)
    polygons[sound] = shapely.transform(shapes[sound], lambda xy: _project(xy, canvas))
    _mark(faults, polygons, Fault.UNTRANSFORMABLE)
    sound = faults == Fault.NONE
    met = shapely.intersects(polygons, shapely.box(*canvas.bounds))
    faults[sound & ~met] = Fault.OUTSIDE
    polygons[faults != Fault.NONE] = None
    return faults, polygons


def _mark(faults: NDArray[np.uint8], shapes: Geometries, fault: Fault) -> None:
    """Give shapes without a fault one if a corner of them is not finite."""
    corners, owners = shapely.get_coordinates(shapes, return_index=True)
    bad = np.unique(owners[~np.isfinite(corners).all(axis=1)])
    faults[bad[faults[bad] == Fault.NONE]] = fault


def _project(corners: NDArray[np.float64], canvas: Canvas) -> NDArray[np.float64]:
    x, y = project(
        np.ascontiguousarray(corners[:, 0]), np.ascontiguousarray(corners[:, 1]), canvas.crs
    )
    return np.stack([x, y], axis=1)


def _as_multi(polygon: shapely.Polygon | shapely.MultiPolygon) -> shapely.MultiPolygon:
    if isinstance(polygon, shapely.MultiPolygon):
        return polygon
    return shapely.MultiPolygon([polygon])
