"""SELECT and its clauses, FROM first or SELECT first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sandbox.sqlpp.errors import Location
from sandbox.sqlpp.parser.cursor import unsupported
from sandbox.sqlpp.parser.groups import Groups
from sandbox.sqlpp.parser.primaries import implied_name
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.queries import (
    Block,
    FromTerm,
    GroupBy,
    Let,
    OrderItem,
    Projection,
    Select,
    SelectClause,
)

_ELEMENTS: Final = ("value", "raw", "element")
_LETS: Final = ("let", "letting", "with")
_SET_OPERATIONS: Final = ("union", "intersect", "except")


@dataclass
class _Parts:
    """The clauses of a block, before they are one."""

    terms: tuple[FromTerm, ...] = ()
    lets: tuple[Let, ...] = ()
    where: Expression | None = None
    group: GroupBy | None = None
    late_lets: tuple[Let, ...] = field(default=())
    having: Expression | None = None


class Selects(Groups):
    """The rule `select`."""

    def select(self) -> Select:
        """A query: WITH, blocks, ORDER BY, LIMIT."""
        with self.deeper():
            lets = self._lets()
            first = self._block()
            others: list[Block | Select] = []
            while self.at(*_SET_OPERATIONS):
                others.append(self._other(first.position))
            order = self.order_by()
            limit, offset = self._limit()
            position = lets[0].position if lets else first.position
            return Select(position, lets, first, tuple(others), order, limit, offset)

    def _other(self, start: Location) -> Block | Select:
        word = self.advance().text.upper()
        if not self.accept("all"):
            raise unsupported(start, f"Operation {word} with set semantics")
        if word != "UNION":
            raise unsupported(start, f"Operation {word}")
        if not self.accept("("):
            return self._block()
        query = self.select()
        self.expect(")")
        return query

    def _block(self) -> Block:
        position = self.position
        if self.at("from"):
            parts = self._after_from()
            select = self._select_clause()
        else:
            select = self._select_clause()
            parts = self._after_select()
        return Block(
            position,
            select,
            parts.terms,
            parts.lets,
            parts.where,
            parts.group,
            parts.late_lets,
            parts.having,
        )

    def _after_select(self) -> _Parts:
        if self.at("from"):
            return self._after_from()
        if not self.at(*_LETS):
            return _Parts()
        return _Parts(lets=self._lets(), where=self._condition("where"))

    def _after_from(self) -> _Parts:
        parts = _Parts(terms=self.from_terms(), lets=self._lets(), where=self._condition("where"))
        if self.at("group"):
            parts.group = self.group_by()
            parts.late_lets = self._lets()
            parts.having = self._condition("having")
        return parts

    def _condition(self, word: str) -> Expression | None:
        return self.expression() if self.accept(word) else None

    def _lets(self) -> tuple[Let, ...]:
        if not self.at(*_LETS):
            return ()
        equals = "as" if self.advance().kind == "with" else "="
        lets = [self._let(equals)]
        while self.accept(","):
            lets.append(self._let(equals))
        return tuple(lets)

    def _let(self, equals: str) -> Let:
        variable = self.variable()
        self.expect(equals)
        return Let(variable.position, variable, self.expression())

    def _select_clause(self) -> SelectClause:
        position = self.expect("select").location
        distinct = False
        if not self.accept("all"):
            distinct = self.accept("distinct") is not None
        if self.at(*_ELEMENTS):
            self.advance()
            return SelectClause(position, self.expression(), (), distinct)
        projections = [self._projection()]
        while self.at_more("*"):
            self.advance()
            projections.append(self._projection())
        return SelectClause(position, None, tuple(projections), distinct)

    def _projection(self) -> Projection:
        position = self.position
        if self.accept("*"):
            return Projection(position, "star")
        expression = self.expression()
        if self.at(".") and self.ahead().kind == "*":
            self.advance()
            self.advance()
            return Projection(expression.position, "spread", expression)
        name = self.identifier() if self.accept("as") or self.at_identifier() else None
        if name is None:
            name = implied_name(expression)
        return Projection(expression.position, "named", expression, name)

    def order_by(self) -> tuple[OrderItem, ...]:
        """ORDER BY and its keys, or nothing."""
        if not self.accept("order"):
            return ()
        self.expect("by")
        items = [self._order_item()]
        while self.at_more():
            self.advance()
            items.append(self._order_item())
        return tuple(items)

    def _order_item(self) -> OrderItem:
        expression = self.expression()
        descending = False
        if not self.accept("asc"):
            descending = self.accept("desc") is not None
        nulls_last: bool | None = None
        if self.accept_word("nulls"):
            nulls_last = not self.accept_word("first")
            if nulls_last:
                self.expect_word("last")
        return OrderItem(expression.position, expression, descending, nulls_last)

    def _limit(self) -> tuple[Expression | None, Expression | None]:
        """LIMIT and OFFSET, in either order."""
        if self.accept("limit"):
            limit = self.expression()
            return limit, self._condition("offset")
        offset = self._condition("offset")
        return (self._condition("limit") if offset else None), offset
