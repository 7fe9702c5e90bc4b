"""Columns of values with SQL's null, and what SQL makes of two of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Column:
    """Values of some rows; of one "row" where it is a constant.

    `valid` tells which are not null; None: all. What a null row holds means nothing.
    """

    values: Array
    valid: Mask | None = None

    @property
    def is_true(self) -> Mask:
        """Of booleans: where they are true, and not null."""
        return self.values if self.valid is None else self.values & self.valid

    @property
    def is_false(self) -> Mask:
        """Of booleans: where they are false, and not null."""
        return ~self.values if self.valid is None else ~self.values & self.valid

    @property
    def not_null(self) -> Mask:
        """Where there is a value."""
        return np.ones(len(self.values), np.bool_) if self.valid is None else self.valid


@dataclass(frozen=True)
class Points:
    """Points of some rows; the whole point is null, never one coordinate."""

    x: Array
    y: Array
    valid: Mask | None = None

    @property
    def not_null(self) -> Mask:
        """Where there is a point."""
        size = max(len(self.x), len(self.y))
        return np.ones(size, np.bool_) if self.valid is None else self.valid


Value = Column | Points
Rows = Mapping[int, Column]
"""Columns of some rows by Spark's number for them."""
Evaluate = Callable[[Rows], Value]
"""An expression, ready to run."""


def both(one: Mask | None, two: Mask | None) -> Mask | None:
    """Where neither is null."""
    if one is None or two is None:
        return two if one is None else one
    return one & two


def less(a: Array, b: Array) -> Mask:
    """As Spark orders numbers: NaN after all others and equal to itself, -0.0 equal to 0.0."""
    result: Mask = a < b
    if b.dtype.kind == "f":
        last = np.isnan(b)
        # Most columns have no NaN, and a constant is looked at once.
        if last.any():
            result = result | (last & ~np.isnan(a))
    return result


def equal(a: Array, b: Array) -> Mask:
    """As Spark compares numbers: NaN equals NaN."""
    result: Mask = a == b
    if b.dtype.kind == "f":
        unordered = np.isnan(b)
        if unordered.any():
            result = result | (unordered & np.isnan(a))
    return result


def at_most(a: Array, b: Array) -> Mask:
    """Not more, in Spark's order."""
    return ~less(b, a)


def conjunction(a: Column, b: Column) -> Column:
    """AND: false wins over null."""
    if a.valid is None and b.valid is None:
        return Column(a.values & b.values)
    true, false = a.is_true & b.is_true, a.is_false | b.is_false
    return Column(true, true | false)


def disjunction(a: Column, b: Column) -> Column:
    """OR: true wins over null."""
    if a.valid is None and b.valid is None:
        return Column(a.values | b.values)
    true, false = a.is_true | b.is_true, a.is_false & b.is_false
    return Column(true, true | false)


def negation(a: Column) -> Column:
    """NOT."""
    return Column(~a.values, a.valid)


def null_safe_equal(a: Column, b: Column) -> Column:
    """<=>: never null; null equals null."""
    same = equal(a.values, b.values) & a.not_null & b.not_null
    return Column(same | (~a.not_null & ~b.not_null))


def either(test: Mask, then: Column, otherwise: Column) -> Column:
    """IF: what is not true is otherwise."""
    values = np.where(test, then.values, otherwise.values)
    if then.valid is None and otherwise.valid is None:
        return Column(values)
    return Column(values, np.where(test, then.not_null, otherwise.not_null))
