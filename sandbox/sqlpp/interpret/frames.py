"""Which rows of a partition a window function sees from each row."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.sqlpp.compare import Key
from sandbox.sqlpp.interpret.compiler import Compiler, Evaluator, Frame
from sandbox.sqlpp.parser.cursor import unsupported
from sandbox.sqlpp.tree.expressions import Frame as FrameClause
from sandbox.sqlpp.tree.expressions import FrameEdge
from sandbox.sqlpp.tree.queries import OrderItem
from sandbox.sqlpp.values import NUMBERS, Value


@dataclass(slots=True)
class Partition:
    """The rows of a partition in order, and which of them are peers: equal in all keys."""

    keys: list[list[Key]]
    load: Callable[[int], None]
    # For each row the first of its peers and the row after the last one.
    starts: list[int]
    ends: list[int]
    # The values of an only key, once a frame has asked for them.
    values: list[Value] | None = None

    @property
    def size(self) -> int:
        """How many rows it has."""
        return len(self.keys)


def partition(keys: list[list[Key]], load: Callable[[int], None]) -> Partition:
    """A partition of sorted rows; `load` puts the row at a place into the frame."""
    starts: list[int] = []
    for place, key in enumerate(keys):
        starts.append(starts[-1] if place and keys[place - 1] == key else place)
    ends = [len(keys)] * len(keys)
    for place in range(len(keys) - 2, -1, -1):
        ends[place] = ends[place + 1] if keys[place] == keys[place + 1] else place + 1
    return Partition(keys, load, starts, ends)


# From a row's place in a partition, the places of the rows it sees.
Seen = Callable[[Partition, int], Sequence[int]]


def seen(
    compiler: Compiler, clause: FrameClause | None, order: tuple[OrderItem, ...], frame: Frame
) -> Seen:
    """The rows each row sees: without a frame those before it and its peers, in no order all."""
    if clause is None:
        return _up_to_peers if order else _whole
    start = _Edge(compiler, clause, clause.start, order, frame)
    end = _Edge(compiler, clause, clause.end, order, frame)
    exclude = clause.exclude

    def rows(part: Partition, place: int) -> Sequence[int]:
        first, last = start.first(part, place), end.last(part, place)
        found = range(max(first, 0), min(last, part.size))
        if exclude == "no others":
            return found
        out = range(part.starts[place], part.ends[place])
        if exclude == "current row":
            return [other for other in found if other != place]
        if exclude == "group":
            return [other for other in found if other not in out]
        return [other for other in found if other == place or other not in out]

    return rows


def _whole(part: Partition, place: int) -> Sequence[int]:
    return range(part.size)


def _up_to_peers(part: Partition, place: int) -> Sequence[int]:
    return range(part.ends[place])


class _Edge:
    """One end of a frame."""

    def __init__(
        self,
        compiler: Compiler,
        clause: FrameClause,
        edge: FrameEdge,
        order: tuple[OrderItem, ...],
        frame: Frame,
    ) -> None:
        self._mode = clause.mode
        self._kind = edge.kind
        self._preceding = edge.preceding
        self._frame = frame
        self._offset = compiler.expression(edge.offset) if edge.offset else None
        self._range = None
        if clause.mode == "range" and edge.kind == "offset":
            if len(order) != 1:
                raise unsupported(edge.position, "RANGE with an offset over several keys")
            self._range = (compiler.expression(order[0].expression), order[0].descending)

    def first(self, part: Partition, place: int) -> int:
        """The first row, where this is the start."""
        if self._kind == "unbounded":
            return 0 if self._preceding else part.size
        if self._kind == "current":
            return place if self._mode == "rows" else part.starts[place]
        return self._moved(part, place, to_end=False)

    def last(self, part: Partition, place: int) -> int:
        """The row after the last one, where this is the end."""
        if self._kind == "unbounded":
            return 0 if self._preceding else part.size
        if self._kind == "current":
            return place + 1 if self._mode == "rows" else part.ends[place]
        return self._moved(part, place, to_end=True)

    def _moved(self, part: Partition, place: int, *, to_end: bool) -> int:
        part.load(place)
        offset = self._offset(self._frame) if self._offset else 0
        if type(offset) not in NUMBERS:
            return (part.ends if to_end else part.starts)[place]
        distance = -offset if self._preceding else offset
        if self._range is not None:
            return self._by_value(part, place, distance, self._range, to_end)
        if self._mode == "rows":
            return place + int(distance) + to_end
        return _peers_away(part, place, int(distance), to_end)

    def _by_value(
        self,
        part: Partition,
        place: int,
        distance: float,
        by: tuple[Evaluator, bool],
        to_end: bool,
    ) -> int:
        evaluate, descending = by
        if part.values is None:
            part.values = [self._value(part, evaluate, other) for other in range(part.size)]
        values = part.values
        mine = values[place]
        if type(mine) not in NUMBERS:
            return (part.ends if to_end else part.starts)[place]
        first, last = _numbers(values)
        numbers = [-v if descending else v for v in values[first:last]]
        bound = (-mine if descending else mine) + distance
        return first + (bisect_right if to_end else bisect_left)(numbers, bound)

    def _value(self, part: Partition, evaluate: Evaluator, place: int) -> Value:
        part.load(place)
        return evaluate(self._frame)


def _numbers(values: list[Value]) -> tuple[int, int]:
    """Where the numbers are among sorted values: they stand together."""
    places = [place for place, value in enumerate(values) if type(value) in NUMBERS]
    return places[0], places[-1] + 1


def _peers_away(part: Partition, place: int, groups: int, to_end: bool) -> int:
    """The edge of the peers that are so many groups away."""
    while groups < 0 and place >= 0:
        place, groups = part.starts[place] - 1, groups + 1
    while groups > 0 and place < part.size:
        place, groups = part.ends[place], groups - 1
    if place < 0:
        return 0
    if place >= part.size:
        return part.size
    return (part.ends if to_end else part.starts)[place]
