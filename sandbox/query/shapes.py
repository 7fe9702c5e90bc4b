"""Geometries of a batch: well-known binary with SRID in; WKT, GeoJSON or plain WKB out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

_PLAIN = "iso"


@dataclass
class Srids:
    """The SRIDs that a column was seen to have; one column, one Srids."""

    seen: set[int] = field(default_factory=set)

    @property
    def only(self) -> int | None:
        """The column's SRID, if all its geometries have the same and it is not 0."""
        (srid,) = self.seen if len(self.seen) == 1 else (0,)
        return srid or None

    def read(self, column: pa.Array) -> NDArray[Any]:
        """The geometries, None for null; their SRIDs are noted."""
        shapes: NDArray[Any] = shapely.from_wkb(column.to_numpy(zero_copy_only=False))
        self.seen |= {int(srid) for srid in np.unique(shapely.get_srid(shapes)) if srid >= 0}
        return shapes


def wkt(shapes: NDArray[Any]) -> pa.Array:
    """WKT in the contract's form: shortest decimals that read back to the same doubles."""
    return pa.array(shapely.to_wkt(shapes, rounding_precision=-1), pa.string())


def geojson(shapes: NDArray[Any]) -> pa.Array:
    """GeoJSON geometry objects."""
    return pa.array(shapely.to_geojson(shapes), pa.string())


def wkb(shapes: NDArray[Any]) -> pa.Array:
    """ISO well-known binary without SRID, as GeoArrow has it."""
    return pa.array(shapely.to_wkb(shapes, flavor=_PLAIN), pa.binary())
