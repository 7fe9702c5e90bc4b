"""From nodes to closures, by a table of rules per kind of node.

A closure takes the frame: a list with one place per variable of the statement. Every variable has
its own place, and a function is never inside of itself, so one frame serves all nested queries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from operator import itemgetter
from typing import Any, TypeAlias

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.source import Datasets
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.values import Value

Frame: TypeAlias = list[Value]
Row: TypeAlias = tuple[Value, ...]
Evaluator: TypeAlias = Callable[[Frame], Value]
Condition: TypeAlias = Callable[[Frame], bool]
Rows: TypeAlias = Callable[[Frame], Iterator[Value]]
# A step of a query: it puts one combination of variables after the other into the frame.
Stage: TypeAlias = Callable[[Frame], Iterator[None]]
Rule: TypeAlias = Callable[["Compiler", Any], Evaluator]


class Compiler:
    """Makes closures that run in one statement's context, over its datasets and parameters."""

    def __init__(
        self,
        rules: Mapping[type, Rule],
        context: Context,
        datasets: Datasets,
        parameters: Mapping[str, Value],
    ) -> None:
        self._rules = rules
        self.context = context
        self.datasets = datasets
        self.parameters = parameters
        self._groups: dict[int, tuple[int, ...]] = {}
        self._shared: dict[int, Evaluator] = {}

    def shared(self, node: Expression) -> Evaluator:
        """The closure of what stands in several places, as the body of a function does."""
        found = self._shared.get(id(node))
        if found is None:
            found = self._shared[id(node)] = self.expression(node)
        return found

    def group(self, rows: int, slots: tuple[int, ...]) -> None:
        """Note which variables the rows of a group hold."""
        self._groups[rows] = slots

    def held(self, rows: int) -> tuple[int, ...]:
        """The variables that the rows of a group hold."""
        return self._groups[rows]

    def expression(self, node: Expression) -> Evaluator:
        """The closure that gives an expression's value."""
        return self._rules[type(node)](self, node)

    def expressions(self, nodes: tuple[Expression, ...]) -> list[Evaluator]:
        """The closures of several expressions."""
        return [self.expression(node) for node in nodes]


def taking(slots: tuple[int, ...]) -> Callable[[Frame], Row]:
    """The closure that takes a row of some variables out of the frame."""
    if len(slots) < 2:
        return partial(_take_one, slots[0]) if slots else _take_none
    take: Callable[[Frame], Row] = itemgetter(*slots)
    return take


def putting(slots: tuple[int, ...]) -> Callable[[Frame, Row], None]:
    """The closure that puts such a row back into the frame."""
    return partial(_put_one, slots[0]) if len(slots) == 1 else partial(_put, slots)


def _take_none(_: Frame) -> Row:
    return ()


def _take_one(slot: int, frame: Frame) -> Row:
    return (frame[slot],)


def _put_one(slot: int, frame: Frame, row: Row) -> None:
    frame[slot] = row[0]


def _put(slots: tuple[int, ...], frame: Frame, row: Row) -> None:
    for slot, value in zip(slots, row, strict=True):
        frame[slot] = value
