"""One SELECT block: FROM, LET, WHERE, GROUP BY, HAVING and the columns."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sandbox.sqlpp.errors import Location, compile_error
from sandbox.sqlpp.parser.primaries import implied_name
from sandbox.sqlpp.resolve.calls import has_aggregate
from sandbox.sqlpp.resolve.scopes import Scope
from sandbox.sqlpp.resolve.sources import Sources
from sandbox.sqlpp.tree.expressions import Name, Variable
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.queries import (
    Block,
    GroupBy,
    GroupKey,
    Let,
    Projection,
    SelectClause,
)


@dataclass(slots=True)
class Resolved:
    """A block whose names are looked up, and the scope in which ORDER BY goes on.

    `own` are the variables the block itself binds: LIMIT may not speak of them.
    """

    block: Block
    scope: Scope
    own: dict[str, Variable]

    def finished(self) -> Block:
        """The block with the window functions of its columns and of ORDER BY."""
        return replace(self.block, windows=tuple(self.scope.windows or ()))


class Blocks(Sources):
    """The rule for a block."""

    def block(self, node: Block, outer: Scope) -> Resolved:
        """The block in its own scope."""
        scope = outer.inner()
        terms = self.terms(node.terms, scope)
        own = dict(scope.names)
        if not terms:
            # A block without FROM is as one over a single MISSING, which lends no fields.
            scope.context = ()
        lets, scope = self.lets(node.lets, scope, own)
        where, found = self._condition(node.where, scope)
        lets += found
        group = self._group_clause(node)
        if group is not None:
            group, scope = self._group(group, scope, outer, own)
        late_lets, scope = self.lets(node.late_lets, scope, own)
        having, found = self._condition(node.having, scope)
        late_lets += found
        scope = scope.collecting()
        select = self._select(node.select, scope, own)
        block = Block(node.position, select, terms, lets, where, group, late_lets, having)
        return Resolved(block, scope, own)

    def _condition(
        self, node: Expression | None, scope: Scope
    ) -> tuple[Expression | None, tuple[Let, ...]]:
        """WHERE or HAVING, and the window functions to be computed before it."""
        if node is None:
            return None, ()
        collecting = scope.collecting()
        return self.expression(node, collecting), tuple(collecting.windows or ())

    def lets(
        self, nodes: tuple[Let, ...], scope: Scope, own: dict[str, Variable]
    ) -> tuple[tuple[Let, ...], Scope]:
        """Definitions, each known to the next ones, and the scope that knows them all."""
        lets: list[Let] = []
        for node in nodes:
            collecting = scope.collecting()
            expression = self.expression(node.expression, collecting)
            lets += collecting.windows or ()
            variable = scope.define(self.bound(node.variable))
            own.pop(variable.name, None)
            own[variable.name] = variable
            lets.append(Let(node.position, variable, expression))
        return tuple(lets), scope

    def _group_clause(self, node: Block) -> GroupBy | None:
        """GROUP BY as written; without it, one group of all rows if the columns hold aggregates."""
        group = node.group
        if group is None:
            implicit = bool(node.terms) and has_aggregate(node.select)
            return GroupBy(node.position, (), is_implicit=True) if implicit else None
        if group.members is None and any(p.kind == "star" for p in node.select.projections):
            return replace(group, members=Variable(group.position, self.new_name()))
        return group

    def _group(
        self, node: GroupBy, before: Scope, outer: Scope, own: dict[str, Variable]
    ) -> tuple[GroupBy, Scope]:
        """Keys are read in the scope before; after it only they and the group are known."""
        after = outer.inner()
        keys = tuple(self._key(key, before) for key in node.keys)
        fields = self._members(node, before, own)
        own.clear()
        keys = tuple(
            self._bind_key(key, written, after)
            for key, written in zip(keys, node.keys, strict=True)
        )
        members = None if node.members is None else after.bind(self.bound(node.members))
        own.update(after.names)
        rows, current = self.variable("", node.position), self.variable("", node.position)
        after.grouped, after.rows = before, rows
        after.keys = (*after.keys, *_substitutions(node.keys, keys))
        after.grouping = replace(
            node, keys=keys, members=members, fields=fields, rows=rows, current=current
        )
        return after.grouping, after

    def _key(self, node: GroupKey, before: Scope) -> GroupKey:
        expression = self.expression(node.expression, before)
        if node.variable is not None:
            return GroupKey(node.position, expression, self.bound(node.variable))
        name = implied_name(node.expression) or self.column_name(node)
        return GroupKey(node.position, expression, self.variable(name, node.position))

    def _bind_key(self, key: GroupKey, written: GroupKey, after: Scope) -> GroupKey:
        """Make a key known; of two that are only implied the second one is unnamed."""
        variable = key.variable
        if variable is None:
            return key
        if written.variable is None and variable.name in after.names:
            variable = replace(variable, name=self.new_name())
        return replace(key, variable=after.bind(variable))

    def _members(
        self, node: GroupBy, before: Scope, own: dict[str, Variable]
    ) -> tuple[tuple[Variable, str], ...]:
        """What the members of a group hold: what GROUP AS lists, or all the block has bound."""
        if not node.fields:
            return tuple((variable, name) for name, variable in own.items())
        return tuple((self._member(field, before), name) for field, name in node.fields)

    def _member(self, field: Variable, before: Scope) -> Variable:
        found = before.find(field.name)
        if found is None:
            message = f"Cannot resolve alias reference for undefined identifier {field.name}"
            raise compile_error(field.position, "ASX1073", message)
        return replace(found, position=field.position)

    def _select(self, node: SelectClause, scope: Scope, own: dict[str, Variable]) -> SelectClause:
        if node.element is not None:
            return replace(node, element=self.expression(node.element, scope))
        columns: list[Projection] = []
        for projection in node.projections:
            columns.extend(self._projection(projection, scope, own))
        _check_names(columns)
        return replace(node, projections=tuple(columns))

    def _projection(
        self, node: Projection, scope: Scope, own: dict[str, Variable]
    ) -> list[Projection]:
        """One column, or all that `*` stands for."""
        if node.expression is None:
            if self.catalog.sql_compat and own:
                return [_columns_of(node, own)]
            return [_column(variable, node.position) for variable in own.values()]
        expression = self.expression(node.expression, scope)
        name = node.name
        if node.kind == "named" and name is None:
            name = self.column_name(node)
        return [Projection(node.position, node.kind, expression, name)]


def _columns_of(star: Projection, own: dict[str, Variable]) -> Projection:
    """SQL's `*`: the fields of the only variable."""
    if len(own) > 1:
        message = "Ambiguous projection in SELECT clause"
        raise compile_error(star.position, "ASX1168", message)
    [variable] = own.values()
    return replace(star, kind="spread", expression=replace(variable, position=star.position))


def _column(variable: Variable, position: Location) -> Projection:
    return Projection(position, "named", replace(variable, position=position), variable.name)


def _substitutions(
    written: tuple[GroupKey, ...], keys: tuple[GroupKey, ...]
) -> tuple[tuple[Expression, Variable], ...]:
    """Each key's expression as written, and the variable it is after GROUP BY."""
    pairs = zip(written, keys, strict=True)
    return tuple(
        (old.expression, new.variable)
        for old, new in pairs
        if new.variable and not isinstance(old.expression, Name)
    )


def _check_names(columns: list[Projection]) -> None:
    if any(column.kind == "spread" for column in columns):
        return
    names: set[str | None] = set()
    for column in columns:
        if column.name in names:
            message = f"Duplicate field name '{column.name}'"
            raise compile_error(column.position, "ASX0013", message)
        names.add(column.name)
