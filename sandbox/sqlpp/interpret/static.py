"""What is known of a value's type from the text alone, where that makes an error of it."""

from __future__ import annotations

from sandbox.sqlpp.errors import Location, SqlppError, compile_error
from sandbox.sqlpp.tree.expressions import (
    ArrayOf,
    Between,
    Comparison,
    Exists,
    Literal,
    Logic,
    MultisetOf,
    Not,
    ObjectOf,
    Quantified,
)
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.values import is_unknown, type_name

_CONSTRUCTORS: dict[type, str] = {ObjectOf: "object", ArrayOf: "array", MultisetOf: "multiset"}
_TRUTHS = (Comparison, Between, Logic, Not, Exists, Quantified)
_COLLECTIONS = frozenset({"array", "multiset"})


def known_type(node: Expression) -> str | None:
    """The type a value certainly has, if it is not null; None if only the data can tell."""
    if isinstance(node, Literal):
        return None if is_unknown(node.value) else type_name(node.value)
    return "boolean" if isinstance(node, _TRUTHS) else _CONSTRUCTORS.get(type(node))


def check_iterated(node: Expression) -> None:
    """What FROM, IN or a quantifier goes through must not be known to be no collection."""
    kind = known_type(node)
    if kind is not None and kind not in _COLLECTIONS:
        raise _not_iterable(node.position, kind)


def check_indexed(base: Expression, position: Location) -> None:
    """What an index is taken of must not be known to be no collection."""
    kind = known_type(base)
    if kind is not None and kind not in _COLLECTIONS:
        raise _not_indexable(position, kind)


def _not_iterable(position: Location, kind: str) -> SqlppError:
    message = (
        f"Type mismatch: expected value of type multiset or array, but got the value of type {kind}"
    )
    return compile_error(position, "ASX1091", message)


def _not_indexable(position: Location, kind: str) -> SqlppError:
    message = (
        "Type mismatch: function get-item expects its 1st input parameter to be of type multiset "
        f"or array, but the actual input type is {kind}"
    )
    return compile_error(position, "ASX1002", message)
