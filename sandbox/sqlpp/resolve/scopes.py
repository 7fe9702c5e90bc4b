"""Scopes: which variables a name can mean, and which of them lend their fields."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.sqlpp.errors import Location, SqlppError
from sandbox.sqlpp.tree.expressions import Name, Variable
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.queries import GroupBy, Let
from sandbox.sqlpp.tree.walk import walk


@dataclass(slots=True)
class Scope:
    """The variables of one step of a query; what it does not know its parent may.

    `context` are the variables of the block's FROM: where there is exactly one, a name that is no
    variable is a field of it. `grouped` is the scope before GROUP BY, in which the arguments of
    aggregates are read, `rows` the group's variable and `grouping` the clause. `keys` are the
    expressions that GROUP BY has given a variable. In a source a name that is no variable is a
    dataset. `windows` collects the window functions of a clause, which are computed before it; no
    clause collects those of another block, whose border is in between.
    """

    parent: Scope | None = None
    names: dict[str, Variable] = field(default_factory=dict)
    context: tuple[Variable, ...] = ()
    grouped: Scope | None = None
    rows: Variable | None = None
    grouping: GroupBy | None = None
    keys: tuple[tuple[Expression, Variable], ...] = ()
    is_source: bool = False
    is_border: bool = False
    windows: list[Let] | None = None

    def find(self, name: str) -> Variable | None:
        """The variable of that name that is nearest."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.names.get(name)
            if found is not None:
                return found
            scope = scope.parent
        return None

    def inner(self) -> Scope:
        """A scope for a block of its own: no fields are lent across its border."""
        return Scope(self, keys=self.keys, is_border=True)

    def next(self) -> Scope:
        """A scope for the next step of the same block."""
        return Scope(self, context=self.context, keys=self.keys)

    def source(self) -> Scope:
        """A scope for what FROM and quantifiers iterate."""
        return Scope(self, context=self.context, keys=self.keys, is_source=True)

    def bind(self, variable: Variable, *, lends_fields: bool = False) -> Variable:
        """Make a resolved variable known here."""
        if variable.name in self.names:
            raise duplicate(variable.name, variable.position)
        if lends_fields:
            self.context = (*self.context, variable)
        return self.define(variable)

    def define(self, variable: Variable) -> Variable:
        """The same for LET, which may give a name that is known another meaning."""
        self.names[variable.name] = variable
        if self.keys:
            self.keys = tuple(key for key in self.keys if not mentions(key[0], variable.name))
        return variable

    def merge(self, other: Scope, position: Location) -> None:
        """Take over the variables that another scope bound."""
        for name, variable in other.names.items():
            if name in self.names:
                raise duplicate(name, position)
            self.names[name] = variable
        self.context = (*self.context, *other.context)

    def collecting(self) -> Scope:
        """A scope for a clause that may have window functions."""
        scope = self.next()
        scope.windows = []
        return scope

    def collector(self) -> list[Let] | None:
        """Where the window functions of this clause go, if it may have any."""
        scope: Scope | None = self
        while scope is not None:
            if scope.windows is not None or scope.is_border:
                return scope.windows
            scope = scope.parent
        return None

    def group(self) -> Scope | None:
        """The nearest scope that aggregates can read a group from."""
        scope: Scope | None = self
        while scope is not None and scope.grouped is None:
            scope = scope.parent
        return scope


def duplicate(name: str, position: Location) -> SqlppError:
    """Two variables of one name in one clause."""
    message = f"Compilation error: Duplicate alias definitions: {name}"
    return SqlppError("ASX1079", message, position)


def mentions(expression: Expression, name: str) -> bool:
    """Whether an unresolved expression speaks of a name."""
    return any(isinstance(node, Name) and node.name == name for node in walk(expression))
