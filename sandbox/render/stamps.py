"""One icon on many places, the topmost first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sandbox.render.discs import SHUT
from sandbox.render.kernel import F4_2D, F4_3D, IN_F4_3D, IN_I4, IN_I8, NOTHING, kernel

Layers = NDArray[np.float32]


@kernel(NOTHING, IN_I4, IN_I8, IN_F4_3D, IN_I8, F4_2D, F4_3D)
def stamp_icon(  # noqa: PLR0913  (a kernel takes plain arrays)
    pixels: NDArray[np.int32],
    counts: NDArray[np.int64],
    icon: Layers,
    anchor: NDArray[np.int64],
    through: Layers,
    seen: Layers,
) -> None:
    """Lay icons under what some rows show, `counts` of them at once on each place.

    `icon` (height, width, 4) is straight colour in 0 to 1; `anchor` tells which of its pixels, from
    the left and from below, lies on the place, and which row of the picture is the first of
    `through` and `seen`, which are as `discs.stamp` has them.
    """
    height, width = through.shape
    for mark in range(pixels.size):
        left = pixels[mark] % width - anchor[0]
        top = pixels[mark] // width - anchor[2] + 1 + anchor[1] - icon.shape[0]
        for y in range(max(0, -top), min(icon.shape[0], height - top)):
            for x in range(max(0, -left), min(icon.shape[1], width - left)):
                at = np.uint64(top + y), np.uint64(left + x)
                clear, alpha = through[at], icon[y, x, 3]
                if clear <= SHUT or alpha == 0.0:
                    continue
                lets = np.float32((1.0 - alpha) ** counts[mark])
                for channel in range(3):
                    seen[at[0], at[1], channel] += clear * (1.0 - lets) * icon[y, x, channel]
                through[at] = clear * lets
