"""FROM: what each term binds, and what it may speak of."""

from __future__ import annotations

from sandbox.sqlpp.resolve.expressions import Expressions
from sandbox.sqlpp.resolve.scopes import Scope
from sandbox.sqlpp.tree.expressions import Variable
from sandbox.sqlpp.tree.queries import FromTerm, Join, Unnest


class Sources(Expressions):
    """The rule for the terms of FROM."""

    def terms(self, nodes: tuple[FromTerm, ...], scope: Scope) -> tuple[FromTerm, ...]:
        """The terms; their variables are bound in the scope."""
        return tuple(self._term(node, scope) for node in nodes)

    def _term(self, node: FromTerm, scope: Scope) -> FromTerm:
        source = self.source(node.source, scope)
        term = Scope(scope, keys=scope.keys)
        variable = self._bind(node.variable, term)
        at = self._bind_position(node.at, term)
        links = tuple(self._link(link, term, scope) for link in node.links)
        scope.merge(term, node.position)
        return FromTerm(node.position, source, variable, at, links)

    def _bind(self, variable: Variable, scope: Scope) -> Variable:
        return scope.bind(self.bound(variable), lends_fields=True)

    def _bind_position(self, variable: Variable | None, scope: Scope) -> Variable | None:
        return None if variable is None else scope.bind(self.bound(variable))

    def _link(self, node: Join | Unnest, term: Scope, scope: Scope) -> Join | Unnest:
        if isinstance(node, Unnest):
            source = self.source(node.source, term)
            variable = self._bind(node.variable, term)
            at = self._bind_position(node.at, term)
            return Unnest(node.position, node.outer, source, variable, at)
        return self._join(node, term, scope)

    def _join(self, node: Join, term: Scope, scope: Scope) -> Join:
        """A join's source knows the terms before this one, its condition this one as well."""
        source = self.source(node.source, Scope(scope, keys=scope.keys))
        right = Scope(scope, keys=scope.keys)
        variable = self._bind(node.variable, right)
        at = self._bind_position(node.at, right)
        term.merge(right, node.source.position)
        condition = self.expression(node.condition, term)
        return Join(node.position, node.kind, source, variable, at, condition)
