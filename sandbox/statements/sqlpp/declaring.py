"""Type expressions as types of datasets; names are looked up once: later drops change nothing."""

from __future__ import annotations

from typing import Final

from sandbox.sqlpp.errors import Location, SqlppError
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


def item_type(request: Request, written: TypeExpression, dataverse: str | None) -> ItemType:
    """The type that an expression in a dataverse means; raises SqlppError for an unknown name."""

    def found(part: TypeExpression) -> ItemType:
        match part:
            case ObjectType(fields=fields, is_open=is_open):
                return Record(
                    [FieldSpec(f.name, found(f.type), f.optional) for f in fields], is_open
                )
            case ArrayType(item=item):
                return Collection("array", found(item))
            case MultisetType(item=item):
                return Collection("multiset", found(item))
            case NamedType():
                kind = named_type(request, part, dataverse)
                if kind is None:
                    raise no_type(part.name, written.position)
                return kind
            case _:
                return ANY

    return found(written)


def named_type(request: Request, written: NamedType, dataverse: str | None) -> ItemType | None:
    """A type by its name; None if there is none."""
    if written.dataverse is None and written.name.lower() in _BUILT_IN:
        return Scalar(_BUILT_IN[written.name.lower()])
    database = request.database(written.dataverse or dataverse)
    return request.scope.metadata.dataverse(database).types.get(written.name)


def no_type(name: str, position: Location | None) -> SqlppError:
    """The failure of a type that is not there."""
    code, message = "ASX1082", f"Cannot find datatype with name {name}"
    return SqlppError(code, message, position)
