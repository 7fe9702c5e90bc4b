"""Long collections of nothing but constants, read as one value: what INSERT is made of."""

from __future__ import annotations

from typing import Final

from sandbox.sqlpp import lexer
from sandbox.sqlpp.parser.cursor import MAX_DEPTH
from sandbox.sqlpp.parser.literals import CONSTANTS, NUMBERS, Literals
from sandbox.sqlpp.tree.expressions import Literal
from sandbox.sqlpp.values import MISSING, Multiset, Value

# A shorter one becomes a node for each part, which later steps may look into.
MIN_TOKENS: Final = 64
_CLOSING: Final = {"[": "]", "{": "}", "{{": "}}"}
_CLOSINGS: Final = frozenset(_CLOSING.values())
_PARTS: Final = frozenset({",", ":", "-", lexer.STRING}) | NUMBERS.keys() | CONSTANTS.keys()


class _NotConstant(Exception):
    """What looked like a constant is none, or is better told of by the ordinary rules."""


class Constants(Literals):
    """The rule `constant_collection`."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._spans: dict[int, int] | None = None

    def constant_collection(self) -> Literal | None:
        """The collection at the cursor as one value, if it is long and holds only constants."""
        if self._spans is None:
            self._spans = self._find_spans()
        end = self._spans.get(self._place)
        if end is None:
            return None
        position = self.position
        try:
            value, _ = self._value(self._place, 0)
        except (_NotConstant, ValueError):
            self._spans.clear()
            return None
        self.go_to(end + 1)
        return Literal(position, value)

    def _find_spans(self) -> dict[int, int]:
        """From each opening bracket of a long constant collection to the closing one."""
        spans: dict[int, int] = {}
        opened: list[int] = []
        last_other = -1
        for place, token in enumerate(self._tokens):
            kind = token.kind
            if kind in _CLOSING:
                opened.append(place)
            elif kind in _CLOSINGS and opened:
                start = opened.pop()
                if last_other < start and place - start >= MIN_TOKENS:
                    spans[start] = place
            elif kind not in _PARTS:
                last_other = place
        return spans

    def _value(self, place: int, depth: int) -> tuple[Value, int]:
        """The value at a place among the tokens, and the place after it."""
        token = self._tokens[place]
        kind = token.kind
        if kind == lexer.STRING:
            return lexer.unquoted(token.text), place + 1
        if kind in NUMBERS:
            return NUMBERS[kind](token.text), place + 1
        if kind in CONSTANTS:
            return CONSTANTS[kind], place + 1
        if kind == "-" and (number := self._tokens[place + 1]).kind in NUMBERS:
            return -NUMBERS[number.kind](number.text), place + 2
        if kind not in _CLOSING or depth >= MAX_DEPTH:
            raise _NotConstant
        if kind == "{":
            return self._object(place, depth + 1)
        items, after = self._items(place, _CLOSING[kind], depth + 1)
        return (items if kind == "[" else Multiset(items)), after

    def _items(self, place: int, closing: str, depth: int) -> tuple[list[Value], int]:
        items: list[Value] = []
        place += 1
        if self._tokens[place].kind == closing:
            return items, place + 1
        while True:
            item, place = self._value(place, depth)
            items.append(item)
            if not self._goes_on(place, closing):
                return items, place + 1
            place += 1

    def _object(self, place: int, depth: int) -> tuple[dict[str, Value], int]:
        fields: dict[str, Value] = {}
        seen: set[str] = set()
        place += 1
        if self._tokens[place].kind == "}":
            return fields, place + 1
        while True:
            name = self._name(place, seen)
            value, place = self._value(place + 2, depth)
            if value is not MISSING:
                fields[name] = value
            if not self._goes_on(place, "}"):
                return fields, place + 1
            place += 1

    def _name(self, place: int, seen: set[str]) -> str:
        """A field's name; one that was there is for the ordinary rules to warn of."""
        token = self._tokens[place]
        if token.kind != lexer.STRING or self._tokens[place + 1].kind != ":":
            raise _NotConstant
        name = lexer.unquoted(token.text)
        if name in seen:
            raise _NotConstant
        seen.add(name)
        return name

    def _goes_on(self, place: int, closing: str) -> bool:
        """Whether a comma follows, and not the end."""
        kind = self._tokens[place].kind
        if kind not in (",", closing):
            raise _NotConstant
        return kind == ","
