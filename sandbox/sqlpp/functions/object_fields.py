"""Fields of objects by path, and as descriptions."""

from __future__ import annotations

from typing import Any

from sandbox.sqlpp.values import COLLECTIONS, Value, type_name


def without(value: dict[str, Value], path: list[Value]) -> dict[str, Value]:
    """The object without the field at the end of the path, however deep it is."""
    name, rest = path[0] if path else None, path[1:]
    if name not in value:
        return value
    if not rest:
        return {field: item for field, item in value.items() if field != name}
    inner = value[name]
    return value | {name: without(inner, rest)} if type(inner) is dict else value


def described(value: dict[str, Value]) -> list[Value]:
    """Name and type of each field, with what is inside objects and collections."""
    return [
        {"field-name": name, "field-type": type_name(item), "is-open": False} | _inside(item)
        for name, item in value.items()
    ]


def _inside(value: Any) -> dict[str, Value]:
    if type(value) is dict:
        return {"nested": described(value)}
    if type(value) in COLLECTIONS:
        return {"list": [{"field-type": type_name(item)} | _inside(item) for item in value]}
    return {}
