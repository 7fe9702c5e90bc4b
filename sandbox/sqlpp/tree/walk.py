"""Going through a tree without knowing its kinds of nodes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import fields, replace
from functools import lru_cache
from typing import Any, TypeVar, cast

from sandbox.sqlpp.tree.expressions import Variable
from sandbox.sqlpp.tree.nodes import Expression, Node

N = TypeVar("N", bound=Node)


@lru_cache(maxsize=256)
def _parts(kind: Hashable) -> tuple[str, ...]:
    names = (field.name for field in fields(cast(Any, kind)))
    return tuple(name for name in names if name != "position")


def parts(node: Node) -> tuple[str, ...]:
    """The names of a node's fields, without its position."""
    return _parts(cast(Hashable, type(node)))


def children(node: Node) -> Iterator[Node]:
    """The nodes directly under a node."""
    for name in parts(node):
        yield from _nodes(getattr(node, name))


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)


def walk(node: Node) -> Iterator[Node]:
    """A node and all nodes under it, each before those under it; what is shared comes once."""
    pending = [node]
    seen: set[int] = set()
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        pending.extend(reversed(list(children(current))))


def variables(node: Node) -> set[int]:
    """The slots of all variables a resolved node speaks of, its own ones too."""
    return {found.slot for found in walk(node) if isinstance(found, Variable)}


def mapped(node: N, change: Callable[[Expression], Expression]) -> N:
    """The node with its expressions changed; itself if nothing did."""
    changes: dict[str, Any] = {}
    for name in parts(node):
        value = getattr(node, name)
        changed = _mapped(value, change)
        if changed is not value:
            changes[name] = changed
    return replace(node, **changes) if changes else node


def _mapped(value: Any, change: Callable[[Expression], Expression]) -> Any:
    if isinstance(value, Expression):
        return change(value)
    if isinstance(value, Node):
        return mapped(value, change)
    if isinstance(value, tuple) and value:
        items = tuple(_mapped(item, change) for item in value)
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    return value
