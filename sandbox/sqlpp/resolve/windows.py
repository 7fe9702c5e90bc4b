"""Window functions: each becomes a variable that is computed over all rows before its clause."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sandbox.sqlpp.errors import SqlppError, compile_error
from sandbox.sqlpp.functions.registry import find
from sandbox.sqlpp.parser.cursor import unsupported
from sandbox.sqlpp.resolve.blocks import Blocks
from sandbox.sqlpp.resolve.calls import AGGREGATES, WINDOW_FUNCTIONS, aggregate_name
from sandbox.sqlpp.resolve.scopes import Scope, mentions
from sandbox.sqlpp.tree.expressions import Call, Frame, FrameEdge, Variable, Window
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.queries import Let, OrderItem

# What says where a row stands asks for an order, and takes no frame.
_OF_AN_ORDER: Final = frozenset({"lag", "lead"})


class Windows(Blocks):
    """The rule for Window."""

    def window(self, node: Window, scope: Scope) -> Expression:
        """The variable that holds the function's value for each row."""
        collector = scope.collector()
        if collector is None:
            raise unsupported(node.position, "OVER in this clause")
        function = self._window_function(node)
        if function in _OF_AN_ORDER and not node.order:
            raise unsupported(node.position, f"{function.upper()} without ORDER BY in OVER")
        if node.members and any(mentions(a, node.members.name) for a in node.call.arguments):
            raise unsupported(node.position, f"the use of {node.members.name} of OVER")
        resolved = Window(
            node.position,
            self._window_call(node.call, function, scope),
            tuple(self.expression(key, scope) for key in node.partition),
            tuple(self._window_order(item, scope) for item in node.order),
            self._frame(node.frame, scope),
            from_last=node.from_last,
            ignore_nulls=node.ignore_nulls,
        )
        variable = self.variable("", node.position)
        collector.append(Let(node.position, variable, resolved))
        return Variable(node.position, "", variable.slot)

    def _window_function(self, node: Window) -> str:
        """The function's name: a window function's, or an aggregate's ARRAY_* one."""
        call = node.call
        name = aggregate_name(call)
        counts = WINDOW_FUNCTIONS.get(name)
        if counts is not None:
            if len(call.arguments) not in counts:
                raise self.unknown_function(call)
            return name
        if name in AGGREGATES:
            if len(call.arguments) != 1:
                raise self.unknown_function(call)
            return AGGREGATES[name]
        builtin = find(call.name)
        if builtin is None:
            raise self.unknown_function(call)
        raise _no_window_function(node, builtin.name)

    def _window_call(self, node: Call, function: str, scope: Scope) -> Call:
        where = None if node.where is None else self.expression(node.where, scope)
        arguments = tuple(self.expression(argument, scope) for argument in node.arguments)
        return replace(node, name=function, arguments=arguments, where=where)

    def _window_order(self, item: OrderItem, scope: Scope) -> OrderItem:
        return replace(item, expression=self.expression(item.expression, scope))

    def _frame(self, node: Frame | None, scope: Scope) -> Frame | None:
        if node is None:
            return None
        return replace(node, start=self._edge(node.start, scope), end=self._edge(node.end, scope))

    def _edge(self, node: FrameEdge, scope: Scope) -> FrameEdge:
        if node.offset is None:
            return node
        return replace(node, offset=self.expression(node.offset, scope))


def _no_window_function(node: Window, name: str) -> SqlppError:
    message = f"Expected window or aggregate function, got: {name}"
    return compile_error(node.position, "ASX1102", message)
