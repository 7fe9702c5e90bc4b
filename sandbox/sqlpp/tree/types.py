"""Type expressions of CREATE TYPE and CREATE DATASET."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.sqlpp.tree.nodes import Node


@dataclass(frozen=True, slots=True)
class TypeExpression(Node):
    """A type, written out or named."""


@dataclass(frozen=True, slots=True)
class NamedType(TypeExpression):
    """A built-in type or one made by CREATE TYPE."""

    dataverse: str | None
    name: str


@dataclass(frozen=True, slots=True)
class ArrayType(TypeExpression):
    """`[item]`."""

    item: TypeExpression


@dataclass(frozen=True, slots=True)
class MultisetType(TypeExpression):
    """`{{ item }}`."""

    item: TypeExpression


@dataclass(frozen=True, slots=True)
class FieldType(Node):
    """A declared field; an optional one may be null or missing."""

    name: str
    type: TypeExpression
    optional: bool


@dataclass(frozen=True, slots=True)
class ObjectType(TypeExpression):
    """`{name: type, …}`; an open one lets objects have more fields."""

    fields: tuple[FieldType, ...]
    is_open: bool
