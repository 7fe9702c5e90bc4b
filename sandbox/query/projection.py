"""What Spark turns columns into before they leave it, so that Arrow and text can carry them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pyspark.sql import DataFrame

from sandbox.query.columns import Field, SqlType, contains, is_geometry, quoted

DOUBLE_DIGITS = 15
"""Decimals of so many digits are exact as doubles."""

_MONTHS, _INTERVALS = "interval year", "interval"
_NEVER_PLAIN = ("geometry", "geography", "variant", _INTERVALS)


class Kind(StrEnum):
    """How a column's Arrow values are to be read."""

    VALUE = "value"
    GEOMETRY = "geometry"
    """EWKB: well-known binary with the SRID in it."""
    JSON = "json"
    """Text that is JSON already."""


@dataclass(frozen=True)
class Carried:
    """A column as it leaves Spark."""

    field: Field
    kind: Kind
    expression: str | None = None
    """SQL over `{0}`, the column's name; None where it leaves as it is."""


def carry(field: Field, *, as_text: bool) -> Carried:
    """How a column leaves Spark, for a text format or for Arrow."""
    kind = field.type
    if is_geometry(kind):
        return Carried(field, Kind.GEOMETRY, "ST_AsEWKB({0})")
    if kind == "variant":
        return Carried(field, Kind.JSON, "to_json({0})")
    if kind == "void":
        return Carried(field, Kind.VALUE, "CAST({0} AS STRING)")
    if isinstance(kind, str):
        text = kind.startswith(_INTERVALS) if as_text else _has_no_arrow(kind)
        return Carried(field, Kind.VALUE, "CAST({0} AS STRING)" if text else None)
    return Carried(field, Kind.VALUE, _nested(kind, as_text=as_text))


def project(frame: DataFrame, columns: list[Carried]) -> DataFrame:
    """The frame with its columns as they leave; by position, for names may repeat."""
    if all(column.expression is None for column in columns):
        return frame
    names = [f"c{index}" for index in range(len(columns))]
    return frame.toDF(*names).selectExpr(
        *(
            f"{(column.expression or '{0}').format(name)} AS {name}"
            for name, column in zip(names, columns, strict=True)
        )
    )


def is_number(decimal: str) -> bool:
    """Whether a decimal type is written as a number: whether a double holds its digits."""
    return int(decimal.removeprefix("decimal(").partition(",")[0]) <= DOUBLE_DIGITS


def _has_no_arrow(kind: str) -> bool:
    return kind == _INTERVALS or kind.startswith(_MONTHS)


def _nested(kind: SqlType, *, as_text: bool) -> str | None:
    wanted = (*_NEVER_PLAIN, "decimal") if as_text else _NEVER_PLAIN
    return _rewrite(kind, "{0}", 0) if contains(kind, wanted) else None


def _rewrite(kind: SqlType, name: str, depth: int) -> str:
    """SQL that makes a nested value one of plain types only."""
    if isinstance(kind, str):
        return _rewrite_word(kind, name)
    element, key = f"e{depth}", f"k{depth}"
    match kind["type"]:
        case "array":
            inner = _rewrite(kind["elementType"], element, depth + 1)
            return f"transform({name}, {element} -> {inner})"
        case "map":
            inner = _rewrite(kind["valueType"], element, depth + 1)
            return f"transform_values({name}, ({key}, {element}) -> {inner})"
        case "struct":
            return _rewrite_struct(kind, name, depth)
        case _:
            return f"ST_AsText({name})" if is_geometry(kind) else f"CAST({name} AS STRING)"


def _rewrite_struct(kind: dict[str, Any], name: str, depth: int) -> str:
    members = [
        f"{_literal(f['name'])}, {_rewrite(f['type'], f'{name}.{_braced(f)}', depth)}"
        for f in kind["fields"]
    ]
    return f"IF({name} IS NULL, NULL, named_struct({', '.join(members)}))"


def _rewrite_word(kind: str, name: str) -> str:
    if kind == "variant":
        return f"to_json({name})"
    if kind.startswith(_INTERVALS):
        return f"CAST({name} AS STRING)"
    if kind.startswith("decimal"):
        return f"CAST({name} AS {'DOUBLE' if is_number(kind) else 'STRING'})"
    return name


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return "'" + escaped.replace("{", "{{").replace("}", "}}") + "'"


def _braced(member: dict[str, Any]) -> str:
    # The whole expression goes through str.format, where a brace in a name would mean something.
    return quoted(member["name"]).replace("{", "{{").replace("}", "}}")
