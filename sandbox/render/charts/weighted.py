"""Discs whose colour and size are weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sandbox.render import discs, shade
from sandbox.render.aggregate.groups import GroupBy
from sandbox.render.aggregate.order import falling
from sandbox.render.canvas import Canvas
from sandbox.render.charts.painter import Check, Pixels, PointPainter, Weights
from sandbox.render.clock import Clock
from sandbox.render.columns import SourceColumn, named, numeric
from sandbox.render.threads import bands, spread, strips
from wire.charts import Weighted

PIXELS_PER_CHECK = 20_000_000
LEAST_PIXELS = 65_536
"""Fewer are not worth another thread."""

Reals = NDArray[np.float64]


class WeightedPainter(PointPainter):
    """Aggregates the weights of each pixel's rows, then lays one disc per pixel."""

    def __init__(self, style: Weighted, canvas: Canvas, clock: Clock | None = None) -> None:
        super().__init__(canvas, clock)
        self.style = style
        self.colours = GroupBy(aggregate=style.aggregate, size=canvas.pixels)
        self.sizes = GroupBy(aggregate=style.aggregate, size=self._groups_of_sizes)

    @property
    def colours_vary(self) -> bool:
        """Whether a weight decides the colour."""
        return len(self.style.color_gradient) > 1

    @property
    def sizes_vary(self) -> bool:
        """Whether a weight decides the size."""
        return len(self.style.size_bound) > 1

    @property
    def _groups_of_sizes(self) -> int:
        return self.canvas.pixels if self.sizes_vary else 0

    def choose(self, columns: Sequence[SourceColumn]) -> Weights:
        """Colour and size weight: `c` and `s`, else by place; only those the style looks at."""
        colour, size = self._weights(columns)
        return (colour if self.colours_vary else None, size if self.sizes_vary else None)

    def _weights(self, columns: Sequence[SourceColumn]) -> Weights:
        colour, size = named(columns, "c"), named(columns, "s")
        if colour or size:
            return colour, size
        alone = named(columns, "w")
        others = [alone] if alone else numeric(columns)[:2]
        if len(others) == 1 and not self.colours_vary:
            return None, others[0]
        return (*others, None, None)[:2]

    def groups(self) -> list[tuple[GroupBy, int | None]]:
        """The colour weights of each pixel, and the size weights if they decide anything."""
        return [(self.colours, 0), *([(self.sizes, 1)] if self.sizes_vary else [])]

    def paint(self, check: Check) -> Pixels:
        """Lay the discs strip by strip, in each those that reach into it."""
        marks = joined(spread(self._marks, bands(self.canvas.pixels, LEAST_PIXELS)))
        reach = marks.reach(self.canvas.width + self.canvas.height)
        rows = strips(self.canvas.height, self.canvas.width, least=2 * reach)
        strip = partial(self._strip, marks, reach, check)
        return np.concatenate(spread(strip, rows))

    def _marks(self, pixels: tuple[int, int]) -> Marks:
        """The discs of a part of the picture."""
        drawn = np.flatnonzero(self.colours.counts[slice(*pixels)]) + pixels[0]
        weights = self.colours.finish_some(drawn)
        return Marks(
            pixels=drawn.astype(np.int32),
            weights=weights,
            ratios=shade.ratios(weights, self.style.color_bound),
            sizes=self._diameters(drawn),
        )

    def _strip(self, marks: Marks, reach: int, check: Check, rows: tuple[int, int]) -> Pixels:
        """The highest colour weight first, each disc under those before it."""
        width = self.canvas.width
        first, last = max(rows[0] - reach, 0) * width, (rows[1] + reach) * width
        places = slice(*np.searchsorted(marks.pixels, (first, last)))
        # Equal weights have equal colours, and then the order makes no difference.
        order = falling(marks.weights[places])
        pixels, sizes = marks.pixels[places][order], marks.sizes[places][order]
        through = np.ones((rows[1] - rows[0], width), np.float32)
        seen = np.zeros((*through.shape, 3), np.float32)
        steps = shade.gradient(self.style.color_gradient, self.style.opacity)
        colours = shade.interpolate(marks.ratios[places][order], steps)
        for part in parts(sizes):
            check()
            discs.stamp(pixels[part], sizes[part], colours[part], rows[0], through, seen)
        return shade.straight(through, seen)

    def _diameters(self, drawn: NDArray[np.intp]) -> Reals:
        if not self.sizes_vary:
            return np.full(len(drawn), self.style.size_bound[0])
        low, high = self.style.size_bound
        return np.clip(self.sizes.finish_some(drawn), low, high)


@dataclass(frozen=True, kw_only=True)
class Marks:
    """One disc per pixel that has rows, pixels ascending."""

    pixels: NDArray[np.int32]
    weights: Reals
    ratios: Reals
    sizes: Reals

    def reach(self, most: int) -> int:
        """Up to how many rows from its pixel any disc may cover something."""
        return int(min(self.sizes.max(initial=0.0) / 2.0 + 0.5, most))


def joined(parts: Sequence[Marks]) -> Marks:
    """The marks of all parts, which follow one another."""
    return Marks(
        pixels=np.concatenate([part.pixels for part in parts]),
        weights=np.concatenate([part.weights for part in parts]),
        ratios=np.concatenate([part.ratios for part in parts]),
        sizes=np.concatenate([part.sizes for part in parts]),
    )


def parts(sizes: Reals) -> list[slice]:
    """Cut marks into parts of about PIXELS_PER_CHECK pixels, so that one can stop between."""
    areas = np.cumsum((np.maximum(sizes, 0.0) + 2.0) ** 2)
    if not len(areas):
        return []
    steps = np.arange(PIXELS_PER_CHECK, areas[-1] + PIXELS_PER_CHECK, PIXELS_PER_CHECK)
    cuts = np.unique([0, *(np.searchsorted(areas, steps) + 1).clip(max=len(sizes)), len(sizes)])
    return [slice(int(a), int(b)) for a, b in pairwise(cuts)]
