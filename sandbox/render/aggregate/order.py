"""The order of many numbers, by their digits: numpy sorts digits of sixteen bits by counting."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

FEW: Final = 4_096
"""Fewer numbers are compared faster than counted."""
_SIGN: Final = np.uint64(1) << np.uint64(63)


def falling(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Places from the greatest value to the least; equal ones as they stand, NaN last."""
    negated = -values
    if len(values) < FEW:
        return np.argsort(negated, kind="stable")
    digits = _rising_bits(negated).astype("<u8").view(np.uint16).reshape(-1, 4)
    order = np.arange(len(values))
    # The lowest first: what has been sorted by them stays so among equals.
    for place in range(4):
        digit = digits[:, place]
        if digit.min() != digit.max():
            order = order[np.argsort(digit[order], kind="stable")]
    return order


def _rising_bits(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Whole numbers in the order of the values: -0 is 0, and NaN is above all."""
    with np.errstate(invalid="ignore"):
        sound = np.where(np.isnan(values), np.nan, values + 0.0)
    bits: NDArray[np.uint64] = sound.view(np.uint64)
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)
