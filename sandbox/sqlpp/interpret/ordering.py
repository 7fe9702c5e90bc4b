"""Sorting by several keys, each in its direction, unknown values where they were asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import nlargest, nsmallest
from operator import itemgetter
from typing import Final, TypeVar

from sandbox.sqlpp.compare import Key, order_key
from sandbox.sqlpp.interpret.compiler import Compiler, Frame
from sandbox.sqlpp.tree.queries import OrderItem
from sandbox.sqlpp.values import is_unknown

T = TypeVar("T")
# Up to so many rows a heap is kept of the first ones instead of all rows.
MAX_HEAP: Final = 1_000


class Ordering:
    """The keys of ORDER BY, and the sort they ask for."""

    def __init__(self, compiler: Compiler, order: tuple[OrderItem, ...]) -> None:
        self._keys = [_key(compiler, item) for item in order]
        self._descending = [item.descending for item in order]

    def keys(self, frame: Frame) -> list[Key]:
        """The keys of the row that is in the frame."""
        return [key(frame) for key in self._keys]

    def sorted(
        self, found: Iterable[tuple[list[Key], T]], needed: int | None = None
    ) -> list[tuple[list[Key], T]]:
        """All in order, or the first ones, if so many are needed; equals keep their order."""
        if needed is not None and needed <= MAX_HEAP:
            return self._first(needed, found)
        rows = list(found)
        for place in range(len(self._keys) - 1, -1, -1):
            rows.sort(key=_part(place), reverse=self._descending[place])
        return rows

    def _first(
        self, needed: int, found: Iterable[tuple[list[Key], T]]
    ) -> list[tuple[list[Key], T]]:
        if not any(self._descending):
            return nsmallest(needed, found, key=itemgetter(0))
        if all(self._descending):
            return nlargest(needed, found, key=itemgetter(0))
        return nsmallest(needed, found, key=self._whole)

    def _whole(self, pair: tuple[list[Key], object]) -> list[object]:
        """One key of all, turned round where the order is."""
        return [
            _Reversed(key) if descending else key
            for key, descending in zip(pair[0], self._descending, strict=True)
        ]


class _Reversed:
    """A key that comes before what it would come after."""

    __slots__ = ("key",)

    def __init__(self, key: Key) -> None:
        self.key = key

    def __eq__(self, other: object) -> bool:
        """Equal as the keys are."""
        return isinstance(other, _Reversed) and bool(self.key == other.key)

    def __lt__(self, other: _Reversed) -> bool:
        """Less where the key is more."""
        return bool(other.key < self.key)

    __hash__ = None  # type: ignore[assignment]


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
