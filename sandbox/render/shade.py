"""Values to colours: ratios, ramps, and the heat map's veil; alpha is straight."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sandbox.render.kernel import (
    F8_2D,
    IN_F4,
    IN_F4_2D,
    IN_F8,
    IN_F8_2D,
    INT,
    NOTHING,
    REAL,
    U1_2D,
    U1_3D,
    U4,
    kernel,
)
from sandbox.render.threads import spread, strips
from wire.charts import HEAT_RAMP, Rgba, rgba

Reals = NDArray[np.float64]
Colours = NDArray[np.float64]
"""(n, 4): red, green, blue, alpha in 0 to 1."""
Pixels = NDArray[np.uint8]
"""(n, 4) or (height, width, 4): red, green, blue, alpha in 0 to 255."""

HEAT_VEIL: Final = 3.0

_HALF: Final = 0.5 + 1e-9
"""A level that is a half but for rounding errors goes up, as the exact half does."""


@kernel(F8_2D, IN_F8, IN_F8_2D)
def interpolate(ratios: Reals, steps: Colours) -> Colours:
    """The colours at `ratios` of a gradient of equal steps; NaN is the middle."""
    result = np.empty((ratios.size, 4))
    for i in range(ratios.size):
        place = (0.5 if math.isnan(ratios[i]) else ratios[i]) * (steps.shape[0] - 1)
        step = min(int(place), max(steps.shape[0] - 2, 0))
        following = min(step + 1, steps.shape[0] - 1)
        for channel in range(4):
            low, high = steps[step, channel], steps[following, channel]
            result[i, channel] = low + (high - low) * (place - step)
    return result


@kernel(NOTHING, IN_F8_2D, U1_2D)
def quantize(colours: Colours, pixels: Pixels) -> None:
    """Colours to levels; what rounds to no alpha at all is transparent black."""
    for i in range(colours.shape[0]):
        alpha = int(colours[i, 3] * 255.0 + _HALF)
        for channel in range(3):
            level = int(colours[i, channel] * 255.0 + _HALF)
            pixels[i, channel] = np.uint8(level if alpha > 0 else 0)
        pixels[i, 3] = np.uint8(alpha)


@kernel(F8_2D, IN_F4, IN_F4_2D)
def unlayer(through: NDArray[np.float32], seen: NDArray[np.float32]) -> Colours:
    """Straight colours of premultiplied ones, and of how much shines through each."""
    result = np.zeros((through.size, 4))
    for i in range(through.size):
        alpha = 1.0 - through[i]
        if alpha > 0.0:
            for channel in range(3):
                result[i, channel] = min(seen[i, channel] / alpha, 1.0)
            result[i, 3] = alpha
    return result


@kernel(NOTHING, IN_F8, INT, U4)
def veil(alphas: Reals, colour: int, words: NDArray[np.uint32]) -> None:
    """Pixels as words (red in the lowest byte) of one colour; without any alpha they are 0."""
    for i in range(alphas.size):
        level = np.uint32(alphas[i] * 255.0 + _HALF)
        words[i] = np.uint32(colour) | level << np.uint32(24) if level > 0 else np.uint32(0)


def straight(through: NDArray[np.float32], seen: NDArray[np.float32]) -> Pixels:
    """What shines through (height, width), and what is seen (height, width, 3), as pixels."""
    return levels(unlayer(through.ravel(), seen.reshape(-1, 3))).reshape(*through.shape, 4)


def colour(text: str, opacity: float = 1.0) -> Colours:
    """One colour as (1, 4), its alpha times `opacity`."""
    return gradient([text], opacity)


def gradient(texts: Sequence[str], opacity: float = 1.0) -> Colours:
    """The steps of a gradient, their alpha times `opacity`."""
    levels: list[Rgba] = [rgba(text) for text in texts]
    steps = np.array(levels, np.float64).reshape(-1, 4) / 255.0
    steps[:, 3] *= opacity
    return steps


def ratios(values: Reals, bound: tuple[float, float] | None) -> Reals:
    """Where values lie in `bound`, 0 to 1; without one, in their own minimum and maximum."""
    if bound is None:
        bound = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
    low, high = bound
    if low == high:
        return np.full(len(values), 0.5)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.clip((values - low) / (high - low), 0.0, 1.0)


def levels(colours: Colours) -> Pixels:
    """Colours as 8-bit levels."""
    pixels = np.empty((len(colours), 4), np.uint8)
    quantize(np.ascontiguousarray(colours), pixels)
    return pixels


def indexed(colours: Pixels, owners: NDArray[np.int32]) -> Pixels:
    """Pixels (height, width, 4) by the place of their colour in `colours`; -1 is the last one."""
    words = np.ascontiguousarray(colours).view(np.uint32)[:, 0]
    # As numpy takes -1 by itself, but several times as fast.
    places = np.where(owners < 0, len(colours) + owners, owners)
    return words.take(places, mode="clip").view(np.uint8).reshape(*owners.shape, 4)


def one_colour(alphas: Reals, colours: Colours) -> Pixels:
    """Pixels (height, width, 4) of one colour whose alpha varies."""
    red, green, blue, _ = levels(np.append(colours[:, :3], [[1.0]], axis=1))[0].tolist()
    words = np.empty(alphas.size, np.uint32)
    veil(np.ascontiguousarray(alphas).ravel(), red | green << 8 | blue << 16, words)
    return words.view(np.uint8).reshape(*alphas.shape, 4)


@kernel(NOTHING, IN_F8_2D, REAL, IN_F8_2D, U1_3D)
def shade_heat(values: Reals, peak: float, steps: Colours, pixels: Pixels) -> None:
    """Pixels of shares of the peak: through the ramp, under the veil."""
    last = steps.shape[0] - 1
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            share = max(values[row, column], 0.0) / peak
            alpha = min(1.0, HEAT_VEIL * share) ** 2
            level = int(alpha * 255.0 + _HALF)
            if level == 0:
                pixels[row, column] = np.uint8(0)
                continue
            step = min(int(share * last), last - 1)
            for channel in range(3):
                low, high = steps[step, channel], steps[step + 1, channel]
                value = low + (high - low) * (share * last - step)
                pixels[row, column, channel] = np.uint8(value * 255.0 + _HALF)
            pixels[row, column, 3] = np.uint8(level)


def heat(values: Reals) -> Pixels:
    """Pixels of a blurred grid: divided by its maximum, through the heat ramp, faint ones clear."""
    peak = float(values.max())
    pixels = np.zeros((*values.shape, 4), np.uint8)
    if not 0.0 < peak < math.inf:
        return pixels
    steps = gradient(HEAT_RAMP)

    def part(rows: tuple[int, int]) -> None:
        shade_heat(values[slice(*rows)], peak, steps, pixels[slice(*rows)])

    spread(part, strips(*values.shape))
    return pixels
