"""Which row groups of a file may hold wanted rows, by the least and greatest value of columns."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sandbox.parquet.words import ATTRIBUTE, TYPES, Node
from sandbox.render.direct.nodes import AND, IN_AREA, LITERAL, constant_area, literal_value

_PRUNED: Final = frozenset({"tinyint", "smallint", "int", "bigint", "float", "double"})
_COMPARISONS: Final = {
    "EqualTo": (True, True),
    "LessThan": (False, True),
    "LessThanOrEqual": (False, True),
    "GreaterThan": (True, False),
    "GreaterThanOrEqual": (True, False),
}
"""Whether `column ? literal` bounds the column from below, and from above."""


@dataclass(frozen=True)
class Range:
    """Where a column's values lie in every wanted row."""

    low: float = -math.inf
    high: float = math.inf

    def narrowed(self, other: Range) -> Range:
        """Within both."""
        return Range(max(self.low, other.low), min(self.high, other.high))

    def excludes(self, least: Any, greatest: Any) -> bool:
        """Whether no value from `least` to `greatest`, nor NaN beside them, is wanted.

        Statistics do not tell NaN, which is greater than every number: only an upper bound shuts
        it out.
        """
        return self.high < math.inf and bool(least > self.high or greatest < self.low)


def ranges(condition: Node) -> dict[int, Range]:
    """The range of each column that a condition bounds, by Spark's number for it."""
    found: dict[int, Range] = {}
    for conjunct in _conjuncts(condition):
        for number, range_ in _bounds(conjunct):
            found[number] = found.get(number, Range()).narrowed(range_)
    return found


def _conjuncts(node: Node) -> Iterator[Node]:
    if node["op"] == AND:
        for child in node["children"]:
            yield from _conjuncts(child)
    else:
        yield node


def _bounds(node: Node) -> Iterator[tuple[int, Range]]:
    name = node["op"].rpartition(".")[2]
    if name in _COMPARISONS:
        yield from _compared(node, *_COMPARISONS[name])
    elif node["op"] == IN_AREA and node["function"] != "ST_Disjoint":
        yield from _within(node)


def _compared(node: Node, below: bool, above: bool) -> Iterator[tuple[int, Range]]:
    column, literal = node["children"]
    if column["op"] == LITERAL:
        column, literal, below, above = literal, column, above, below
    is_plain = column["op"] == ATTRIBUTE and column["type"] in _PRUNED
    if not is_plain or literal["op"] != LITERAL or literal["type"] not in TYPES:
        return
    value = literal_value(literal)
    # Beyond 2^53 a bound would have to be rounded the right way.
    if value is None or math.isnan(value) or abs(value) > 2**53:
        return
    yield (
        column["id"],
        Range(float(value) if below else -math.inf, float(value) if above else math.inf),
    )


def _within(node: Node) -> Iterator[tuple[int, Range]]:
    min_x, min_y, max_x, max_y = constant_area(node).bounds
    for child, range_ in zip(
        node["children"], (Range(min_x, max_x), Range(min_y, max_y)), strict=True
    ):
        if child["op"] == ATTRIBUTE:
            yield child["id"], range_
