"""Which tables are read without Spark, and which of their columns."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Final

from sandbox.parquet.files import FileColumn
from sandbox.parquet.give_up import NotTaken
from sandbox.parquet.words import PARQUET, RELATION, Node

_OPTIONS: Final = frozenset({"path", "serialization.format", "__globpaths__"})
"""Options of a table that do not change what its files say."""
_SETTINGS: Final = (
    "spark.sql.parquet.",
    "spark.sql.files.",
    "spark.sql.legacy.",
    "spark.sql.caseS",
)
"""A setting of these that somebody made may change what a file says: then Spark reads it."""


def check_settings(settings: dict[str, str]) -> None:
    """Raises NotTaken for one that may change what a file says."""
    for name in settings:
        if name.startswith(_SETTINGS):
            raise NotTaken(reason=f"the setting {name}")


def check_relation(node: Node) -> None:
    """Raises NotTaken for what is no plain table of Parquet files."""
    if node["node"] != RELATION or "format" not in node:
        raise NotTaken(reason=node["node"])
    if node["format"] != PARQUET:
        raise NotTaken(reason=f"files of {node['format']}")
    if node["partitions"]:
        raise NotTaken(reason="a partitioned table")
    strange = sorted({name.lower() for name in node["options"]} - _OPTIONS)
    if strange:
        raise NotTaken(reason=f"the table's options {', '.join(strange)}")


def columns_of(
    output: Sequence[Node], wanted: Mapping[int, Container[str]]
) -> tuple[FileColumn, ...]:
    """The table's columns of the wanted numbers, each of one of the types that its number may have.

    Raises NotTaken for one of another type, for a name that files cannot be asked for, for none.
    """
    names = [column["name"] for column in output]
    found = [column for column in output if column["id"] in wanted]
    for column in found:
        if column["type"] not in wanted[column["id"]]:
            raise NotTaken(reason=f"a column of type {column['type']}")
        if names.count(column["name"]) > 1 or "." in column["name"]:
            raise NotTaken(reason=f"a column named {column['name']}")
    if not found:
        raise NotTaken(reason="no column of the table")
    return tuple(
        FileColumn(name=column["name"], number=column["id"], type=column["type"])
        for column in found
    )
