"""Spark's schemas as values of ours, read from their JSON: no Python class of a UDT is imported."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from wire.messages import Column

SqlType = str | dict[str, Any]
"""A type as Spark's schema JSON has it: a word, or an object for nested and user-defined types."""

_WORDS = {"long": "bigint", "integer": "int", "short": "smallint", "byte": "tinyint"}


@dataclass(frozen=True)
class Field:
    """One column of a result or table."""

    name: str
    type: SqlType
    nullable: bool = True

    @property
    def is_geometry(self) -> bool:
        """Whether the column itself (not something nested in it) is a geometry."""
        return is_geometry(self.type)

    def to_column(self) -> Column:
        """The column as the contract describes it, without what only its rows can tell."""
        return Column(name=self.name, type=type_name(self.type), nullable=self.nullable)


def fields_of(schema: Any) -> list[Field]:
    """The fields of a StructType of the JVM."""
    return fields_of_json(str(schema.json()))


def fields_of_json(text: str) -> list[Field]:
    """The fields of a schema in Spark's JSON form."""
    return [
        Field(field["name"], field["type"], field["nullable"])
        for field in json.loads(text)["fields"]
    ]


def quoted(name: str) -> str:
    """One identifier in SQL, whatever characters it has."""
    return "`" + name.replace("`", "``") + "`"


def is_geometry(kind: SqlType) -> bool:
    """Whether a type is the geometry type."""
    return isinstance(kind, dict) and kind["type"] == "udt" and _udt_name(kind) == "geometry"


def contains(kind: SqlType, wanted: Iterable[str]) -> bool:
    """Whether a type is, or has inside it, one whose name begins with one of `wanted`."""
    starts = tuple(wanted)
    if isinstance(kind, str):
        return kind.startswith(starts)
    if kind["type"] == "udt":
        return _udt_name(kind).startswith(starts)
    return any(contains(inner, starts) for inner in _inner(kind))


def type_name(kind: SqlType) -> str:
    """The type in Spark's simple words, `geometry` for geometries."""
    if isinstance(kind, str):
        return _WORDS.get(kind, kind)
    match kind["type"]:
        case "udt":
            return _udt_name(kind)
        case "array":
            return f"array<{type_name(kind['elementType'])}>"
        case "map":
            return f"map<{type_name(kind['keyType'])},{type_name(kind['valueType'])}>"
        case _:
            inner = ",".join(f"{f['name']}:{type_name(f['type'])}" for f in kind["fields"])
            return f"struct<{inner}>"


def _udt_name(kind: dict[str, Any]) -> str:
    name = str(kind.get("class") or kind.get("pyClass") or "udt")
    return name.rpartition(".")[2].removesuffix("UDT").removesuffix("Type").lower()


def _inner(kind: dict[str, Any]) -> list[SqlType]:
    match kind["type"]:
        case "array":
            return [kind["elementType"]]
        case "map":
            return [kind["keyType"], kind["valueType"]]
        case _:
            return [field["type"] for field in kind["fields"]]
