"""What all nodes share."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.sqlpp.errors import Location


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of a statement; two are equal if they say the same, wherever they stand."""

    position: Location = field(compare=False)


@dataclass(frozen=True, slots=True)
class Expression(Node):
    """Anything that has a value."""
