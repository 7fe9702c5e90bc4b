"""Type expressions as types of datasets; names are looked up once: later drops change nothing."""

from __future__ import annotations

from typing import Final

from sandbox.sqlpp.errors import SqlppError
from sandbox.sqlpp.tree.types import (
    ArrayType,
    MultisetType,
    NamedType,
    ObjectType,
    TypeExpression,
)
from sandbox.statements.datasets.types import (
    ANY,
    Collection,
    FieldSpec,
    ItemType,
    Record,
    Scalar,
)
from sandbox.statements.sqlpp.request import Request

_BUILT_IN: Final = {
    "any": "any",
    "boolean": "boolean",
    "tinyint": "int8",
    "int8": "int8",
    "smallint": "int16",
    "int16": "int16",
    "int32": "int32",
    "integer": "int32",
    "int": "int64",
    "bigint": "int64",
    "int64": "int64",
    "float": "float",
    "double": "double",
    "string": "string",
    "binary": "binary",
    "uuid": "uuid",
    "date": "date",
    "time": "time",
    "datetime": "datetime",
    "timestamp": "datetime",
    "duration": "duration",
    "year-month-duration": "yearmonthduration",
    "year_month_duration": "yearmonthduration",
    "day-time-duration": "daytimeduration",
    "day_time_duration": "daytimeduration",
    "interval": "interval",
    "point": "point",
    "line": "line",
    "rectangle": "rectangle",
    "circle": "circle",
    "polygon": "polygon",
}


def item_type(request: Request, written: TypeExpression) -> ItemType:
    """The type that an expression means; raises SqlppError for a name nobody knows."""
    match written:
        case ObjectType(fields=fields, is_open=is_open):
            found = [FieldSpec(f.name, item_type(request, f.type), f.optional) for f in fields]
            return Record(found, is_open)
        case ArrayType(item=item):
            return Collection("array", item_type(request, item))
        case MultisetType(item=item):
            return Collection("multiset", item_type(request, item))
        case NamedType():
            return _named(request, written)
        case _:
            return ANY


def _named(request: Request, written: NamedType) -> ItemType:
    if written.dataverse is None and written.name.lower() in _BUILT_IN:
        return Scalar(_BUILT_IN[written.name.lower()])
    known = request.scope.metadata.dataverse(request.database(written.dataverse)).types
    found = known.get(written.name)
    if found is None:
        code, message = "ASX1082", f"Cannot find datatype with name {written.name}"
        raise SqlppError(code, message, written.position)
    return found
