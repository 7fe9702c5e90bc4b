"""Walking over tokens, and saying what was not expected where."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.sqlpp import lexer
from sandbox.sqlpp.errors import Location, SqlppError
from sandbox.sqlpp.lexer import Lexer, Token
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.queries import Select

MAX_DEPTH = 100
_NAMED = frozenset(
    {
        lexer.IDENTIFIER,
        lexer.QUOTED,
        lexer.STRING,
        lexer.INTEGER,
        lexer.DOUBLE,
        lexer.FLOAT,
        lexer.PARAMETER,
        lexer.NUMBERED,
        lexer.QUOTED_PARAMETER,
    }
)


def syntax_error(location: Location | None, message: str) -> SqlppError:
    """A text that is no statement."""
    return SqlppError("ASX1001", f"Syntax error: {message}", location)


def unsupported(location: Location, what: str) -> SqlppError:
    """What the language has and this server has not."""
    return SqlppError("ASX1079", f"Compilation error: {what} is not supported.", location)


class Cursor:
    """A place among the tokens of a text; the layers above it read on from there."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = Lexer(text).run()
        self._last = len(self._tokens) - 1
        self._place = 0
        self._depth = 0
        self.token = self._tokens[0]
        self.used: str | None = None

    def expression(self) -> Expression:
        """Any expression."""
        raise NotImplementedError

    def select(self) -> Select:
        """A query without parentheses around it."""
        raise NotImplementedError

    @property
    def position(self) -> Location:
        """Where the current token stands."""
        return self.token.location

    def advance(self) -> Token:
        """The current token, and go on to the next."""
        token = self.token
        if token.kind == lexer.ERROR:
            raise syntax_error(None, token.text)
        self._place = min(self._place + 1, self._last)
        self.token = self._tokens[self._place]
        return token

    def go_to(self, place: int) -> None:
        """Go on from the token at a place."""
        self._place = place
        self.token = self._tokens[place]

    def ahead(self, distance: int = 1) -> Token:
        """A token further on."""
        return self._tokens[min(self._place + distance, self._last)]

    def at(self, *kinds: str) -> bool:
        """Whether the current token is one of these."""
        return self.token.kind in kinds

    def at_word(self, word: str, distance: int = 0) -> bool:
        """Whether a token is an identifier spelt so: a word that is reserved only in one place."""
        token = self.ahead(distance) if distance else self.token
        return token.kind == lexer.IDENTIFIER and token.text.lower() == word

    def accept(self, kind: str) -> Token | None:
        """The current token if it is that, and go on."""
        return self.advance() if self.token.kind == kind else None

    def accept_word(self, word: str) -> Token | None:
        """The current token if it is an identifier spelt so, and go on."""
        return self.advance() if self.at_word(word) else None

    def expect(self, kind: str) -> Token:
        """The current token, which must be that."""
        if self.token.kind != kind:
            raise self.unexpected()
        return self.advance()

    def expect_word(self, word: str) -> Token:
        """The current token, which must be an identifier spelt so."""
        if self.at_word(word):
            return self.advance()
        if self.token.kind == lexer.IDENTIFIER:
            raise syntax_error(self.position, f"Unexpected token: {self.token.text}")
        raise self.unexpected()

    def at_identifier(self) -> bool:
        """Whether a name can be read here."""
        return self.token.kind in (lexer.IDENTIFIER, lexer.QUOTED)

    def identifier(self) -> str:
        """A name, in backticks or not."""
        if not self.at_identifier():
            raise self.unexpected()
        token = self.advance()
        return token.text if token.kind == lexer.IDENTIFIER else lexer.unquoted(token.text)

    def multipart(self) -> list[str]:
        """Names joined by dots."""
        names = [self.identifier()]
        while self.accept("."):
            names.append(self.identifier())
        return names

    def qualified(self) -> tuple[str | None, str]:
        """A dataverse, if one is written, and a name in it."""
        *dataverse, name = self.multipart()
        return dotted(dataverse), name

    def enter(self) -> None:
        """Go one level down; a statement nested without end ends here, with a reason."""
        if self._depth >= MAX_DEPTH:
            raise syntax_error(self.position, "the statement is nested too deeply")
        self._depth += 1

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """One level down for a while."""
        self.enter()
        yield
        self._depth -= 1

    def unexpected(self) -> SqlppError:
        """The error for the current token, in the original's words."""
        token = self.token
        if token.kind == lexer.ERROR:
            return syntax_error(None, token.text)
        line, column = token.location
        source = lexer.completed(self.text).split("\n")[line - 1]
        shown = f'"{lexer.escaped(token.text)}"' if token.text else lexer.END
        named = f"{token.kind} " if token.kind in _NAMED else ""
        return syntax_error(
            None, f"In line {line} >>{source}<< Encountered {named}{shown} at column {column}. "
        )


def dotted(parts: list[str]) -> str | None:
    """A dataverse's name from its parts."""
    return ".".join(parts) or None
