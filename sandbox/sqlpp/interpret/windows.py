"""Window functions: all rows of a stage, in partitions and in order, and a value for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sandbox.sqlpp.compare import Key, group_key
from sandbox.sqlpp.interpret.calls import builtin, distinct_values, invoke
from sandbox.sqlpp.interpret.compiler import (
    Compiler,
    Condition,
    Evaluator,
    Frame,
    Row,
    Stage,
    putting,
    taking,
)
from sandbox.sqlpp.interpret.frames import Partition, Seen, partition, seen
from sandbox.sqlpp.interpret.logic import condition
from sandbox.sqlpp.interpret.ordering import Ordering
from sandbox.sqlpp.tree.expressions import Window
from sandbox.sqlpp.tree.queries import Let
from sandbox.sqlpp.values import NUMBERS, Value, is_unknown

# The values of all rows of a partition, in its order.
Values = Callable[[Partition, Frame], list[Value]]


def windowed(compiler: Compiler, let: Let, bound: tuple[int, ...], stage: Stage) -> Stage:
    """All rows of the stage, each with the value of one window function.

    `bound` are the variables that make a row: they are put back for each row that is handed on.
    """
    node = let.expression
    if not isinstance(node, Window):
        raise TypeError(type(node))
    take, put = taking(bound), putting(bound)
    keys = compiler.expressions(node.partition)
    ordering = Ordering(compiler, node.order)
    slot = let.variable.slot

    def run(frame: Frame) -> Iterator[None]:
        parts: dict[Key, list[tuple[list[Key], Row]]] = {}
        for _ in stage(frame):
            identity = tuple([group_key(key(frame)) for key in keys])
            parts.setdefault(identity, []).append((ordering.keys(frame), take(frame)))
        values_of = _values(compiler, node, frame)
        for unsorted in parts.values():
            rows = ordering.sorted(unsorted)

            def load(place: int, rows: list[tuple[list[Key], Row]] = rows) -> None:
                put(frame, rows[place][1])

            part = partition([key for key, _ in rows], load)
            for (_, row), value in zip(rows, values_of(part, frame), strict=True):
                put(frame, row)
                frame[slot] = value
                yield

    return run


def _values(compiler: Compiler, node: Window, frame: Frame) -> Values:
    rule = _FUNCTIONS.get(node.call.name, _aggregate)
    arguments = compiler.expressions(node.call.arguments)
    where = condition(compiler, node.call.where) if node.call.where else None
    rows = seen(compiler, node.frame, node.order, frame)
    return rule(_Asked(compiler, node, arguments, where, rows))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A window function with its parts compiled."""

    compiler: Compiler
    node: Window
    arguments: list[Evaluator]
    where: Condition | None
    seen: Seen

    def value(self, part: Partition, frame: Frame, place: int, argument: int = 0) -> Value:
        """An argument's value in the row at a place."""
        part.load(place)
        return self.arguments[argument](frame)

    def known(self, part: Partition, frame: Frame, places: Sequence[int]) -> Sequence[int]:
        """The places that IGNORE NULLS leaves."""
        if not self.node.ignore_nulls:
            return places
        return [p for p in places if not is_unknown(self.value(part, frame, p))]


def _aggregate(asked: _Asked) -> Values:
    """An aggregate of the rows each row sees."""
    call, context = asked.node.call, asked.compiler.context
    finish: Callable[[list[Value]], Value] = _same
    if call.name != "array_agg":
        invoked = invoke(builtin(call.name), context, call.arguments[0].position)
        finish = _of_one(invoked)

    def values(part: Partition, frame: Frame) -> list[Value]:
        inputs: list[Value] = []
        kept: list[bool] = []
        for place in range(part.size):
            inputs.append(asked.value(part, frame, place))
            kept.append(asked.where is None or asked.where(frame))
        results: list[Value] = []
        before: Sequence[int] | None = None
        for place in range(part.size):
            context.check()
            places = asked.seen(part, place)
            if places != before:
                found = [inputs[p] for p in places if kept[p]]
                result = finish(distinct_values(found) if call.distinct else found)
            results.append(result)
            before = places
        return results

    return values


def _same(values: list[Value]) -> Value:
    return values


def _of_one(invoked: Callable[[list[Value]], Value]) -> Callable[[list[Value]], Value]:
    return lambda values: invoked([values])


def _row_number(_: _Asked) -> Values:
    return lambda part, frame: list(range(1, part.size + 1))


def _rank(_: _Asked) -> Values:
    return lambda part, frame: [start + 1 for start in part.starts]


def _dense_rank(_: _Asked) -> Values:
    def values(part: Partition, frame: Frame) -> list[Value]:
        ranks: list[Value] = []
        rank = 0
        for place, start in enumerate(part.starts):
            rank += place == start
            ranks.append(rank)
        return ranks

    return values


def _percent_rank(_: _Asked) -> Values:
    return lambda part, frame: [start / max(part.size - 1, 1) for start in part.starts]


def _cume_dist(_: _Asked) -> Values:
    return lambda part, frame: [end / part.size for end in part.ends]


def _ntile(asked: _Asked) -> Values:
    """So many parts of one size, the first ones one row longer where it does not come out even."""

    def values(part: Partition, frame: Frame) -> list[Value]:
        count = asked.value(part, frame, 0)
        if type(count) not in NUMBERS:
            return [None] * part.size
        size, longer = divmod(part.size, max(int(count), 1))
        sizes = [size + 1] * longer + [size] * (part.size - longer if size else 0)
        return [tile for tile, length in enumerate(sizes, 1) for _ in range(length)][: part.size]

    return values


def _lag(asked: _Asked) -> Values:
    return _neighbour(asked, -1)


def _lead(asked: _Asked) -> Values:
    return _neighbour(asked, 1)


def _neighbour(asked: _Asked, direction: int) -> Values:
    """The argument in a row before or after, or the default where there is none."""

    def value(part: Partition, frame: Frame, place: int) -> Value:
        offset: Value = 1
        if len(asked.arguments) > 1:
            offset = asked.value(part, frame, place, 1)
        if type(offset) not in NUMBERS:
            return None
        steps = int(offset) * direction
        before, after = range(place - 1, -1, -1), range(place + 1, part.size)
        way = asked.known(part, frame, before if steps < 0 else after)
        if not steps:
            return asked.value(part, frame, place)
        if abs(steps) <= len(way):
            return asked.value(part, frame, way[abs(steps) - 1])
        return asked.value(part, frame, place, 2) if len(asked.arguments) > 2 else None

    return lambda part, frame: [value(part, frame, place) for place in range(part.size)]


def _first_value(asked: _Asked) -> Values:
    return _nth(asked, lambda part, frame, place: 1, from_last=False)


def _last_value(asked: _Asked) -> Values:
    return _nth(asked, lambda part, frame, place: 1, from_last=True)


def _nth_value(asked: _Asked) -> Values:
    return _nth(
        asked, lambda part, frame, place: asked.value(part, frame, place, 1), asked.node.from_last
    )


def _nth(
    asked: _Asked, number: Callable[[Partition, Frame, int], Value], from_last: bool
) -> Values:
    """The argument in the row of that number among those that are seen."""

    def value(part: Partition, frame: Frame, place: int) -> Value:
        wanted = number(part, frame, place)
        places = asked.known(part, frame, asked.seen(part, place))
        if type(wanted) not in NUMBERS or not 1 <= wanted <= len(places):
            return None
        found = places[-int(wanted)] if from_last else places[int(wanted) - 1]
        return asked.value(part, frame, found)

    return lambda part, frame: [value(part, frame, place) for place in range(part.size)]


def _ratio_to_report(asked: _Asked) -> Values:
    """The argument's share of the sum of those that are seen."""
    context, position = asked.compiler.context, asked.node.call.position
    total = _of_one(invoke(builtin("array_sum"), context, position))
    divide = invoke(builtin("numeric-divide"), context, position)

    def values(part: Partition, frame: Frame) -> list[Value]:
        inputs = [asked.value(part, frame, place) for place in range(part.size)]
        sums = (total([inputs[p] for p in asked.seen(part, place)]) for place in range(part.size))
        return [divide([value, whole]) for value, whole in zip(inputs, sums, strict=True)]

    return values


_FUNCTIONS: Final[dict[str, Callable[[_Asked], Values]]] = {
    "row_number": _row_number,
    "rank": _rank,
    "dense_rank": _dense_rank,
    "percent_rank": _percent_rank,
    "cume_dist": _cume_dist,
    "ntile": _ntile,
    "lag": _lag,
    "lead": _lead,
    "first_value": _first_value,
    "last_value": _last_value,
    "nth_value": _nth_value,
    "ratio_to_report": _ratio_to_report,
}
