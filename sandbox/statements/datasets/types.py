"""Types of datasets, and what becomes of a value that is to have one.

ItemType
├── Scalar      a type of the data model by name; `any` takes everything
├── Collection  an array or a multiset of items
└── Record      declared fields; an open one takes others, too
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

import msgspec

from sandbox.failure import AgentFailure
from sandbox.sqlpp.errors import runtime_error
from sandbox.sqlpp.values import (
    FLOATS,
    INTEGERS,
    MISSING,
    Float32,
    Int8,
    Int16,
    Int32,
    Multiset,
    Value,
    type_name,
)
from wire.protocol import ErrorCode

_CANNOT: Final = "ASX0001"
_OUT_OF_RANGE: Final = "ASX0021"
_WORDS: Final = {"int8": "tinyint", "int16": "smallint", "int32": "integer", "int64": "bigint"}
_NAMES: Final = {word: name for name, word in _WORDS.items()}
_WIDTHS: Final[dict[str, tuple[type[int], int]]] = {
    "int8": (Int8, 8),
    "int16": (Int16, 16),
    "int32": (Int32, 32),
    "int64": (int, 64),
}


class Scalar(msgspec.Struct, frozen=True, tag="scalar"):
    """`int64`, `string`, `date`, …, or `any`."""

    name: str

    @property
    def word(self) -> str:
        """Its name in messages."""
        return _WORDS.get(self.name, self.name)


class Collection(msgspec.Struct, frozen=True, tag="collection"):
    """Items of one type."""

    kind: Literal["array", "multiset"]
    item: ItemType

    @property
    def word(self) -> str:
        """Its name in messages."""
        return self.kind


class FieldSpec(msgspec.Struct, frozen=True):
    """A declared field; an optional one may be null or missing."""

    name: str
    type: ItemType
    optional: bool = False


class Record(msgspec.Struct, frozen=True, tag="record"):
    """An object with declared fields."""

    fields: list[FieldSpec] = []
    is_open: bool = True

    @property
    def word(self) -> str:
        """Its name in messages."""
        return "object"

    def field(self, name: str) -> FieldSpec | None:
        """The declared field of that name."""
        return next((field for field in self.fields if field.name == name), None)


ItemType: TypeAlias = Scalar | Collection | Record
ANY: Final = Scalar("any")


def conform(value: Value, kind: ItemType) -> Value:
    """The value as the type has it; raises what the original says of one that does not fit."""
    if isinstance(kind, Scalar):
        return _scalar(value, kind)
    if isinstance(kind, Collection):
        return _collection(value, kind)
    return _record(value, kind)


def kind_of(value: Value) -> str:
    """The name of a value's type, as declarations are kept (`int64`, where messages say bigint)."""
    found = type_name(value)
    return _NAMES.get(found, found)


def described(kind: ItemType) -> str:
    """A type as messages about fields write it."""
    return kind.name if isinstance(kind, Scalar) else kind.word


def _scalar(value: Value, kind: Scalar) -> Value:
    if kind.name in (kind_of(value), "any"):
        return value
    if type(value) in INTEGERS | FLOATS and kind.name in _NUMERIC:
        return _NUMERIC[kind.name](value)
    raise _cannot(value, kind)


def _collection(value: Value, kind: Collection) -> Value:
    wanted = Multiset if kind.kind == "multiset" else list
    if type(value) is not wanted:
        raise _cannot(value, kind)
    return wanted([conform(item, kind.item) for item in value])


def _record(value: Value, kind: Record) -> dict[str, Value]:
    """Declared fields first, in their order, then the others."""
    if type(value) is not dict:
        raise _cannot(value, kind)
    found: dict[str, Value] = {}
    for field in kind.fields:
        item = value.get(field.name, MISSING)
        if item is MISSING or item is None:
            _absent(item, field)
            if item is None:
                found[field.name] = None
        else:
            found[field.name] = conform(item, field.type)
    others = {name: item for name, item in value.items() if name not in found}
    if others and not kind.is_open:
        raise _extra(*next(iter(others.items())))
    return found | others


def _absent(item: Value, field: FieldSpec) -> None:
    if field.optional or field.type == ANY:
        return
    raise _left_out(field) if item is MISSING else _cannot(item, field.type)


def _integer(name: str) -> Callable[[Any], Value]:
    kind, bits = _WIDTHS[name]
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    word = Scalar(name).word

    def convert(value: Any) -> Value:
        if value != value or not low <= value <= high:
            message = (
                f"Source value {value} is out of range that {word} can hold - "
                f"{word}.MAX_VALUE: {high}, {word}.MIN_VALUE: {low}"
            )
            raise runtime_error(_OUT_OF_RANGE, message)
        return kind(value)

    return convert


_NUMERIC: Final[dict[str, Callable[[Any], Value]]] = {
    **{name: _integer(name) for name in _WIDTHS},
    "float": Float32,
    "double": float,
}


def _cannot(value: Value, kind: ItemType) -> Exception:
    message = f"Field type {type_name(value)} cannot be promoted to type {kind.word}"
    return runtime_error(_CANNOT, message)


def _left_out(field: FieldSpec) -> AgentFailure:
    return _mismatch(f"missing a required closed field {field.name}: {described(field.type)}")


def _extra(name: str, item: Value) -> AgentFailure:
    return _mismatch(f'including an extra field "{name}":{type_name(item)}')


def _mismatch(words: str) -> AgentFailure:
    """A failure that the original gives no code."""
    return AgentFailure(ErrorCode.SQL_ERROR, f"type mismatch: {words}")
