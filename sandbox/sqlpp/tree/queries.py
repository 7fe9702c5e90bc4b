"""SELECT and its clauses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as Choice

from sandbox.sqlpp.tree.expressions import UNBOUND, Variable
from sandbox.sqlpp.tree.nodes import Expression, Node


@dataclass(frozen=True, slots=True)
class Projection(Node):
    """One column: `*` (no expression), `expression.*`, or a value under a name."""

    kind: Choice["star", "spread", "named"]
    expression: Expression | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class SelectClause(Node):
    """SELECT VALUE of an element, or SELECT of columns."""

    element: Expression | None
    projections: tuple[Projection, ...]
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Join(Node):
    """`JOIN source AS variable AT at ON condition`."""

    kind: Choice["inner", "left", "right"]
    source: Expression
    variable: Variable
    at: Variable | None
    condition: Expression


@dataclass(frozen=True, slots=True)
class Unnest(Node):
    """`UNNEST source AS variable AT at`; outer keeps rows that have nothing to unnest."""

    outer: bool
    source: Expression
    variable: Variable
    at: Variable | None


@dataclass(frozen=True, slots=True)
class FromTerm(Node):
    """`source AS variable AT at`, and what is joined to it."""

    source: Expression
    variable: Variable
    at: Variable | None
    links: tuple[Join | Unnest, ...] = ()


@dataclass(frozen=True, slots=True)
class Let(Node):
    """`LET variable = expression`, or WITH."""

    variable: Variable
    expression: Expression


@dataclass(frozen=True, slots=True)
class GroupKey(Node):
    """`expression AS variable` of GROUP BY."""

    expression: Expression
    variable: Variable | None


@dataclass(frozen=True, slots=True)
class GroupBy(Node):
    """GROUP BY: its keys, the group's variable, and which variables its members hold, by name.

    An implicit one has no keys: the aggregates of a SELECT that has no GROUP BY. `sets` lists the
    keys, by place, of each grouping set; empty for a plain GROUP BY. `rows` is what aggregates
    read, `current` which set a group is of, both made by the resolver; `members` is the group as
    a collection of objects, if it is read.
    """

    keys: tuple[GroupKey, ...]
    members: Variable | None = None
    fields: tuple[tuple[Variable, str], ...] = ()
    sets: tuple[tuple[int, ...], ...] = ()
    is_implicit: bool = False
    rows: Variable | None = None
    current: Variable | None = None

    @property
    def rows_slot(self) -> int:
        """The place of the group's rows."""
        return UNBOUND if self.rows is None else self.rows.slot


@dataclass(frozen=True, slots=True)
class OrderItem(Node):
    """One key of ORDER BY."""

    expression: Expression
    descending: bool = False
    nulls_last: bool | None = None


@dataclass(frozen=True, slots=True)
class Block(Node):
    """One SELECT … FROM … LET … WHERE … GROUP BY … LET … HAVING.

    `late_lets` are evaluated after WHERE and GROUP BY: what is written there, and the columns that
    ORDER BY speaks of by their names. `windows` come last, before the columns. A definition whose
    expression is a Window is computed over all rows at its place.
    """

    select: SelectClause
    terms: tuple[FromTerm, ...] = ()
    lets: tuple[Let, ...] = ()
    where: Expression | None = None
    group: GroupBy | None = None
    late_lets: tuple[Let, ...] = ()
    having: Expression | None = None
    windows: tuple[Let, ...] = ()


@dataclass(frozen=True, slots=True)
class Select(Expression):
    """A query: WITH, one block or a UNION ALL of several, ORDER BY, LIMIT, OFFSET."""

    lets: tuple[Let, ...]
    first: Block
    others: tuple[Block | Select, ...] = ()
    order: tuple[OrderItem, ...] = ()
    limit: Expression | None = None
    offset: Expression | None = None
