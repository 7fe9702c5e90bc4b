"""Expressions: most only hand on to their parts."""

from __future__ import annotations

from typing import Final

from sandbox.sqlpp.resolve.calls import Calls
from sandbox.sqlpp.resolve.scopes import Scope
from sandbox.sqlpp.tree.expressions import (
    Binding,
    Call,
    Field,
    Name,
    Parameter,
    Quantified,
    Variable,
    Window,
)
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.queries import Select
from sandbox.sqlpp.tree.walk import mapped


class Expressions(Calls):
    """The rule for any expression."""

    def select(self, node: Select, scope: Scope) -> Select:
        """A query."""
        raise NotImplementedError

    def window(self, node: Window, scope: Scope) -> Expression:
        """A window function."""
        raise NotImplementedError

    def expression(self, node: Expression, scope: Scope) -> Expression:
        """The expression with every name looked up."""
        kind = type(node)
        for key, variable in scope.keys:
            if type(key) is kind and key == node:
                return Variable(node.position, variable.name, variable.slot)
        rule = _RULES.get(kind)
        if rule is not None:
            resolved: Expression = getattr(self, rule)(node, scope)
            return resolved
        return mapped(node, lambda part: self.expression(part, scope))

    def quantified(self, node: Quantified, scope: Scope) -> Expression:
        """SOME or EVERY: the variables are known to what follows them."""
        inner = scope.inner()
        bindings: list[Binding] = []
        for binding in node.bindings:
            source = self.source(binding.source, inner)
            variable = inner.bind(self.bound(binding.variable), lends_fields=True)
            bindings.append(Binding(binding.position, variable, source))
        condition = self.expression(node.condition, inner)
        return Quantified(node.position, node.kind, tuple(bindings), condition)


_RULES: Final = {
    Name: "name",
    Field: "field",
    Parameter: "parameter",
    Call: "call",
    Quantified: "quantified",
    Select: "select",
    Window: "window",
}
