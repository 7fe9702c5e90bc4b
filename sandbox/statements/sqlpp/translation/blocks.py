"""SELECT … FROM … WHERE … GROUP BY … HAVING … ORDER BY … LIMIT as one Spark frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from sandbox.sqlpp.tree import expressions as tree
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.queries import (
    FromTerm,
    Join,
    Let,
    OrderItem,
    Select,
    SelectClause,
)
from sandbox.statements.sqlpp.translation.aggregates import GROUPED, grouped
from sandbox.statements.sqlpp.translation.expressions import (
    Scope,
    condition,
    constant,
    row_of,
    value_of,
)
from sandbox.statements.sqlpp.translation.kinds import Kind, NotTranslated, Row, Typed, kind_of

MAX_LIMIT: Final = 2**31 - 1
VALUE: Final = "value"
"""The one column of a frame whose rows are bare values."""

Tables = Callable[[tree.DatasetScan], DataFrame]
"""The rows of a dataset; raises NotTranslated for one that is no table of Spark's."""


@dataclass(frozen=True)
class Translated:
    """A frame with the rows of a query; `is_bare`: each is the value of its one column."""

    frame: DataFrame
    is_bare: bool
    is_ordered: bool


def translated(select: Select, tables: Tables, scope: Scope) -> Translated:
    """The query as a frame; raises NotTranslated."""
    block = select.first
    if select.lets or select.others or not block.terms or block.select.distinct:
        raise NotTranslated
    frame = _product(block.terms, tables, scope)
    _define(block.lets, scope)
    if block.where is not None:
        frame = frame.filter(condition(block.where, scope))
    frame = grouped(frame, block, select.order, scope)
    _define(block.late_lets, scope)
    if block.having is not None:
        frame = frame.filter(condition(block.having, scope))
    _define(block.windows, scope)
    frame = _bounded(_sorted(frame, select.order, scope), select, scope)
    columns, is_bare = _selected(block.select, scope)
    return Translated(frame.select(*columns), is_bare, is_ordered=bool(select.order))


def _product(terms: Iterable[FromTerm], tables: Tables, scope: Scope) -> DataFrame:
    frame: DataFrame | None = None
    for term in terms:
        if frame is not None or term.at is not None:
            raise NotTranslated
        frame = _scan(term.source, term.variable, tables, scope)
        for link in term.links:
            if not isinstance(link, Join) or link.kind != "inner" or link.at is not None:
                raise NotTranslated
            other = _scan(link.source, link.variable, tables, scope)
            frame = frame.join(other, condition(link.condition, scope), "inner")
    if frame is None:
        raise NotTranslated
    return frame


def _scan(source: Expression, variable: tree.Variable, tables: Tables, scope: Scope) -> DataFrame:
    if not isinstance(source, tree.DatasetScan):
        raise NotTranslated
    rows = tables(source)
    fields = rows.schema.fields
    # One table may come twice: columns are told apart by the variable's slot and their place.
    names = [f"v{variable.slot}c{place}" for place in range(len(fields))]
    found = {
        field.name: Typed(F.col(name), kind_of(field.dataType))
        for field, name in zip(fields, names, strict=True)
    }
    if len(found) != len(fields):
        raise NotTranslated
    scope.slots[variable.slot] = Row(found)
    return rows.toDF(*names)


def _define(lets: Iterable[Let], scope: Scope) -> None:
    for let in lets:
        row = row_of(let.expression, scope)
        scope.slots[let.variable.slot] = row or value_of(let.expression, scope)


def _sorted(frame: DataFrame, order: Iterable[OrderItem], scope: Scope) -> DataFrame:
    keys = [key for item in order for key in _sort_keys(item, scope)]
    return frame.orderBy(*keys) if keys else frame


def _sort_keys(item: OrderItem, scope: Scope) -> list[Column]:
    found = value_of(item.expression, scope)
    columns = [found.column]
    if found.kind is Kind.DOUBLE:
        # -0.0 comes before 0.0.
        columns.append(found.column.cast("string") != F.lit("-0.0"))
    elif found.kind not in GROUPED:
        raise NotTranslated
    nulls_last = item.descending if item.nulls_last is None else item.nulls_last
    return [_directed(column, item.descending, nulls_last) for column in columns]


def _directed(column: Column, descending: bool, nulls_last: bool) -> Column:
    if descending:
        return column.desc_nulls_last() if nulls_last else column.desc_nulls_first()
    return column.asc_nulls_last() if nulls_last else column.asc_nulls_first()


def _bounded(frame: DataFrame, select: Select, scope: Scope) -> DataFrame:
    if select.offset is not None:
        frame = frame.offset(_count(select.offset, scope))
    if select.limit is not None:
        frame = frame.limit(_count(select.limit, scope))
    return frame


def _count(node: Expression, scope: Scope) -> int:
    found = constant(node, scope)
    if type(found) is not int or not 0 <= found <= MAX_LIMIT:
        raise NotTranslated
    return found


def _selected(clause: SelectClause, scope: Scope) -> tuple[list[Column], bool]:
    """The columns of the result, and whether its one column is the value itself."""
    if clause.element is None:
        named = [(p.name, p.expression) for p in clause.projections if p.kind == "named"]
        if len(named) != len(clause.projections):
            raise NotTranslated
        return _object(named, scope), False
    row = row_of(clause.element, scope)
    if row is not None:
        return [typed.column.alias(name) for name, typed in row.fields.items()], False
    if isinstance(clause.element, tree.ObjectOf):
        fields = [(constant(name, scope), value) for name, value in clause.element.fields]
        return _object(fields, scope), False
    return [value_of(clause.element, scope).column.alias(VALUE)], True


def _object(fields: Sequence[tuple[str | None, Expression | None]], scope: Scope) -> list[Column]:
    names = [name for name, _ in fields]
    if not fields or len(set(names)) != len(names):
        raise NotTranslated
    return [_member(name, value, scope) for name, value in fields]


def _member(name: object, value: Expression | None, scope: Scope) -> Column:
    if not isinstance(name, str) or value is None:
        raise NotTranslated
    row = row_of(value, scope)
    if row is None:
        return value_of(value, scope).column.alias(name)
    members = [typed.column.alias(field) for field, typed in row.fields.items()]
    return F.struct(*members).alias(name)
