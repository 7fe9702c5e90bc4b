"""Queries: WITH, UNION ALL, ORDER BY and LIMIT around blocks."""

from __future__ import annotations

from dataclasses import replace

from sandbox.sqlpp.errors import SqlppError
from sandbox.sqlpp.resolve.blocks import Resolved
from sandbox.sqlpp.resolve.scopes import Scope
from sandbox.sqlpp.resolve.windows import Windows
from sandbox.sqlpp.tree.expressions import (
    Literal,
    Name,
    ObjectOf,
    Variable,
)
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.queries import Block, FromTerm, Let, OrderItem, Select, SelectClause
from sandbox.sqlpp.tree.walk import mapped, variables, walk


class Resolver(Windows):
    """The whole pass: `expression` on a statement's body."""

    def select(self, node: Select, scope: Scope) -> Select:
        """A query in its own scope."""
        lets, inner = self.lets(node.lets, scope.inner(), {})
        if node.others:
            return self._union(replace(node, lets=lets), inner)
        resolved = self.block(node.first, inner)
        if not (node.order or node.limit or node.offset):
            return replace(node, lets=lets, first=resolved.finished())
        aliases = _Aliases(self, resolved)
        order = tuple(self._order_item(item, aliases, resolved.scope) for item in node.order)
        limit = self._limit(node.limit, aliases, inner)
        offset = self._limit(node.offset, aliases, inner)
        block = aliases.finished(resolved)
        return Select(node.position, lets, block, (), order, limit, offset)

    def _union(self, node: Select, inner: Scope) -> Select:
        """All blocks' rows; ORDER BY and LIMIT speak of a row by its fields alone."""
        first = self.block(node.first, inner).finished()
        others = tuple(self._other(other, inner) for other in node.others)
        union = Select(node.position, (), first, others)
        if not (node.order or node.limit or node.offset):
            return replace(union, lets=node.lets)
        outer = inner.inner()
        variable = outer.bind(self.variable("", node.position), lends_fields=True)
        block = Block(
            node.position,
            SelectClause(node.position, variable, ()),
            (FromTerm(node.position, union, variable, None),),
        )
        order = tuple(
            replace(item, expression=self.expression(item.expression, outer)) for item in node.order
        )
        limit = None if node.limit is None else self.expression(node.limit, inner)
        offset = None if node.offset is None else self.expression(node.offset, inner)
        return Select(node.position, node.lets, block, (), order, limit, offset)

    def _other(self, node: Block | Select, inner: Scope) -> Block | Select:
        return (
            self.select(node, inner)
            if isinstance(node, Select)
            else self.block(node, inner).finished()
        )

    def _order_item(self, item: OrderItem, aliases: _Aliases, scope: Scope) -> OrderItem:
        expression = self.expression(aliases.replaced(item.expression), aliases.scope(scope))
        return replace(item, expression=expression)

    def _limit(self, node: Expression | None, aliases: _Aliases, inner: Scope) -> Expression | None:
        """LIMIT may speak of what is known outside of the query only."""
        if node is None:
            return None
        for part in walk(node):
            if isinstance(part, Name) and part.name in aliases.own:
                raise _forbidden(part)
        return self.expression(node, inner)


class _Aliases:
    """The columns of a block by name, for ORDER BY; those it asks for become variables."""

    def __init__(self, resolver: Resolver, resolved: Resolved) -> None:
        self._resolver = resolver
        self.own = resolved.own
        self._columns = {
            name: expression
            for name, expression in _columns(resolved.block.select)
            if name not in resolved.own
        }
        self._used: dict[str, Variable] = {}

    def replaced(self, node: Expression) -> Expression:
        """The expression with the names of columns turned into the columns' variables."""
        if not self._columns:
            return node
        return self._replace(node)

    def _replace(self, node: Expression) -> Expression:
        if isinstance(node, Name) and node.name in self._columns:
            return Name(node.position, self._hidden(node))
        return mapped(node, self._replace)

    def _hidden(self, node: Name) -> str:
        if node.name not in self._used:
            self._used[node.name] = self._resolver.variable(f" {node.name}", node.position)
        return f" {node.name}"

    def scope(self, scope: Scope) -> Scope:
        """The block's scope, and the variables of the columns that were asked for."""
        if not self._used:
            return scope
        return replace_scope(scope, self._used)

    def finished(self, resolved: Resolved) -> Block:
        """The block; each column that was asked for is computed once, before the others."""
        block = resolved.finished()
        if not self._used:
            return block
        lets = tuple(
            Let(variable.position, variable, self._columns[name])
            for name, variable in self._used.items()
        )
        return replace(
            block,
            windows=_in_order(block.windows, lets),
            select=_with_variables(block.select, self._used),
        )


def replace_scope(scope: Scope, variables: dict[str, Variable]) -> Scope:
    """A scope that knows more variables, and lends the same fields."""
    inner = scope.next()
    inner.names.update({variable.name: variable for variable in variables.values()})
    return inner


def _columns(select: SelectClause) -> list[tuple[str, Expression]]:
    """The names ORDER BY may use: columns, or the fields of an object that is built here."""
    if isinstance(select.element, ObjectOf):
        return [
            (name.value, value)
            for name, value in select.element.fields
            if isinstance(name, Literal) and isinstance(name.value, str)
        ]
    return [
        (column.name, column.expression)
        for column in select.projections
        if column.kind == "named" and column.name and column.expression
    ]


def _with_variables(select: SelectClause, used: dict[str, Variable]) -> SelectClause:
    """The columns read from the variables that hold them already."""
    if isinstance(select.element, ObjectOf):
        fields = tuple(
            (name, used.get(name.value, value) if isinstance(name, Literal) else value)
            for name, value in select.element.fields
        )
        return replace(select, element=replace(select.element, fields=fields))
    columns = tuple(
        replace(column, expression=used.get(column.name or "", column.expression))
        for column in select.projections
    )
    return replace(select, projections=columns)


def _in_order(windows: tuple[Let, ...], lets: tuple[Let, ...]) -> tuple[Let, ...]:
    """Columns that ORDER BY names are ready before the window functions that ask for them."""
    asking = {slot for window in windows for slot in variables(window.expression)}
    before = tuple(let for let in lets if let.variable.slot in asking)
    return (*before, *windows, *(let for let in lets if let not in before))


def _forbidden(node: Name) -> SqlppError:
    message = (
        "Compilation error: Inside limit clauses, it is disallowed to reference a variable having "
        "the same name as any variable bound in the same scope as the limit clause."
    )
    return SqlppError("ASX1079", message, node.position)
