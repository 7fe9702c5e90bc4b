"""FROM: its terms, and what is joined or unnested."""

from __future__ import annotations

from sandbox.sqlpp.errors import Location, compile_error
from sandbox.sqlpp.parser.windows import Windows
from sandbox.sqlpp.tree.expressions import Literal, Variable
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.queries import FromTerm, Join, Unnest

MAX_TERMS = 100
_UNNESTS = ("unnest", "correlate", "flatten")


class Sources(Windows):
    """The rule `from_terms`."""

    def from_terms(self) -> tuple[FromTerm, ...]:
        """FROM and its terms."""
        self.expect("from")
        terms = [self._term()]
        while self.at_more():
            self.advance()
            terms.append(self._term())
        count = sum(1 + len(term.links) for term in terms)
        if count > MAX_TERMS:
            message = f"Compilation error: FROM has {count} terms, more than {MAX_TERMS}"
            raise compile_error(terms[0].position, "ASX1079", message)
        return tuple(terms)

    def at_more(self, *others: str) -> bool:
        """Whether a comma and something after it follow: a comma before nothing is to blame."""
        return self.at(",") and (self.starts_expression(1) or self.ahead().kind in others)

    def _term(self) -> FromTerm:
        source, variable, at = self._source()
        links: list[Join | Unnest] = []
        while (link := self._link()) is not None:
            links.append(link)
        return FromTerm(source.position, source, variable, at, tuple(links))

    def _source(self) -> tuple[Expression, Variable, Variable | None]:
        """`expression AS variable AT variable`; a source that ends in a name lends it."""
        start = self.token.offset
        source = self.expression()
        variable = self.variable() if self.accept("as") or self.at_identifier() else None
        at = self.variable() if self.accept("at") else None
        return source, variable or self.generated(source, start), at

    def _link(self) -> Join | Unnest | None:
        if self.at("join", *_UNNESTS):
            return self._joined("inner")
        if self.accept("inner"):
            return self._joined("inner")
        if self.accept("left"):
            self.accept("outer")
            return self._joined("left")
        if self.accept("right"):
            self.accept("outer")
            return self._join("right")
        if self.accept("cross"):
            return self._cross_join()
        return None

    def _joined(self, kind: str) -> Join | Unnest:
        if self.at(*_UNNESTS):
            position = self.advance().location
            source, variable, at = self._source()
            return Unnest(position, kind == "left", source, variable, at)
        return self._join(kind)

    def _join(self, kind: str) -> Join:
        position = self.expect("join").location
        source, variable, at = self._source()
        self.expect("on")
        return _join(position, kind, (source, variable, at), self.expression())

    def _cross_join(self) -> Join:
        position = self.expect("join").location
        return _join(position, "inner", self._source(), Literal(position, True))


def _join(
    position: Location,
    kind: str,
    source: tuple[Expression, Variable, Variable | None],
    condition: Expression,
) -> Join:
    expression, variable, at = source
    if kind == "left":
        return Join(position, "left", expression, variable, at, condition)
    if kind == "right":
        return Join(position, "right", expression, variable, at, condition)
    return Join(position, "inner", expression, variable, at, condition)
