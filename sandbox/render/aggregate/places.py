"""Which pixels have marks, and in which order: every row, or where these are many, every pixel."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.int32]
Orders = NDArray[np.int64]
Counts = NDArray[np.int64]

MAX_ROWS: Final = 4_194_304
"""Beyond it the marks of one pixel lie where the last of them does."""


class Places:
    """Rows by pixel and order, merged in any order with the same result; memory is bounded.

    The mutable state is the entries (pixel, order, how many rows), one a row until there are more
    than `max_rows` rows, then one a pixel.
    """

    def __init__(self, max_rows: int = MAX_ROWS) -> None:
        self._max_rows = max_rows
        self._parts: list[tuple[Pixels, Orders, Counts]] = []
        self.rows = 0

    def add(self, pixels: Pixels, order: Orders | None) -> None:
        """Add rows; `pixels` below 0 have none; without an order they follow those before."""
        sound = np.flatnonzero(pixels >= 0)
        places = self.rows + sound if order is None else order[sound]
        self._take_in(pixels[sound], places, np.ones(len(sound), np.int64))

    def merge(self, other: Places) -> None:
        """Add what another part has."""
        for part in other._parts:
            self._take_in(*part)

    def last_first(self) -> tuple[Pixels, Counts]:
        """The pixel and the number of rows of each entry, the last in order first."""
        pixels, orders, counts = self._whole()
        if self.rows > self._max_rows:
            pixels, orders, counts = _per_pixel(pixels, orders, counts)
        falling = np.argsort(-orders, kind="stable")
        return pixels[falling], counts[falling]

    def _take_in(self, pixels: Pixels, orders: Orders, counts: Counts) -> None:
        self._parts.append((pixels.astype(np.int32), orders.astype(np.int64), counts))
        self.rows += int(counts.sum())
        # Halved, so that entries are not gone through again for every batch.
        if sum(len(part[0]) for part in self._parts) > 2 * self._max_rows:
            self._parts = [_per_pixel(*self._whole())]

    def _whole(self) -> tuple[Pixels, Orders, Counts]:
        if not self._parts:
            return np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int64)
        pixels, orders, counts = zip(*self._parts, strict=True)
        return np.concatenate(pixels), np.concatenate(orders), np.concatenate(counts)


def _per_pixel(pixels: Pixels, orders: Orders, counts: Counts) -> tuple[Pixels, Orders, Counts]:
    """One entry a pixel: its last order, all of its rows."""
    by_pixel = np.lexsort((orders, pixels))
    pixels, orders = pixels[by_pixel], orders[by_pixel]
    last = np.flatnonzero(np.diff(pixels, append=-1))
    ends = np.cumsum(counts[by_pixel])[last]
    return pixels[last], orders[last], np.diff(ends, prepend=0)
