"""Polygons straight out of WKB: little-endian, two coordinates, closed rings; nothing else."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sandbox.render.kernel import I8, I8_2D, IN_I8, IN_U1, NOTHING, inline, kernel

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]

UNUSUAL: Final = -1
"""In place of a count: this WKB has another form, or is none."""

POLYGON: Final = 3
MULTIPOLYGON: Final = 6

_HEADER: Final = 9
"""Byte order, type, and how many members follow."""
_CORNER: Final = 16
_LEAST: Final = 4
"""Corners of a ring, the first being the last again."""
_MINUS_ZERO: Final = -(1 << 63)


@inline
def number(data: Bytes, at: int) -> int:
    """The four bytes there as an unsigned number."""
    low = np.int64(data[at]) | np.int64(data[at + 1]) << 8
    high = np.int64(data[at + 2]) | np.int64(data[at + 3]) << 8
    return low | high << 16  # type: ignore[return-value]


@inline
def bits(data: Bytes, at: int) -> int:
    """The eight bytes there: those of a double, to be looked at as one."""
    return number(data, at) | number(data, at + 4) << 32


@inline
def is_ring(data: Bytes, at: int, corners: int) -> bool:
    """Whether that many corners close, and no coordinate is -0, which equals 0 in other bytes."""
    last = at + (corners - 1) * _CORNER
    for place in range(at, last + _CORNER, 8):
        if bits(data, place) == _MINUS_ZERO:
            return False
    return bits(data, at) == bits(data, last) and bits(data, at + 8) == bits(data, last + 8)


@inline
def measure_polygon(data: Bytes, at: int, stop: int) -> tuple[int, int, int]:
    """Where the polygon there ends, its rings and its corners; the end is UNUSUAL if it is none."""
    if at + _HEADER > stop or data[at] != 1 or number(data, at + 1) != POLYGON:
        return UNUSUAL, 0, 0
    rings, corners, place = number(data, at + 5), 0, at + _HEADER
    for _ in range(rings):
        if place + 4 > stop:
            return UNUSUAL, 0, 0
        found = number(data, place)
        if found < _LEAST or found * _CORNER > stop - place - 4:
            return UNUSUAL, 0, 0
        if not is_ring(data, place + 4, found):
            return UNUSUAL, 0, 0
        corners += found
        place += 4 + found * _CORNER
    return (place, rings, corners) if rings > 0 else (UNUSUAL, 0, 0)


@inline
def measure_shape(data: Bytes, at: int, stop: int) -> tuple[int, int]:
    """Rings and corners of the polygon or multipolygon between these places, or UNUSUAL."""
    members, place = 1, at
    if stop - at > _HEADER and data[at] == 1 and number(data, at + 1) == MULTIPOLYGON:
        members, place = number(data, at + 5), at + _HEADER
    rings, corners = 0, 0
    for _ in range(members):
        place, more_rings, more_corners = measure_polygon(data, place, stop)
        if place == UNUSUAL:
            return UNUSUAL, 0
        rings += more_rings
        corners += more_corners
    return (rings, corners) if place == stop and members > 0 else (UNUSUAL, 0)


@kernel(NOTHING, IN_U1, IN_I8, I8_2D)
def measure(data: Bytes, offsets: Offsets, counts: Offsets) -> None:
    """Rings and corners of each WKB, which lies from one offset to the next, or UNUSUAL."""
    for i in range(offsets.size - 1):
        counts[i, 0], counts[i, 1] = measure_shape(data, offsets[i], offsets[i + 1])


@inline
def extract_polygon(  # noqa: PLR0913  (a kernel takes plain arrays)
    data: Bytes, at: int, ring: int, rings: Offsets, x: Offsets, y: Offsets
) -> tuple[int, int]:
    """Write one measured polygon's corners; where it ends, and the next ring."""
    place = at + _HEADER
    for _ in range(number(data, at + 5)):
        found = number(data, place)
        start = rings[ring]
        for i in range(found):
            x[start + i] = bits(data, place + 4 + i * _CORNER)
            y[start + i] = bits(data, place + 12 + i * _CORNER)
        rings[ring + 1] = start + found
        place += 4 + found * _CORNER
        ring += 1
    return place, ring


@kernel(NOTHING, IN_U1, IN_I8, I8, I8, I8)
def extract(data: Bytes, offsets: Offsets, rings: Offsets, x: Offsets, y: Offsets) -> None:
    """Write the corners, as the bits of doubles, and the ends of rings of measured WKB."""
    ring = 0
    for i in range(offsets.size - 1):
        members, place = 1, offsets[i]
        if number(data, place + 1) == MULTIPOLYGON:
            members, place = number(data, place + 5), place + _HEADER
        for _ in range(members):
            place, ring = extract_polygon(data, place, ring, rings, x, y)
