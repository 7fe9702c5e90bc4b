"""Functions of objects; what is no object is null without a word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sandbox.sqlpp.compare import equals
from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import SqlppError, runtime_error
from sandbox.sqlpp.functions.checks import (
    DUPLICATE_FIELD,
    PlacelessError,
    mismatch_words,
    type_error,
)
from sandbox.sqlpp.functions.function import (
    OBJECT,
    STRING,
    Call,
    Function,
    fixed,
    quiet,
)
from sandbox.sqlpp.functions.object_fields import described, without
from sandbox.sqlpp.values import COLLECTIONS, MISSING, Value, type_name

_MERGE, _ADD_FIELDS, _REMOVE_FIELDS = "object-merge", "object-add-fields", "object-remove-fields"
_FIELDS, _FIELD_VALUE = "get-object-fields", "get-object-field-value"
_COMPILED_MISMATCH: Final = "ASX1002"
_NOT_IMPLEMENTED: Final = "NotImplementedException"


def _pairs_of_names(value: dict[str, Value]) -> list[Value]:
    return [{"name": name, "value": item} for name, item in value.items()]


def _unwrap(value: dict[str, Value]) -> Value:
    return next(iter(value.values())) if len(value) == 1 else None


def _remove(value: dict[str, Value], name: str) -> Value:
    return {field: item for field, item in value.items() if field != name}


def _rename(value: dict[str, Value], old: str, new: str) -> Value:
    if old not in value or old == new:
        return value
    return {new if field == old else field: item for field, item in value.items() if field != new}


def _setting(replaces: bool) -> Call:
    """Add a field, or also replace or remove one; the value may be unknown."""

    def call(_: Context, args: list[Value]) -> Value:
        value, name, new = args
        if value is MISSING or name is MISSING:
            return MISSING
        if type(value) is not dict or type(name) is not str:
            return None
        if new is MISSING:
            return _remove(value, name) if replaces else value
        if name in value and not replaces:
            return value
        return value | {name: new}

    return call


def _replace(_: Context, args: list[Value]) -> Value:
    value, old, new = args
    if any(item is MISSING for item in args):
        return MISSING
    if type(value) is not dict or old is None:
        return None
    return {name: new if equals(item, old) is True else item for name, item in value.items()}


def _concat(_: Context, args: list[Value]) -> Value:
    if not args or any(type(value) is not dict for value in args):
        return None
    # As the original: from the last object to the first, a later one's field wins.
    result: dict[str, Value] = {}
    for value in reversed(args):
        result = result | {name: item for name, item in value.items() if name not in result}
    return result


def _merge(_: Context, args: list[Value]) -> Value:
    for index, value in enumerate(args):
        if type(value) is not dict:
            raise SqlppError(_COMPILED_MISMATCH, mismatch_words(_MERGE, index, "object", value))
    return _merged(args[0], args[1])


def _merged(left: dict[str, Value], right: dict[str, Value]) -> dict[str, Value]:
    result = dict(left)
    for name, item in right.items():
        mine = result.get(name, MISSING)
        if mine is MISSING:
            result[name] = item
        elif type(mine) is dict and type(item) is dict:
            result[name] = _merged(mine, item)
        elif equals(mine, item) is not True:
            raise _duplicate(_MERGE)
    return result


def _duplicate(name: str) -> SqlppError:
    return PlacelessError(DUPLICATE_FIELD, f"Duplicate field name 'asterix:{name}#2'")


def _add_fields(_: Context, args: list[Value]) -> Value:
    value, fields = args
    if type(value) is not dict:
        raise type_error(_ADD_FIELDS, 0, "object", value)
    if type(fields) not in COLLECTIONS:
        raise type_error(_ADD_FIELDS, 1, "array", fields)
    result = dict(value)
    for field in fields:
        name = field.get("field-name") if type(field) is dict else None
        if type(name) is not str:
            raise type_error(_ADD_FIELDS, 1, "array", fields)
        if name in result:
            raise _duplicate(_ADD_FIELDS)
        if "field-value" in field:
            result[name] = field["field-value"]
    return result


def _remove_fields(_: Context, args: list[Value]) -> Value:
    for index, kind in enumerate(("object", "array")):
        if type(args[index]) is not (dict if index == 0 else list):
            words = mismatch_words(_REMOVE_FIELDS, index, kind, args[index])
            raise SqlppError(_COMPILED_MISMATCH, words)
    value = args[0]
    for path in args[1]:
        value = without(value, path if type(path) is list else [path])
    return value


def _field_value(_: Context, args: list[Value]) -> Value:
    value, name = args
    if type(value) is not dict:
        raise _not_implemented(_FIELD_VALUE, value)
    if type(name) is not str:
        # The original counts this argument as the first.
        raise type_error(_FIELD_VALUE, 0, "string", name)
    return value.get(name, MISSING)


def _fields(_: Context, args: list[Value]) -> Value:
    if type(args[0]) is not dict:
        raise _not_implemented(_FIELDS, args[0])
    return described(args[0])


def _not_implemented(name: str, value: Value) -> SqlppError:
    words = f"{name} for data of type {type_name(value)}"
    return runtime_error(_NOT_IMPLEMENTED, words)


def _all_pairs(value: Any, within: str | None = None) -> Iterator[Value]:
    """Name and value of every field however deep, and the field's name with each item it holds."""
    if type(value) is dict:
        members = list(value.items())
    elif type(value) in COLLECTIONS:
        members = [(within, item) for item in value]
    else:
        return
    for name, item in members:
        if name is not None:
            yield [name, item]
        yield from _all_pairs(item, name)


def _pairs(_: Context, args: list[Value]) -> Value:
    value = args[0]
    is_container = type(value) is dict or type(value) in COLLECTIONS
    return list(_all_pairs(value)) if is_container else None


FUNCTIONS: Final = (
    quiet("object-names", (OBJECT,), list),
    quiet("object-values", (OBJECT,), lambda value: list(value.values())),
    quiet("object-pairs", (OBJECT,), _pairs_of_names),
    quiet("object-length", (OBJECT,), len),
    quiet("object-unwrap", (OBJECT,), _unwrap),
    quiet("object-remove", (OBJECT, STRING), _remove),
    quiet("object-rename", (OBJECT, STRING, STRING), _rename),
    fixed("object-add", 3, _setting(replaces=False), propagates=False),
    fixed("object-put", 3, _setting(replaces=True), propagates=False),
    fixed("object-replace", 3, _replace, propagates=False),
    Function("object-concat", 0, None, _concat),
    fixed(_MERGE, 2, _merge),
    fixed(_ADD_FIELDS, 2, _add_fields),
    fixed(_REMOVE_FIELDS, 2, _remove_fields),
    fixed(_FIELD_VALUE, 2, _field_value),
    fixed(_FIELDS, 1, _fields),
    fixed("pairs", 1, _pairs),
)
