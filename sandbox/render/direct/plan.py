"""A plan that direct runs: which columns of which files, which rows, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sandbox.render.columns import Choice, SourceColumn
from sandbox.render.direct import values as v
from sandbox.render.direct.give_up import NotTaken
from sandbox.render.direct.nodes import (
    ALIAS,
    ATTRIBUTE,
    FILTER,
    NUMBERS,
    PARQUET,
    PROJECT,
    RELATION,
    TYPES,
    Node,
    column_of,
    points_of,
    text_of,
)
from sandbox.render.direct.pruning import Range, ranges

_OPTIONS: Final = frozenset({"path", "serialization.format", "__globpaths__"})
"""Options of a table that do not change what its files say."""
_SETTINGS: Final = (
    "spark.sql.parquet.",
    "spark.sql.files.",
    "spark.sql.legacy.",
    "spark.sql.caseS",
)
"""A setting of these that somebody made may change what a file says: then Spark reads it."""


@dataclass(frozen=True, kw_only=True)
class FileColumn:
    """A column to read: its name in the files, Spark's number and type for it."""

    name: str
    number: int
    type: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that a scan needs; `keep` is None where every row is wanted.

    The geometry is either points, or the column of text with that number.
    """

    files: tuple[str, ...]
    columns: tuple[FileColumn, ...]
    keep: Callable[[v.Rows], v.Column] | None
    ranges: dict[int, Range]
    points: Callable[[v.Rows], v.Points] | None
    text: int | None
    weights: tuple[Callable[[v.Rows], v.Column] | None, ...]


def read_plan(node: Node, settings: dict[str, str], choice: Choice) -> Plan:
    """What a plan (in MapPlan's words) and a chart's choice ask for; raises NotTaken."""
    _check_settings(settings)
    project = node if node["node"] == PROJECT else None
    below = node["child"] if project else node
    condition = below["condition"] if below["node"] == FILTER else None
    relation = below["child"] if condition else below
    _check_relation(relation)
    outputs = project["list"] if project else relation["output"]
    used = [None if c is None else _weight(outputs, c) for c in choice.weights]
    geometry = _inner(outputs[choice.geometry.position])
    text = text_of(geometry)
    shape = geometry if text is None else None
    asked = [node for node in (shape, condition, *used) if node is not None]
    return Plan(
        files=tuple(relation["files"]),
        columns=_columns(relation["output"], asked, text),
        keep=column_of(condition) if condition else None,
        ranges=ranges(condition) if condition else {},
        points=None if shape is None else points_of(shape),
        text=None if text is None else text["id"],
        weights=tuple(None if node is None else column_of(node) for node in used),
    )


def _check_settings(settings: dict[str, str]) -> None:
    for name in settings:
        if name.startswith(_SETTINGS):
            raise NotTaken(reason=f"the setting {name}")


def _check_relation(node: Node) -> None:
    if node["node"] != RELATION or "format" not in node:
        raise NotTaken(reason=node["node"])
    if node["format"] != PARQUET:
        raise NotTaken(reason=f"files of {node['format']}")
    if node["partitions"]:
        raise NotTaken(reason="a partitioned table")
    strange = sorted({name.lower() for name in node["options"]} - _OPTIONS)
    if strange:
        raise NotTaken(reason=f"the table's options {', '.join(strange)}")


def _inner(output: Node) -> Node:
    inner: Node = output["children"][0] if output["op"] == ALIAS else output
    return inner


def _weight(outputs: Sequence[Node], column: SourceColumn) -> Node:
    node = _inner(outputs[column.position])
    if column.as_text or node.get("type") not in NUMBERS:
        raise NotTaken(reason=f"a weight of type {node.get('type')}")
    return node


def _columns(
    output: Sequence[Node], asked: Sequence[Node], text: Node | None
) -> tuple[FileColumn, ...]:
    numbers = {number for node in asked for number in _attributes(node)}
    texts = set() if text is None else {text["id"]}
    names = [column["name"] for column in output]
    wanted = [column for column in output if column["id"] in numbers | texts]
    for column in wanted:
        if column["type"] not in TYPES and column["id"] not in texts - numbers:
            raise NotTaken(reason=f"a column of type {column['type']}")
        if names.count(column["name"]) > 1 or "." in column["name"]:
            raise NotTaken(reason=f"a column named {column['name']}")
    if not wanted:
        raise NotTaken(reason="no column of the table")
    return tuple(
        FileColumn(name=column["name"], number=column["id"], type=column["type"])
        for column in wanted
    )


def _attributes(node: Node) -> set[int]:
    if node["op"] == ATTRIBUTE:
        return {node["id"]}
    return {number for child in node["children"] for number in _attributes(child)}
