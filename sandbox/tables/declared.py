"""Declared schemas: the contract's list of (column, type) as Spark's schema, checked."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from pyspark.errors import ParseException

from sandbox.failure import AgentFailure
from sandbox.query.columns import Field, SqlType
from wire.messages import TableSource
from wire.protocol import ErrorCode

REJECTED = "__rejected_row"
"""The column that holds the text of a row that does not fit, null for one that does."""

GEOMETRY = "geometry"


def declared_fields(jvm: Any, source: TableSource) -> list[Field] | None:
    """The declared columns; None without a schema; BAD_PARAMETER for a type nobody knows."""
    if source.schema is None:
        return None
    names = Counter(name.lower() for name, _ in source.schema)
    repeated = [name for name, times in names.items() if times > 1]
    if repeated or not names:
        problem = f"its schema names {repeated[0]} twice" if repeated else "its schema is empty"
        raise AgentFailure(ErrorCode.BAD_PARAMETER, f"table {source.name}: {problem}")
    return [Field(name, _parse(jvm, source.name, name, text)) for name, text in source.schema]


def to_struct(jvm: Any, fields: list[Field]) -> Any:
    """The fields as a StructType of the JVM."""
    return jvm.org.apache.spark.sql.types.DataType.fromJson(to_json(fields))


def to_json(fields: list[Field]) -> str:
    """The fields in Spark's JSON form, all of them nullable: that is what files give back."""
    listed = [
        {"name": field.name, "type": field.type, "nullable": True, "metadata": {}}
        for field in fields
    ]
    return json.dumps({"type": "struct", "fields": listed})


def _parse(jvm: Any, table: str, column: str, text: str) -> SqlType:
    if text.strip().lower() == GEOMETRY:
        return GEOMETRY
    parser = getattr(jvm.org.apache.spark.sql.catalyst.parser, "CatalystSqlParser$")
    try:
        parsed = getattr(parser, "MODULE$").parseDataType(text)
    except ParseException as error:
        raise _bad_type(table, column, text) from error
    kind: SqlType = json.loads(parsed.json())
    return kind


def _bad_type(table: str, column: str, text: str) -> AgentFailure:
    return AgentFailure(
        ErrorCode.BAD_PARAMETER, f"table {table}: column {column} has the unknown type {text!r}"
    )
