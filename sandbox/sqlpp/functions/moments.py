"""Variance, skewness and kurtosis, computed in one pass as the original computes them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import runtime_error
from sandbox.sqlpp.functions.checks import INCOMPATIBLE, incompatible_words, item_error
from sandbox.sqlpp.values import NUMBERS, Value


class Moments:
    """The central moments of the numbers pushed so far (Pébay's updates)."""

    __slots__ = ("count", "m1", "m2", "m3", "m4")

    def __init__(self) -> None:
        self.count = 0
        self.m1 = self.m2 = self.m3 = self.m4 = 0.0

    def push(self, value: float) -> None:
        """Take one more number in."""
        self.count += 1
        count = self.count
        delta = value - self.m1
        step = delta / count
        term = delta * step * (count - 1)
        self.m1 += delta / count
        self.m4 += term * step * step * (count * count - 3 * count + 3)
        self.m4 += 6 * step * step * self.m2 - 4 * step * self.m3
        self.m3 += term * step * (count - 2) - 3 * step * self.m2
        self.m2 += term


def _variance(moments: Moments, unseen: int) -> float | None:
    return moments.m2 / (moments.count - unseen) if moments.count > unseen else None


def _deviation(moments: Moments, unseen: int) -> float | None:
    variance = _variance(moments, unseen)
    return None if variance is None else math.sqrt(variance)


def _skewness(moments: Moments, _: int) -> float | None:
    if moments.count <= 2 or moments.m2 == 0:
        return None
    skewness: float = math.sqrt(moments.count) * moments.m3 / moments.m2**1.5
    return skewness


def _kurtosis(moments: Moments, _: int) -> float | None:
    if moments.count <= 2 or moments.m2 == 0:
        return None
    return moments.m4 * moments.count / (moments.m2 * moments.m2) - 3


STATISTICS: Final[dict[str, tuple[Callable[[Moments, int], float | None], int]]] = {
    "stddev_samp": (_deviation, 1),
    "stddev_pop": (_deviation, 0),
    "var_samp": (_variance, 1),
    "var_pop": (_variance, 0),
    "skewness": (_skewness, 0),
    "kurtosis": (_kurtosis, 0),
}


def statistic(name: str) -> Callable[[Context, list[Value]], Value]:
    """The aggregate of known values; anything but a number stops the statement."""
    finish, unseen = STATISTICS[name]

    def aggregate(_: Context, items: list[Any]) -> Value:
        moments = Moments()
        for item in items:
            if type(item) not in NUMBERS:
                raise _refused(name, item, items[0])
            moments.push(float(item))
        return finish(moments, unseen)

    return aggregate


def _refused(name: str, item: Value, first: Value) -> Exception:
    function = f"agg-{name}"
    if type(first) not in NUMBERS:
        return item_error(function, item)
    return runtime_error(INCOMPATIBLE, incompatible_words(function, item, first))
