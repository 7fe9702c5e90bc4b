"""A plan that direct runs: which columns of which files, which rows, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.parquet.files import FileColumn
from sandbox.parquet.give_up import NotTaken
from sandbox.parquet.relation import check_relation, check_settings, columns_of
from sandbox.parquet.words import ATTRIBUTE, FILTER, PROJECT, TEXT, TYPES, Node, inner
from sandbox.render.columns import Choice, SourceColumn
from sandbox.render.direct import values as v
from sandbox.render.direct.nodes import NUMBERS, column_of, points_of, text_of
from sandbox.render.direct.pruning import Range, ranges


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
    check_settings(settings)
    project = node if node["node"] == PROJECT else None
    below = node["child"] if project else node
    condition = below["condition"] if below["node"] == FILTER else None
    relation = below["child"] if condition else below
    check_relation(relation)
    outputs = project["list"] if project else relation["output"]
    used = [None if c is None else _weight(outputs, c) for c in choice.weights]
    geometry = inner(outputs[choice.geometry.position])
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


def _weight(outputs: Sequence[Node], column: SourceColumn) -> Node:
    node = inner(outputs[column.position])
    if column.as_text or node.get("type") not in NUMBERS:
        raise NotTaken(reason=f"a weight of type {node.get('type')}")
    return node


def _columns(
    output: Sequence[Node], asked: Sequence[Node], text: Node | None
) -> tuple[FileColumn, ...]:
    numbers = {number for node in asked for number in _attributes(node)}
    texts = set() if text is None else {text["id"]}
    if numbers & texts:
        raise NotTaken(reason="a text that is read as a geometry and as itself")
    return columns_of(output, {**dict.fromkeys(numbers, TYPES), **dict.fromkeys(texts, (TEXT,))})


def _attributes(node: Node) -> set[int]:
    if node["op"] == ATTRIBUTE:
        return {node["id"]}
    return {number for child in node["children"] for number in _attributes(child)}
