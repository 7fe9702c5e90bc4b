"""GROUP BY and SQL's aggregates as Spark's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from sandbox.sqlpp.tree import expressions as tree
from sandbox.sqlpp.tree.nodes import Expression, Node
from sandbox.sqlpp.tree.queries import Block, GroupBy, OrderItem
from sandbox.sqlpp.tree.walk import walk
from sandbox.statements.sqlpp.translation.expressions import Scope, value_of
from sandbox.statements.sqlpp.translation.kinds import Kind, NotTranslated, Typed

GROUPED: Final = frozenset({Kind.INT, Kind.STRING, Kind.BOOLEAN, Kind.TIME})
"""Kinds whose groups are the same everywhere: not doubles, where -0.0 is a group of its own."""


def grouped(frame: DataFrame, block: Block, order: Iterable[OrderItem], scope: Scope) -> DataFrame:
    """One row a group; from now on the scope speaks of those. Raises NotTranslated."""
    group = block.group
    if group is None:
        return frame
    if group.members is not None or group.sets:
        raise NotTranslated
    keys = [_key(number, key.expression, scope) for number, key in enumerate(group.keys)]
    wanted = list(dict.fromkeys(_aggregates(block, order)))
    totals = [_total(node, scope) for node in wanted]
    names = [f"total{number}" for number in range(len(totals))]
    columns = [total.column.alias(name) for total, name in zip(totals, names, strict=True)]
    made = frame.groupBy(*(key.column for key in keys)).agg(*columns, F.count(F.lit(1)).alias("n"))
    scope.slots = dict(_keys(group, keys))
    scope.aggregates = {
        node: Typed(F.col(name), total.kind)
        for node, name, total in zip(wanted, names, totals, strict=True)
    }
    return made


def _key(number: int, expression: Expression, scope: Scope) -> Typed:
    found = value_of(expression, scope)
    if found.kind not in GROUPED:
        raise NotTranslated
    return Typed(found.column.alias(f"key{number}"), found.kind)


def _keys(group: GroupBy, keys: list[Typed]) -> dict[int, Typed]:
    return {
        key.variable.slot: Typed(F.col(f"key{number}"), typed.kind)
        for number, (key, typed) in enumerate(zip(group.keys, keys, strict=True))
        if key.variable is not None
    }


def _aggregates(block: Block, order: Iterable[OrderItem]) -> Iterator[tree.Aggregate]:
    after: tuple[Node | None, ...] = (
        *block.late_lets,
        block.having,
        *block.windows,
        block.select,
        *order,
    )
    for part in after:
        for node in walk(part) if part is not None else ():
            if isinstance(node, tree.Aggregate):
                yield node


def _total(node: tree.Aggregate, scope: Scope) -> Typed:
    make = _TOTALS.get(node.function)
    if make is None or node.where is not None:
        raise NotTranslated
    return make(value_of(node.argument, scope), node.distinct)


def _count(argument: Typed, distinct: bool) -> Typed:
    if distinct and argument.kind not in GROUPED:
        raise NotTranslated
    count = F.count_distinct(argument.column) if distinct else F.count(argument.column)
    return Typed(count, Kind.INT)


def _sum(argument: Typed, distinct: bool) -> Typed:
    if distinct or argument.kind not in (Kind.INT, Kind.DOUBLE):
        raise NotTranslated
    return Typed(F.sum(argument.column), argument.kind)


def _avg(argument: Typed, distinct: bool) -> Typed:
    if distinct or argument.kind not in (Kind.INT, Kind.DOUBLE):
        raise NotTranslated
    return Typed(F.avg(argument.column), Kind.DOUBLE)


def _extreme(pick: Callable[[Column], Column]) -> Callable[[Typed, bool], Typed]:
    def extreme(argument: Typed, _distinct: bool) -> Typed:
        if argument.kind not in (Kind.INT, Kind.STRING):
            raise NotTranslated
        return Typed(pick(argument.column), argument.kind)

    return extreme


_TOTALS: Final[dict[str, Callable[[Typed, bool], Typed]]] = {
    "array_count": _count,
    "array_sum": _sum,
    "array_avg": _avg,
    "array_min": _extreme(F.min),
    "array_max": _extreme(F.max),
}
