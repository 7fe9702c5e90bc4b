"""Typed columns under a declared schema: casts that may not fit, and rows that then do not."""

from __future__ import annotations

from pyspark.sql import DataFrame

from sandbox.failure import AgentFailure
from sandbox.query.columns import Field, fields_of, quoted, type_name
from sandbox.tables.declared import GEOMETRY, REJECTED
from wire.protocol import ErrorCode


def conform(frame: DataFrame, declared: list[Field]) -> DataFrame:
    """The frame with the declared columns, and the text of each row that does not fit.

    Columns are found by name where all names are there, else by position.
    """
    have = fields_of(frame._jdf.schema())
    sources = _match(have, declared)
    columns = list(zip(sources, declared, strict=True))
    pairs = [(quoted(old.name), _cast(old, new)) for old, new in columns]
    lost = [f"({old} IS NOT NULL AND {new} IS NULL)" for old, new in pairs]
    row = f"to_json(struct({', '.join(_text(field) for field in have)}))"
    return frame.selectExpr(
        *(f"{_cast(old, new)} AS {quoted(new.name)}" for old, new in columns),
        f"IF({' OR '.join(lost)}, {row}, NULL) AS {REJECTED}",
    )


def is_same(have: list[Field], declared: list[Field]) -> bool:
    """Whether the columns are as declared, so that nothing has to be cast."""
    return [_facts(field) for field in have] == [_facts(field) for field in declared]


def _match(have: list[Field], declared: list[Field]) -> list[Field]:
    by_name = {field.name.lower(): field for field in have}
    if all(field.name.lower() in by_name for field in declared):
        return [by_name[field.name.lower()] for field in declared]
    if len(have) != len(declared):
        raise AgentFailure(
            ErrorCode.LOAD_FAILED,
            f"the schema has {len(declared)} columns, the file {len(have)}: "
            + ", ".join(field.name for field in have),
        )
    return have


def _cast(old: Field, new: Field) -> str:
    if new.type != GEOMETRY:
        return f"try_cast({quoted(old.name)} AS {type_name(new.type)})"
    if old.is_geometry:
        return quoted(old.name)
    function = "ST_GeomFromWKB" if old.type == "binary" else "ST_GeomFromText"
    return f"{function}({quoted(old.name)})"


def _text(field: Field) -> str:
    name = quoted(field.name)
    return f"ST_AsText({name}) AS {name}" if field.is_geometry else name


def _facts(field: Field) -> tuple[str, str]:
    return field.name.lower(), GEOMETRY if field.is_geometry else type_name(field.type)
