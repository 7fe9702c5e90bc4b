"""Rings of many shapes in a few arrays: taken, joined, and asked whether they meet the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sandbox.render.kernel import IN_F8_2D, IN_I8, NOTHING, REAL, U1, inline, kernel

Places = NDArray[np.float64]
Offsets = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Outlines:
    """Closed rings of many shapes: shape i has rings `shapes[i]` to `shapes[i + 1]`, ring j has
    the corners `rings[j]` to `rings[j + 1]`, in pixels from the bottom-left."""

    corners: Places
    rings: Offsets
    shapes: Offsets

    def __len__(self) -> int:
        """How many shapes."""
        return len(self.shapes) - 1

    @property
    def owners(self) -> Offsets:
        """The shape of each corner."""
        corners_of = np.diff(self.rings[self.shapes])
        return np.repeat(np.arange(len(self)), corners_of)

    def take(self, ids: NDArray[np.int64] | NDArray[np.intp]) -> Outlines:
        """Some shapes, in that order."""
        rings, shapes = _pick(self.shapes, ids)
        corners, offsets = _pick(self.rings, rings)
        return Outlines(corners=self.corners[corners], rings=offsets, shapes=shapes)


def nothing() -> Outlines:
    """No shape."""
    start = np.zeros(1, np.int64)
    return Outlines(corners=np.zeros((0, 2)), rings=start, shapes=start)


def joined(parts: Sequence[Outlines]) -> Outlines:
    """The shapes of all parts, one after another."""
    return Outlines(
        corners=np.concatenate([part.corners for part in parts]),
        rings=_strung([part.rings for part in parts]),
        shapes=_strung([part.shapes for part in parts]),
    )


def _strung(offsets: Sequence[Offsets]) -> Offsets:
    lengths = [np.diff(part) for part in offsets]
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(lengths))])


def _pick(offsets: Offsets, ids: NDArray[np.int64]) -> tuple[Offsets, Offsets]:
    """The members of some groups, and the offsets of these groups among them."""
    lengths = offsets[ids + 1] - offsets[ids]
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    return np.arange(ends[-1]) + np.repeat(offsets[ids] - ends[:-1], lengths), ends


@inline
def clipped(
    start: float, step: float, limit: float, first: float, last: float
) -> tuple[float, ...]:
    """The part of first..last where start + share * step is in 0..limit; first > last: none."""
    if step == 0.0:
        return (first, last) if 0.0 <= start <= limit else (1.0, 0.0)
    one, two = -start / step, (limit - start) / step
    return max(first, min(one, two)), min(last, max(one, two))


@inline
def edge_meets(  # noqa: PLR0913  (a kernel takes plain values)
    ax: float, ay: float, bx: float, by: float, width: float, height: float
) -> bool:
    """Whether an edge has a point in the closed box 0..width, 0..height."""
    first, last = clipped(ax, bx - ax, width, 0.0, 1.0)
    first, last = clipped(ay, by - ay, height, first, last)
    return first <= last


@inline
def shape_meets(  # noqa: PLR0913
    corners: Places, rings: Offsets, start: int, stop: int, width: float, height: float
) -> bool:
    """Whether a shape, given by its rings, has a point in the closed box."""
    inside = False
    for ring in range(start, stop):
        for i in range(rings[ring], rings[ring + 1] - 1):
            ax, ay, bx, by = corners[i, 0], corners[i, 1], corners[i + 1, 0], corners[i + 1, 1]
            if edge_meets(ax, ay, bx, by, width, height):
                return True
            # No edge in the box: then its corner (0, 0) tells for all of it.
            if (ay > 0.0) != (by > 0.0) and ax + (0.0 - ay) / (by - ay) * (bx - ax) > 0.0:
                inside = not inside
    return inside


@kernel(NOTHING, IN_F8_2D, IN_I8, IN_I8, REAL, REAL, U1)
def mark_meeting(  # noqa: PLR0913  (a kernel takes plain arrays)
    corners: Places,
    rings: Offsets,
    shapes: Offsets,
    width: float,
    height: float,
    met: NDArray[np.uint8],
) -> None:
    """Set `met` of the shapes that meet the picture to 1."""
    for shape in range(shapes.size - 1):
        if shape_meets(corners, rings, shapes[shape], shapes[shape + 1], width, height):
            met[shape] = 1
