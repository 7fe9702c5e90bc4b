"""One icon on many places, the topmost first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sandbox.render.discs import SHUT
from sandbox.render.kernel import F4_3D, IN_F4_3D, IN_I4, IN_I8, NOTHING, kernel

Layers = NDArray[np.float32]


@kernel(NOTHING, IN_I4, IN_I8, IN_F4_3D, IN_I8, F4_3D)
def stamp_icon(
    pixels: NDArray[np.int32],
    counts: NDArray[np.int64],
    icon: Layers,
    anchor: NDArray[np.int64],
    layers: Layers,
) -> None:
    """Lay icons under what is there, `counts` of them at once on each place.

    `icon` (height, width, 4) is straight colour in 0 to 1; `anchor` tells which of its pixels, from
    the left and from below, lies on the place, and which row of the picture is the first of
    `layers` (rows, width, 4): the colour seen so far, premultiplied, and how much still shines
    through.
    """
    height, width = layers.shape[0], layers.shape[1]
    for mark in range(pixels.size):
        left = pixels[mark] % width - anchor[0]
        top = pixels[mark] // width - anchor[2] + 1 + anchor[1] - icon.shape[0]
        for y in range(max(0, -top), min(icon.shape[0], height - top)):
            for x in range(max(0, -left), min(icon.shape[1], width - left)):
                layer = layers[top + y, left + x]
                through = layer[3]
                if through <= SHUT or icon[y, x, 3] == 0.0:
                    continue
                clear = 1.0 - icon[y, x, 3]
                if counts[mark] > 1:
                    clear = clear ** counts[mark]
                for channel in range(3):
                    layer[channel] += through * (1.0 - clear) * icon[y, x, channel]
                layer[3] = through * clear
