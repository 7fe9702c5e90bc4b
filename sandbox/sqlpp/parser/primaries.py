"""Primary expressions: constructors, calls, CASE, parentheses, and the paths that follow them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sandbox.sqlpp import lexer
from sandbox.sqlpp.errors import Location, SqlppError
from sandbox.sqlpp.parser.constants import Constants
from sandbox.sqlpp.parser.cursor import dotted, syntax_error
from sandbox.sqlpp.tree.expressions import (
    ArrayOf,
    Call,
    Case,
    Field,
    Index,
    Literal,
    MultisetOf,
    Name,
    ObjectOf,
    Slice,
    Spread,
    Variable,
)
from sandbox.sqlpp.tree.nodes import Expression

MAX_PATH: Final = 200
QUERY_STARTS: Final = frozenset({"select", "from", "with", "let", "letting"})


class Primaries(Constants):
    """Everything that binds tighter than an operator."""

    def window(self, call: Call) -> Expression:
        """The call itself, or with what OVER says about it."""
        raise NotImplementedError

    def quantified(self) -> Expression:
        """SOME or EVERY."""
        raise NotImplementedError

    def value(self) -> Expression:
        """A primary expression and its path: `.name`, `[index]`, `[from:to]`, `[*]`."""
        node = self.primary()
        steps = 0
        while True:
            if self.at(".") and self.ahead().kind != "*":
                position = self.advance().location
                node = Field(position, node, self.identifier())
            elif self.at("["):
                node = self._bracket(node)
            else:
                return node
            steps += 1
            if steps > MAX_PATH:
                raise syntax_error(self.position, "the path is too long")

    def starts_expression(self, distance: int) -> bool:
        """Whether an expression can begin with that token."""
        return self.ahead(distance).kind in _STARTS

    def primary(self) -> Expression:
        """An expression without operators or path."""
        rule = _PRIMARIES.get(self.token.kind)
        if rule is None:
            raise self.unexpected()
        return rule(self)

    def variable(self) -> Variable:
        """The name of a variable that is bound here."""
        position = self.position
        return Variable(position, self.identifier())

    def generated(self, expression: Expression, start: int) -> Variable:
        """The variable that a source without an alias gets: its last name."""
        name = implied_name(expression)
        if name is None:
            text = self.text[start : self.token.offset].strip()
            raise syntax_error(
                expression.position, f"Need an alias for the enclosed expression:\n{text}"
            )
        return Variable(expression.position, name)

    def expressions(self, end: str) -> tuple[Expression, ...]:
        """Expressions with commas between them, up to a mark."""
        items: list[Expression] = []
        if not self.at(end):
            items.append(self.expression())
            while self.accept(","):
                items.append(self.expression())
        self.expect(end)
        return tuple(items)

    def _object_or_constant(self) -> Expression:
        return self.constant_collection() or self.object_constructor()

    def object_constructor(self) -> ObjectOf:
        """`{name: value, …}`."""
        position = self.expect("{").location
        fields: list[tuple[Expression, Expression]] = []
        if not self.at("}"):
            fields.append(self._field())
            while self.accept(","):
                fields.append(self._field())
        self.expect("}")
        return ObjectOf(position, tuple(fields))

    def _field(self) -> tuple[Expression, Expression]:
        name = self.expression()
        if self.accept(":"):
            return name, self.expression()
        implied = implied_name(name)
        if implied is None:
            last = self._tokens[self._place - 1].location
            raise syntax_error(last, "Cannot infer field name")
        return Literal(name.position, implied), name

    def _bracket(self, base: Expression) -> Expression:
        position = self.expect("[").location
        if self.accept("*"):
            self.expect("]")
            return Spread(position, base)
        start = self._index()
        if not self.accept(":"):
            self.expect("]")
            return Index(position, base, start)
        end = None if self.at("]") else self._index()
        self.expect("]")
        return Slice(position, base, start, end)

    def _index(self) -> Expression:
        index = self.expression()
        if isinstance(index, Literal) and type(index.value) is not int:
            raise syntax_error(index.position, "Index should be an INTEGER")
        return index

    def _array(self) -> Expression:
        if constant := self.constant_collection():
            return constant
        position = self.expect("[").location
        return ArrayOf(position, self.expressions("]"))

    def _multiset(self) -> Expression:
        if constant := self.constant_collection():
            return constant
        position = self.expect("{{").location
        return MultisetOf(position, self.expressions("}}"))

    def _parenthesized(self) -> Expression:
        with self.deeper():
            position = self.expect("(").location
            if self.at(*QUERY_STARTS):
                query = self.select()
                self.expect(")")
                return query
            first = self.expression()
            if self.accept(","):
                return ArrayOf(position, (first, *self.expressions(")")))
            self.expect(")")
            return first

    def _case(self) -> Expression:
        position = self.expect("case").location
        subject = None if self.at("when", "else", "end") else self.expression()
        branches: list[tuple[Expression, Expression]] = []
        while self.accept("when"):
            condition = self.expression()
            self.expect("then")
            branches.append((condition, self.expression()))
        otherwise = self.expression() if self.accept("else") else None
        self.expect("end")
        if not branches:
            raise _without_branches(position)
        return Case(position, subject, tuple(branches), otherwise)

    def _name_or_call(self) -> Expression:
        names = self._names_of_call()
        if names is None:
            return self.name()
        position = self.position
        for _ in range(2 * names - 1):
            self.advance()
        parts = [t.text for t in self._tokens[self._place - 2 * names + 1 : self._place : 2]]
        *dataverse, name = [lexer.unquoted(p) if p.startswith("`") else p for p in parts]
        self.expect("(")
        distinct = self.accept("distinct") is not None
        arguments = self._arguments(name)
        where = self._filter()
        prefix = dotted(dataverse)
        call = Call(position, name.lower(), arguments, prefix, distinct, where, name, self.used)
        return self.window(call)

    def _names_of_call(self) -> int | None:
        """How many names stand before a `(`, if this is a call: `f(`, `dataverse.f(`."""
        distance = 0
        while self.ahead(distance + 1).kind == ".":
            if self.ahead(distance + 2).kind not in (lexer.IDENTIFIER, lexer.QUOTED):
                return None
            distance += 2
        return distance // 2 + 1 if self.ahead(distance + 1).kind == "(" else None

    def _arguments(self, function: str) -> tuple[Expression, ...]:
        if not self.at("*"):
            return self.expressions(")")
        star = self.advance()
        if function.lower() != "count":
            message = "The parameter * can only be used in count()."
            raise syntax_error(star.location, message)
        one = Literal(star.location, 1)
        if self.accept(","):
            return (one, *self.expressions(")"))
        self.expect(")")
        return (one,)

    def _filter(self) -> Expression | None:
        if not self.accept("filter"):
            return None
        self.expect("(")
        self.expect("where")
        condition = self.expression()
        self.expect(")")
        return condition


def implied_name(expression: Expression) -> str | None:
    """The name an expression lends to its column or variable, if it is a name or ends in one."""
    return expression.name if isinstance(expression, Name | Field) else None


def _without_branches(position: Location) -> SqlppError:
    message = "Invalid parameter number: function switch-case cannot take 2 parameters"
    return SqlppError("ASX1008", message, position)


_PREFIXES: Final = frozenset({"+", "-", "not", "exists", "some", "any", "every"})
_PRIMARIES: Final[dict[str, Callable[[Primaries], Expression]]] = {
    lexer.IDENTIFIER: Primaries._name_or_call,
    lexer.QUOTED: Primaries._name_or_call,
    lexer.INTEGER: Primaries.number,
    lexer.DOUBLE: Primaries.number,
    lexer.FLOAT: Primaries.number,
    lexer.STRING: Primaries.string,
    lexer.PARAMETER: Primaries.parameter,
    lexer.NUMBERED: Primaries.parameter,
    lexer.QUOTED_PARAMETER: Primaries.parameter,
    "?": Primaries.parameter,
    "true": Primaries.constant,
    "false": Primaries.constant,
    "null": Primaries.constant,
    "missing": Primaries.constant,
    "case": Primaries._case,
    "[": Primaries._array,
    "{{": Primaries._multiset,
    "{": Primaries._object_or_constant,
    "(": Primaries._parenthesized,
}
_STARTS: Final = _PREFIXES | _PRIMARIES.keys()
