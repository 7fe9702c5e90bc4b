"""Operators by strength; two comparisons cannot stand beside each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from typing import Literal as Choice

from sandbox.sqlpp.errors import Location
from sandbox.sqlpp.parser.primaries import QUERY_STARTS, Primaries
from sandbox.sqlpp.tree.expressions import (
    Between,
    Binding,
    Call,
    Chain,
    Comparison,
    Exists,
    Logic,
    Membership,
    Negate,
    Not,
    Quantified,
)
from sandbox.sqlpp.tree.nodes import Expression

OR, AND, NOT, RELATION, BETWEEN, IS, LIKE, CONCAT, ADD, MULTIPLY, POWER, UNARY = range(12)

_STRENGTHS: Final = {
    "or": OR,
    "and": AND,
    "<": RELATION,
    ">": RELATION,
    "<=": RELATION,
    ">=": RELATION,
    "=": RELATION,
    "!=": RELATION,
    "<>": RELATION,
    "in": RELATION,
    "between": BETWEEN,
    "is": IS,
    "like": LIKE,
    "||": CONCAT,
    "+": ADD,
    "-": ADD,
    "*": MULTIPLY,
    "/": MULTIPLY,
    "div": MULTIPLY,
    "mod": MULTIPLY,
    "%": MULTIPLY,
    "^": POWER,
}
_NEGATABLE: Final = frozenset({"in", "between", "like"})
_QUANTIFIERS: Final = frozenset({"some", "any", "every"})
_OPENINGS: Final = frozenset({"(", "+", "-", "exists"})
# The original's tests know no more than these; VALUED and KNOWN are UNKNOWN turned round.
_TESTS: Final = {
    "null": ("is-null", False),
    "missing": ("is-missing", False),
    "unknown": ("is-unknown", False),
    "known": ("is-unknown", True),
    "valued": ("is-unknown", True),
}


@dataclass(frozen=True, slots=True)
class Upcoming:
    """The operator at the cursor: its word, its strength, and whether NOT stands before it."""

    word: str
    strength: int
    negated: bool = False


class Operators(Primaries):
    """The rule `expression`, and all between it and `value`."""

    def expression(self) -> Expression:
        """Any expression."""
        if self.token.kind in _QUANTIFIERS:
            return self.quantified()
        if self.token.kind in _OPENINGS and not self._opens():
            raise self.unexpected()
        self.enter()
        node = self._operators(OR)
        self._depth -= 1
        return node

    def _opens(self) -> bool:
        """Whether what follows a prefix can: if not, the prefix is to blame, as in the original."""
        following = self.ahead().kind
        if self.at("("):
            return self.starts_expression(1) or following in QUERY_STARTS
        return self.starts_expression(1) and following not in ("+", "-")

    def _operators(self, weakest: int) -> Expression:
        """Operands and the operators between them that are at least so strong."""
        if self.at("not") and self.ahead().kind != "exists" and weakest <= NOT:
            position = self.advance().location
            left: Expression = Not(position, self._operators(RELATION))
            strongest = AND
        else:
            left, strongest = self._unary(), UNARY
        while True:
            upcoming = self._upcoming()
            if upcoming is None or not weakest <= upcoming.strength <= strongest:
                return left
            left = _RULES[upcoming.strength](self, left, upcoming)
            strongest = upcoming.strength - 1

    def _upcoming(self) -> Upcoming | None:
        kind = self.token.kind
        if kind == "not":
            word = self.ahead().kind
            return Upcoming(word, _STRENGTHS[word], True) if word in _NEGATABLE else None
        if kind == "is":
            return self._upcoming_is()
        strength = _STRENGTHS.get(kind)
        if strength is None or (strength == RELATION and not self._compares()):
            return None
        return Upcoming(kind, strength)

    def _compares(self) -> bool:
        """Whether an operand follows; NOT is weaker than a comparison and cannot be one."""
        if self.ahead().kind == "not":
            return self.ahead(2).kind == "exists"
        return self.starts_expression(1) and self.ahead().kind not in _QUANTIFIERS

    def _upcoming_is(self) -> Upcoming | None:
        if self._at_distinct():
            return Upcoming("is distinct from", RELATION)
        distance = 2 if self.ahead().kind == "not" else 1
        return Upcoming("is", IS) if self.ahead(distance).kind in _TESTS else None

    def _at_distinct(self) -> bool:
        following = self.ahead().kind
        return (self.ahead(2).kind if following == "not" else following) == "distinct"

    def _unary(self) -> Expression:
        kind = self.token.kind
        if kind == "-":
            position = self.advance().location
            return Negate(position, self.value())
        if kind == "+":
            self.advance()
            return self.value()
        if kind == "exists":
            return Exists(self.advance().location, self.value())
        if kind == "not":
            self.advance()
            position = self.expect("exists").location
            return Not(position, Exists(position, self.value()))
        return self.value()

    def _chain(self, left: Expression, upcoming: Upcoming) -> Expression:
        """Operators of one strength in a row, as one node however many there are."""
        position, strength = self.position, upcoming.strength
        operators: list[str] = []
        operands = [left]
        while (here := self._upcoming()) and here.strength == strength:
            operators.append(self.advance().kind)
            operands.append(self._operators(strength + 1))
        if strength <= AND:
            return Logic(position, upcoming.word, tuple(operands))
        return Chain(position, tuple(operators), tuple(operands))

    def _power(self, left: Expression, upcoming: Upcoming) -> Expression:
        position = self.advance().location
        return Chain(position, (upcoming.word,), (left, self._operators(UNARY)))

    def _relation(self, left: Expression, upcoming: Upcoming) -> Expression:
        if upcoming.word == "is distinct from":
            return self._distinct(left)
        position = self._operator(upcoming)
        right = self._operators(BETWEEN)
        if upcoming.word == "in":
            return Membership(position, left, right, upcoming.negated)
        word = "!=" if upcoming.word == "<>" else upcoming.word
        return Comparison(position, word, left, right)

    def _distinct(self, left: Expression) -> Expression:
        self.advance()
        negated = self.accept("not") is not None
        self.expect("distinct")
        position = self.expect("from").location
        different = Comparison(position, "is distinct from", left, self._operators(BETWEEN))
        return _negated(different, position, negated)

    def _between(self, left: Expression, upcoming: Upcoming) -> Expression:
        position = self._operator(upcoming)
        low = self._operators(IS)
        self.expect("and")
        node = Between(position, left, low, self._operators(IS))
        return _negated(node, position, upcoming.negated)

    def _is(self, left: Expression, upcoming: Upcoming) -> Expression:
        self.advance()
        negation = self.accept("not")
        function, turned = _TESTS[self.token.kind]
        position = self.advance().location
        node = Call(position, function, (left,))
        return _negated(node, position, turned != (negation is not None))

    def _like(self, left: Expression, upcoming: Upcoming) -> Expression:
        position = self._operator(upcoming)
        node = Call(position, "like", (left, self._operators(CONCAT)))
        return _negated(node, position, upcoming.negated)

    def _operator(self, upcoming: Upcoming) -> Location:
        """Go past the operator, and the NOT before it, to its place."""
        if upcoming.negated:
            self.advance()
        return self.advance().location

    def quantified(self) -> Expression:
        """`SOME v IN source, … SATISFIES condition END`."""
        with self.deeper():
            first = self.advance()
            every = first.kind == "every"
            position = first.location
            both = not every and self.at("and") and self.ahead().kind == "every"
            if both:
                self.advance()
                position = self.advance().location
            bindings = [self._binding()]
            while self.accept(","):
                bindings.append(self._binding())
            self.expect("satisfies")
            condition = self.expression()
            self.accept("end")
            kind = _kind(both, every)
            return Quantified(position, kind, tuple(bindings), condition)

    def _binding(self) -> Binding:
        variable = self.variable()
        self.expect("in")
        return Binding(variable.position, variable, self.expression())


def _kind(both: bool, every: bool) -> Choice["some", "every", "some_and_every"]:
    if both:
        return "some_and_every"
    return "every" if every else "some"


def _negated(node: Expression, position: Location, negated: bool) -> Expression:
    return Not(position, node) if negated else node


_RULES: Final[dict[int, Callable[[Operators, Expression, Upcoming], Expression]]] = {
    OR: Operators._chain,
    AND: Operators._chain,
    RELATION: Operators._relation,
    BETWEEN: Operators._between,
    IS: Operators._is,
    LIKE: Operators._like,
    CONCAT: Operators._chain,
    ADD: Operators._chain,
    MULTIPLY: Operators._chain,
    POWER: Operators._power,
}
