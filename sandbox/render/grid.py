"""A canvas for data in metres or in degrees: its pixels found by their edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sandbox.render.aggregate import edges

Reals = NDArray[np.float64]

BUCKETS_PER_PIXEL: Final = (4, 8, 16)
"""The first that leaves no two edges in one part: at the poles pixels are narrow in degrees."""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """Where the pixels of one side begin, and in which pixel each part of the side does."""

    edges: Reals
    starts: NDArray[np.int32]
    is_apart: bool
    """Whether no part has two edges."""

    @classmethod
    def of(cls, low: float, high: float, size: int, kind: int) -> Axis:
        """A side from `low` to `high` metres, for coordinates of that kind."""
        found = edges.pixel_edges(low, high, size, kind)
        for times in BUCKETS_PER_PIXEL:
            starts = edges.bucket_starts(found, times * size)
            if is_apart := bool((np.diff(starts) <= 1).all()):
                break
        return cls(edges=found, starts=starts, is_apart=is_apart)

    @property
    def is_sound(self) -> bool:
        """Whether its pixels can be looked up; those of a picture of next to nothing cannot."""
        rising = np.isfinite(self.edges).all() and (np.diff(self.edges) > 0.0).all()
        return bool(rising) and self.is_apart


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Both sides of a canvas; `kind` is that of x."""

    across: Axis
    up: Axis
    kind: int

    @property
    def is_sound(self) -> bool:
        """Whether pixels may be found by it."""
        return self.across.is_sound and self.up.is_sound

    def locate(self, x: Reals, y: Reals, faults: NDArray[np.uint8]) -> NDArray[np.int32]:
        """The pixel of each row without a fault, -1 for the others, which `faults` then tells."""
        across, up = self.across, self.up
        pixels = edges.pixels_by_edges(
            x, y, across.edges, across.starts, up.edges, up.starts, faults
        )
        edges.mark_outside(x, y, pixels, self.kind, faults)
        return pixels
