"""Distinct polygons of many rows, each kept once, in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from sandbox.render import wkb
from sandbox.render.buffers import bytes_of
from sandbox.render.canvas import Canvas, project
from sandbox.render.outlines import Outlines, joined, mark_meeting, nothing
from sandbox.render.tally import Fault

Ids = NDArray[np.int64]
Faults = NDArray[np.uint8]

_AREAL: Final = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_LITTLE_ENDIAN: Final = 1


class Shapes:
    """Numbers distinct polygons from 0 and keeps what can be drawn of them.

    The mutable state is the index from WKB (as it came, and in the usual form) to number, and per
    number its WKB, its fault and its outline (empty if it has a fault).
    """

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._index: dict[bytes, int] = {}
        self._wkbs: list[bytes] = []
        self._faults: Faults = np.zeros(0, np.uint8)
        self._outlines = nothing()

    def __len__(self) -> int:
        """How many distinct ones there are."""
        return len(self._wkbs)

    def wkbs(self, ids: Ids) -> list[bytes]:
        """The WKB of some."""
        return [self._wkbs[i] for i in ids]

    def outlines(self, ids: Ids) -> Outlines:
        """Rings of some, in pixels; none for those with a fault."""
        return self._outlines.take(ids)

    def add(self, array: pa.BinaryArray, faults: Faults) -> NDArray[np.int32]:
        """The number of each row's polygon; rows that cannot be drawn get a fault."""
        encoded = array.dictionary_encode()
        ids = self._number(encoded.dictionary)
        rows = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
        if not len(ids):
            return np.full(len(rows), -1, np.int32)
        groups = ids[rows]
        faults[:] = np.where(faults == Fault.NONE, self._faults[groups], faults)
        narrow: NDArray[np.int32] = groups.astype(np.int32)
        return narrow

    def merge(self, other: Shapes) -> Ids:
        """The numbers that another part's polygons have here."""
        fresh = np.array([i for i, w in enumerate(other._wkbs) if w not in self._index], np.int64)
        self._keep(other.wkbs(fresh), other._faults[fresh], other.outlines(fresh))
        return np.array([self._index[w] for w in other._wkbs], np.int64)

    def _number(self, array: pa.BinaryArray) -> Ids:
        """The numbers of distinct WKBs, new ones for those not seen before."""
        given: list[bytes] = array.to_pylist()
        known = self._index
        fresh = [i for i, one in enumerate(given) if one not in known] if known else None
        if fresh is not None and not fresh:
            return np.array([known[one] for one in given], np.int64)
        part = array if fresh is None else array.take(pa.array(fresh, pa.int64()))
        self._take_in(part, given if fresh is None else [given[i] for i in fresh])
        return np.array([known[one] for one in given], np.int64)

    def _take_in(self, array: pa.BinaryArray, given: list[bytes]) -> None:
        counts = _measure(array)
        usual = np.flatnonzero(counts[:, 0] != wkb.UNUSUAL)
        if len(usual) == len(given):
            self._keep(given, *self._judge(array, counts))
            return
        if len(usual):
            part = array.take(pa.array(usual))
            self._keep([given[i] for i in usual], *self._judge(part, counts[usual]))
        for i in np.flatnonzero(counts[:, 0] == wkb.UNUSUAL):
            self._take_in_unusual(given[i])

    def _take_in_unusual(self, given: bytes) -> None:
        """One WKB of another form, or of something else."""
        fault, canonical = _canonical(given)
        if fault:
            self._keep([given], np.array([fault], np.uint8), _empty(1))
        else:
            array = pa.array([canonical], pa.binary())
            if canonical not in self._index:
                self._keep([canonical], *self._judge(array, _measure(array)))
            self._index[given] = self._index[canonical]

    def _keep(self, wkbs: Sequence[bytes], faults: Faults, outlines: Outlines) -> None:
        if not len(wkbs):
            return
        self._index.update(zip(wkbs, range(len(self), len(self) + len(wkbs)), strict=True))
        self._wkbs.extend(wkbs)
        self._faults = np.concatenate([self._faults, faults])
        self._outlines = joined([self._outlines, outlines]) if len(self._outlines) else outlines

    def _judge(self, array: pa.BinaryArray, counts: Ids) -> tuple[Faults, Outlines]:
        """Faults of usual polygons, and their outlines."""
        x, y, rings, shapes = _parse(array, counts)
        outlines = Outlines(corners=np.empty((len(x), 2)), rings=rings, shapes=shapes)
        faults = np.zeros(len(array), np.uint8)
        _mark(faults, x, y, Fault.NOT_FINITE, outlines)
        x, y = project(x, y, self._canvas.crs)
        _mark(faults, x, y, Fault.UNTRANSFORMABLE, outlines)
        outlines.corners[:] = self._canvas.pixel_space(x, y)
        met = np.zeros(len(array), np.uint8)
        size = float(self._canvas.width), float(self._canvas.height)
        mark_meeting(outlines.corners, rings, shapes, *size, met)
        faults[(faults == Fault.NONE) & (met == 0)] = Fault.OUTSIDE
        return faults, outlines


def _measure(array: pa.BinaryArray) -> Ids:
    counts = np.empty((len(array), 2), np.int64)
    wkb.measure(*bytes_of(array), counts)
    return counts


def _parse(array: pa.BinaryArray, counts: Ids) -> tuple[Any, Any, Ids, Ids]:
    """x, y, offsets of rings and of shapes of measured WKB."""
    rings = np.zeros(counts[:, 0].sum() + 1, np.int64)
    x, y = np.empty((2, counts[:, 1].sum()), np.int64)
    wkb.extract(*bytes_of(array), rings, x, y)
    shapes = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts[:, 0])])
    return x.view(np.float64), y.view(np.float64), rings, shapes


def _mark(faults: Faults, x: Any, y: Any, fault: Fault, outlines: Outlines) -> None:
    """Give shapes without a fault one if a corner of them is not finite."""
    sound = np.isfinite(x) & np.isfinite(y)
    if not sound.all():
        bad = np.unique(outlines.owners[~sound])
        faults[bad[faults[bad] == Fault.NONE]] = fault


def _empty(shapes: int) -> Outlines:
    offsets = np.zeros(1, np.int64)
    return Outlines(corners=np.zeros((0, 2)), rings=offsets, shapes=np.zeros(shapes + 1, np.int64))


def _canonical(given: bytes) -> tuple[Fault, bytes]:
    """The same polygon in the usual form of WKB, or why it is none."""
    # GEOS raises the processor's flag for a coordinate that is no number.
    with np.errstate(all="ignore"):
        shape = shapely.from_wkb(given, on_invalid="ignore")
        if shape is None or shapely.get_type_id(shape) not in _AREAL:
            empty = shape is not None and shape.is_empty
            return Fault.EMPTY if empty else Fault.WRONG_TYPE, b""
        if shape.is_empty:
            return Fault.EMPTY, b""
        # Plus 0 makes 0 of -0, which is the same place.
        flat = shapely.transform(_without_empty(shape), lambda corners: corners + 0.0)
        coordinates = shapely.get_coordinates(flat)
        if not np.isfinite(coordinates).all():
            return Fault.NOT_FINITE, b""
        return Fault.NONE, shapely.to_wkb(flat, output_dimension=2, byte_order=_LITTLE_ENDIAN)


def _without_empty(shape: Any) -> Any:
    """Without rings and members that have no corner."""
    parts = [
        shapely.Polygon(part.exterior, [hole for hole in part.interiors if not hole.is_empty])
        for part in shapely.get_parts(shapely.force_2d(shape))
        if not part.is_empty
    ]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
