"""Expressions over the rows of tables as Spark columns.

Null is the only unknown here (a column that a table does not have is for the interpreter), so
SQL++'s logic is Spark's. Doubles are compared with constants other than zero only: SQL++ has
-0.0 before 0.0, Spark has them equal. NaN is equal to itself and above all numbers in both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final, NoReturn

from pyspark.sql import Column
from pyspark.sql import functions as F

from sandbox.sqlpp.tree import expressions as tree
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.values import Value
from sandbox.statements.sqlpp.translation.kinds import Kind, NotTranslated, Row, Typed

EXACT: Final = 2**53
"""Integers up to here are doubles too."""
_LITERALS: Final[dict[type, Kind]] = {
    int: Kind.INT,
    float: Kind.DOUBLE,
    str: Kind.STRING,
    bool: Kind.BOOLEAN,
}


@dataclass
class Scope:
    """What the variables of a block stand for, by slot, and the aggregates of its groups."""

    parameters: Mapping[str, Value]
    slots: dict[int, Typed | Row] = field(default_factory=dict)
    aggregates: dict[tree.Aggregate, Typed] = field(default_factory=dict)


def value_of(node: Expression, scope: Scope) -> Typed:
    """The column that an expression is; raises NotTranslated."""
    return _RULES.get(type(node), _refuse)(node, scope)


def condition(node: Expression, scope: Scope) -> Column:
    """The column of a condition."""
    found = value_of(node, scope)
    return found.column if found.kind is Kind.BOOLEAN else _refuse(node, scope)


def constant(node: Expression | None, scope: Scope) -> Any:
    """The value of a literal or parameter; raises NotTranslated."""
    if isinstance(node, tree.Literal):
        return node.value
    if isinstance(node, tree.Parameter) and node.name in scope.parameters:
        return scope.parameters[node.name]
    raise NotTranslated


def row_of(node: Expression, scope: Scope) -> Row | None:
    """The row that a variable stands for."""
    found = scope.slots.get(node.slot) if isinstance(node, tree.Variable) else None
    return found if isinstance(found, Row) else None


def _refuse(_node: Expression, _scope: Scope) -> NoReturn:
    raise NotTranslated


def _constant(node: Expression, scope: Scope) -> Typed:
    value = constant(node, scope)
    kind = _LITERALS.get(type(value))
    if kind is None:
        raise NotTranslated
    return Typed(F.lit(value).cast("long") if kind is Kind.INT else F.lit(value), kind)


def _variable(node: tree.Variable, scope: Scope) -> Typed:
    found = scope.slots.get(node.slot)
    return found if isinstance(found, Typed) else _refuse(node, scope)


def _field(node: tree.Field, scope: Scope) -> Typed:
    row = row_of(node.base, scope)
    if row is None or node.name not in row.fields:
        raise NotTranslated
    return row.fields[node.name]


def _aggregate(node: tree.Aggregate, scope: Scope) -> Typed:
    return scope.aggregates.get(node) or _refuse(node, scope)


def _comparison(node: tree.Comparison, scope: Scope) -> Typed:
    return Typed(_compared(node.operator, node.left, node.right, scope), Kind.BOOLEAN)


def _compared(operator: str, left: Expression, right: Expression, scope: Scope) -> Column:
    compare = _OPERATORS.get(operator)
    mine, yours = value_of(left, scope), value_of(right, scope)
    if compare is None or not _have_one_order(mine, left, yours, right):
        raise NotTranslated
    return compare(mine.column, yours.column)


def _have_one_order(mine: Typed, left: Expression, yours: Typed, right: Expression) -> bool:
    kinds = {mine.kind, yours.kind}
    if kinds in ({Kind.INT}, {Kind.STRING}, {Kind.BOOLEAN}):
        return True
    return kinds <= {Kind.INT, Kind.DOUBLE} and (_is_plain(left) or _is_plain(right))


def _is_plain(node: Expression) -> bool:
    """A number that compares alike everywhere: no zero, no NaN, exact as a double."""
    value: Any = node.value if isinstance(node, tree.Literal) else None
    return type(value) in (int, float) and 0 < abs(value) <= EXACT


def _logic(node: tree.Logic, scope: Scope) -> Typed:
    columns = [condition(operand, scope) for operand in node.operands]
    both = Column.__and__ if node.operator == "and" else Column.__or__
    return Typed(reduce(both, columns), Kind.BOOLEAN)


def _not(node: tree.Not, scope: Scope) -> Typed:
    return Typed(~condition(node.operand, scope), Kind.BOOLEAN)


def _between(node: tree.Between, scope: Scope) -> Typed:
    low = _compared(">=", node.operand, node.low, scope)
    return Typed(low & _compared("<=", node.operand, node.high, scope), Kind.BOOLEAN)


def _membership(node: tree.Membership, scope: Scope) -> Typed:
    if node.negated or not isinstance(node.right, tree.ArrayOf) or not node.right.items:
        raise NotTranslated
    found = [_compared("=", node.left, item, scope) for item in node.right.items]
    return Typed(reduce(Column.__or__, found), Kind.BOOLEAN)


def _call(node: tree.Call, scope: Scope) -> Typed:
    rule = None if node.dataverse or node.distinct or node.where else _CALLS.get(node.name)
    return _refuse(node, scope) if rule is None else rule(node, scope)


def _is_null(node: tree.Call, scope: Scope) -> Typed:
    return Typed(value_of(node.arguments[0], scope).column.isNull(), Kind.BOOLEAN)


def _is_missing(node: tree.Call, scope: Scope) -> Typed:
    value_of(node.arguments[0], scope)
    return Typed(F.lit(False), Kind.BOOLEAN)


def _like(node: tree.Call, scope: Scope) -> Typed:
    text, pattern = node.arguments[0], constant(node.arguments[-1], scope)
    found = value_of(text, scope)
    if found.kind is not Kind.STRING or type(pattern) is not str or "\\" in pattern:
        raise NotTranslated
    return Typed(found.column.like(pattern), Kind.BOOLEAN)


_OPERATORS: Final[dict[str, Callable[[Column, Column], Column]]] = {
    "=": Column.__eq__,
    "!=": Column.__ne__,
    "<": Column.__lt__,
    "<=": Column.__le__,
    ">": Column.__gt__,
    ">=": Column.__ge__,
}
_CALLS: Final[dict[str, Callable[[tree.Call, Scope], Typed]]] = {
    "is-null": _is_null,
    "is-unknown": _is_null,
    "is-missing": _is_missing,
    "like": _like,
}
_RULES: Final[dict[type, Callable[[Any, Scope], Typed]]] = {
    tree.Literal: _constant,
    tree.Parameter: _constant,
    tree.Variable: _variable,
    tree.Field: _field,
    tree.Aggregate: _aggregate,
    tree.Comparison: _comparison,
    tree.Logic: _logic,
    tree.Not: _not,
    tree.Between: _between,
    tree.Membership: _membership,
    tree.Call: _call,
}
