"""Constants, names and parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sandbox.sqlpp import lexer
from sandbox.sqlpp.lexer import Token, unquoted
from sandbox.sqlpp.parser.cursor import Cursor, syntax_error
from sandbox.sqlpp.tree.expressions import Literal, Name, Parameter
from sandbox.sqlpp.values import INT64_MAX, MISSING, Float32, Value, to_float32

MAX_DIGITS: Final = 400


class Literals(Cursor):
    """The leaves of expressions."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._questions = 0

    def name(self) -> Name:
        """A name to be looked up."""
        position = self.position
        return Name(position, self.identifier())

    def number(self) -> Literal:
        """A number as written."""
        token = self.advance()
        try:
            value = NUMBERS[token.kind](token.text)
        except ValueError:
            message = f'Could not parse numeric literal "{token.text}"'
            raise syntax_error(token.location, message) from None
        return Literal(token.location, value)

    def constant(self) -> Literal:
        """true, false, null or missing."""
        token = self.advance()
        return Literal(token.location, CONSTANTS[token.kind])

    def string(self) -> Literal:
        """A string; two quotes in a row stand for one."""
        token = first = self.advance()
        parts = [unquoted(token.text)]
        while self.at(lexer.STRING):
            following = self.advance()
            if not _continues(token, following):
                raise syntax_error(following.location, "Invalid string literal")
            parts.append(unquoted(following.text))
            token = following
        return Literal(first.location, token.text[-1].join(parts))

    def string_value(self) -> str:
        """A string where nothing else may stand."""
        if not self.at(lexer.STRING):
            raise self.unexpected()
        return str(self.string().value)

    def parameter(self) -> Parameter:
        """`$name`, `$1`, `$`name``, or `?`, which counts."""
        token = self.advance()
        if token.kind == "?":
            self._questions += 1
            return Parameter(token.location, str(self._questions))
        quoted = token.kind == lexer.QUOTED_PARAMETER
        return Parameter(token.location, unquoted(token.text) if quoted else token.text[1:])


def _continues(token: Token, following: Token) -> bool:
    """Whether a string goes straight on in the next token: 'a''b'."""
    return token.end == following.offset and token.text[0] == following.text[0] != "E"


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS or int(text) > INT64_MAX:
        raise ValueError(text)
    return int(text)


def _float(text: str) -> Float32:
    return to_float32(float(text[:-1]))


NUMBERS: Final[dict[str, Callable[[str], Value]]] = {
    lexer.INTEGER: _integer,
    lexer.DOUBLE: float,
    lexer.FLOAT: _float,
}
CONSTANTS: Final[dict[str, Value]] = {
    "true": True,
    "false": False,
    "null": None,
    "missing": MISSING,
}
