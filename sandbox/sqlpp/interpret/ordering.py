"""Sorting by several keys, each in its direction, unknown values where they were asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sandbox.sqlpp.compare import Key, order_key
from sandbox.sqlpp.interpret.compiler import Compiler, Frame
from sandbox.sqlpp.tree.queries import OrderItem
from sandbox.sqlpp.values import is_unknown

T = TypeVar("T")


class Ordering:
    """The keys of ORDER BY, and the sort they ask for."""

    def __init__(self, compiler: Compiler, order: tuple[OrderItem, ...]) -> None:
        self._keys = [_key(compiler, item) for item in order]
        self._descending = [item.descending for item in order]

    def keys(self, frame: Frame) -> list[Key]:
        """The keys of the row that is in the frame."""
        return [key(frame) for key in self._keys]

    def sort(self, found: list[tuple[list[Key], T]]) -> None:
        """Sort by the last key first: each sort keeps the order of equals."""
        for place in range(len(self._keys) - 1, -1, -1):
            found.sort(key=_part(place), reverse=self._descending[place])


def _part(place: int) -> Callable[[tuple[list[Key], object]], Key]:
    return lambda pair: pair[0][place]


def _key(compiler: Compiler, item: OrderItem) -> Callable[[Frame], Key]:
    evaluate = compiler.expression(item.expression)
    if item.nulls_last is None or item.nulls_last == item.descending:
        return lambda frame: order_key(evaluate(frame))

    def key(frame: Frame) -> Key:
        """Unknown values come after all others, or before them where the order is turned round."""
        value = evaluate(frame)
        return (is_unknown(value), order_key(value))

    return key
