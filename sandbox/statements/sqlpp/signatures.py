"""What is told of a query's columns before it runs."""

from __future__ import annotations

from typing import Any

from sandbox.sqlpp.parser.primaries import implied_name
from sandbox.sqlpp.tree.expressions import Literal, ObjectOf
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.queries import Projection, Select
from sandbox.sqlpp.tree.statements import Query
from sandbox.statements.datasets.types import kind_of

ANY_COLUMNS = {"*": "*"}
"""The signature of a query whose columns its text does not tell."""


def typed_signature(query: Query) -> Any:
    """Names and types of the columns, as JDBC wants them."""
    columns = _columns(query.body)
    if columns is None:
        return ANY_COLUMNS
    return {"name": [name for name, _ in columns], "type": [kind for _, kind in columns]}


def _columns(body: Expression) -> list[tuple[str, str]] | None:
    if not isinstance(body, Select) or body.others:
        return None
    clause = body.first.select
    if clause.element is not None:
        return _fields(clause.element)
    unnamed = 0
    found: list[tuple[str, str]] = []
    for projection in clause.projections:
        if projection.kind != "named" or projection.expression is None:
            return None
        name = projection.name or _implied(projection)
        if name is None:
            unnamed += 1
            name = f"${unnamed}"
        found.append((name, _type(projection.expression)))
    return found


def _implied(projection: Projection) -> str | None:
    assert projection.expression is not None  # noqa: S101
    return implied_name(projection.expression)


def _fields(element: Expression) -> list[tuple[str, str]] | None:
    if not isinstance(element, ObjectOf):
        return None
    found: list[tuple[str, str]] = []
    for name, value in element.fields:
        if not isinstance(name, Literal) or not isinstance(name.value, str):
            return None
        found.append((name.value, _type(value)))
    return found


def _type(expression: Expression) -> str:
    return kind_of(expression.value) if isinstance(expression, Literal) else "any"
