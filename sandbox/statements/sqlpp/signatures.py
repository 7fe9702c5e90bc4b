"""What is told of a query's columns before it runs."""

from __future__ import annotations

from typing import Any, Final

from sandbox.sqlpp.errors import SqlppError
from sandbox.sqlpp.interpret.evaluate import resolve
from sandbox.sqlpp.tree.queries import Select
from sandbox.sqlpp.tree.statements import Query
from sandbox.statements.datasets.types import Collection, FieldSpec, ItemType, Record
from sandbox.statements.sqlpp.inferring import Inference
from sandbox.statements.sqlpp.request import Request

ANY_COLUMNS: Final = {"*": "*"}
"""The signature of a query whose columns neither its text nor its datasets tell."""
_WORDS: Final = {
    "yearmonthduration": "year-month-duration",
    "daytimeduration": "day-time-duration",
}
_KNOWN: Final = frozenset(
    {"int8", "int16", "int32", "int64", "float", "double", "string", "boolean", "uuid", "null"}
    | {"date", "time", "datetime", "duration", *_WORDS.values()}
)
"""The scalars that JDBC knows; others are `any`, so that it does not refuse the whole result."""
_NEVER_OPTIONAL: Final = frozenset({"any", "null"})


def typed_signature(query: Query, request: Request) -> Any:
    """Names and types of the columns, as JDBC wants them."""
    columns = _columns(query, request)
    if not columns:
        return ANY_COLUMNS
    return {"name": [c.name for c in columns], "type": [_type(c) for c in columns]}


def _columns(query: Query, request: Request) -> list[FieldSpec] | None:
    environment = request.environment()
    try:
        body = resolve(query, environment).body
    except SqlppError:
        # It may be about what an earlier statement of the request has yet to make.
        return None
    if query.explain or not isinstance(body, Select):
        return None
    try:
        rows = Inference(environment.datasets, environment.parameters).rows(body)
    except RecursionError:
        return None
    return rows.fields if isinstance(rows, Record) else None


def _type(column: FieldSpec) -> str:
    word = _word(column.type)
    return f"{word}?" if column.optional and word not in _NEVER_OPTIONAL else word


def _word(kind: ItemType) -> str:
    if isinstance(kind, Record):
        return "object"
    if isinstance(kind, Collection):
        return kind.kind
    word = _WORDS.get(kind.name, kind.name)
    return word if word in _KNOWN else "any"
