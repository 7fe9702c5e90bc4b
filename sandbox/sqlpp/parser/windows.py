"""OVER: partition, order and frame of a window function."""

from __future__ import annotations

from typing import Final, cast
from typing import Literal as Choice

from sandbox.sqlpp import lexer
from sandbox.sqlpp.parser.cursor import syntax_error
from sandbox.sqlpp.parser.operators import Operators
from sandbox.sqlpp.tree.expressions import Call, Frame, FrameEdge, Variable, Window
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.queries import OrderItem

_MODES: Final = frozenset({"rows", "range", "groups"})
_EXCLUSIONS: Final = {("current", "row"): "current row", ("no", "others"): "no others"}


class Windows(Operators):
    """What may follow a call."""

    def order_by(self) -> tuple[OrderItem, ...]:
        """ORDER BY and its keys, or nothing."""
        raise NotImplementedError

    def window(self, call: Call) -> Expression:
        """The call itself, or with what OVER says about it."""
        distance = self._distance_to_over()
        if distance is None:
            return call
        from_last = self._from_last() if self.at("from") else False
        ignore_nulls = self._ignore_nulls() if not self.at("over") else False
        position = self.expect("over").location
        members, fields = self._members() if self.at_identifier() else (None, ())
        self.expect("(")
        partition = self._partition()
        order = self.order_by()
        frame = self._frame() if order and self.token.kind == lexer.IDENTIFIER else None
        self.expect(")")
        return Window(
            position, call, partition, order, frame, members, from_last, ignore_nulls, fields
        )

    def _distance_to_over(self) -> int | None:
        """How far OVER is, with FROM FIRST and IGNORE NULLS before it; None if there is none."""
        distance = 0
        if self.at("from") and (self.at_word("first", 1) or self.at_word("last", 1)):
            distance = 2
        if self.at_word("respect", distance) or self.at_word("ignore", distance):
            distance += 2
        return distance if self.ahead(distance).kind == "over" else None

    def _from_last(self) -> bool:
        self.advance()
        return self.advance().text.lower() == "last"

    def _ignore_nulls(self) -> bool:
        ignore = self.advance().text.lower() == "ignore"
        self.expect_word("nulls")
        return ignore

    def _members(self) -> tuple[Variable, tuple[tuple[Variable, str], ...]]:
        """`members (variable AS name, …) AS`, which names the rows of the frame."""
        variable, fields = self.variable(), self.named_fields()
        self.expect("as")
        return variable, fields

    def named_fields(self) -> tuple[tuple[Variable, str], ...]:
        """`(variable AS name, …)` or nothing."""
        if not self.accept("("):
            return ()
        fields = [self._named_field()]
        while self.accept(","):
            fields.append(self._named_field())
        self.expect(")")
        return tuple(fields)

    def _named_field(self) -> tuple[Variable, str]:
        variable = self.variable()
        self.expect("as")
        return variable, self.identifier()

    def _partition(self) -> tuple[Expression, ...]:
        if not self.at_word("partition"):
            return ()
        self.advance()
        self.expect("by")
        keys = [self.expression()]
        while self.accept(","):
            keys.append(self.expression())
        return tuple(keys)

    def _frame(self) -> Frame:
        position = self.position
        mode = self.token.text.lower()
        if mode not in _MODES:
            raise self._unexpected_word()
        self.advance()
        if self.accept("between"):
            start = self._edge()
            self.expect("and")
            end = self._edge()
        else:
            start = self._edge()
            end = FrameEdge(start.position, "current", False)
        exclude = self._exclusion()
        return Frame(position, cast(Choice["rows", "range", "groups"], mode), start, end, exclude)

    def _edge(self) -> FrameEdge:
        position = self.position
        if self.accept_word("current"):
            self.expect_word("row")
            return FrameEdge(position, "current", False)
        if self.accept_word("unbounded"):
            return FrameEdge(position, "unbounded", self._preceding())
        offset = self.expression()
        return FrameEdge(position, "offset", self._preceding(), offset)

    def _preceding(self) -> bool:
        if self.accept_word("preceding"):
            return True
        self.expect_word("following")
        return False

    def _exclusion(self) -> Choice["no others", "current row", "group", "ties"]:
        if not self.accept_word("exclude"):
            return "no others"
        if self.accept("group"):
            return "group"
        if self.accept_word("ties"):
            return "ties"
        words = self.token.text.lower(), self.ahead().text.lower()
        exclusion = _EXCLUSIONS.get(words)
        if exclusion is None:
            raise self._unexpected_word()
        self.advance()
        self.advance()
        return cast(Choice["no others", "current row"], exclusion)

    def _unexpected_word(self) -> Exception:
        return syntax_error(self.position, f"Unexpected token: {self.token.text}")
