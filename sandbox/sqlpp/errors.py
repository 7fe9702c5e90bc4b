"""What can be wrong with a statement, in the original's codes and words.

SqlppError
├── .code     "ASX1077"; the text begins with it
├── .location where in the request's text, counted from 1
└── .kind     "compile" (HTTP 400) · "parameter" (400) · "runtime" (500)
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["compile", "parameter", "runtime"]


class Location(NamedTuple):
    """A place in the request's text, counted from 1."""

    line: int
    column: int


class SqlppError(Exception):
    """A statement that cannot be compiled or run, with the place that is to blame."""

    def __init__(
        self, code: str, message: str, location: Location | None = None, kind: Kind = "compile"
    ) -> None:
        super().__init__(code, message, location, kind)
        self.code = code
        self.message = message
        self.location = location
        self.kind: Kind = kind

    @property
    def text(self) -> str:
        """What the caller reads: code, words, place."""
        return described(self.code, self.message, self.location)

    def __str__(self) -> str:
        """Print as the caller reads it."""
        return self.text

    def at(self, location: Location) -> SqlppError:
        """The same error with a place, unless it has one."""
        if self.location is not None:
            return self
        return SqlppError(self.code, self.message, location, self.kind)


def described(code: str, message: str, location: Location | None) -> str:
    """Code, words and place as one line."""
    where = f" (in line {location.line}, at column {location.column})" if location else ""
    return f"{code}: {message}{where}"


def compile_error(location: Location | None, code: str, message: str) -> SqlppError:
    """An error of the text, found before anything runs."""
    return SqlppError(code, message, location)


def data_error(location: Location | None, code: str, message: str) -> SqlppError:
    """An error of the data, with the place of the expression that met it."""
    return SqlppError(code, message, location, "runtime")


def runtime_error(code: str, message: str, location: Location | None = None) -> SqlppError:
    """An error of the data, met while the statement runs."""
    return SqlppError(code, message, location, "runtime")
