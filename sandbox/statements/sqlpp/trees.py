"""A statement's tree, for who wants to see it: as nested objects, or as indented text."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sandbox.sqlpp.printing import row
from sandbox.sqlpp.tree.nodes import Node

INDENT = "  "


def as_objects(node: Any) -> Any:
    """Each node an object of its kind and what it has."""
    if isinstance(node, Node):
        inner = {f.name: getattr(node, f.name) for f in fields(node) if f.name != "position"}
        told = {name: as_objects(value) for name, value in inner.items() if value not in (None, ())}
        return {"node": type(node).__name__, **told}
    if isinstance(node, tuple | list):
        return [as_objects(item) for item in node]
    return node if isinstance(node, str | bool | int | float | None) else row(node, "adm")


def as_text(node: Any, depth: int = 0) -> str:
    """Each node a line, what it has below it."""
    return "\n".join(_lines(as_objects(node), depth))


def _lines(plain: Any, depth: int) -> list[str]:
    start = INDENT * depth
    if isinstance(plain, dict):
        lines = [f"{start}{plain['node']}"]
        for name, value in plain.items():
            if name == "node":
                continue
            if isinstance(value, dict | list):
                lines += [f"{start}{INDENT}{name}:", *_lines(value, depth + 2)]
            else:
                lines.append(f"{start}{INDENT}{name}: {value}")
        return lines
    if isinstance(plain, list):
        return [line for item in plain for line in _lines(item, depth)]
    return [f"{start}{plain}"]
