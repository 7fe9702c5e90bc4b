"""Functions and views that stay: kept as text, read again by whoever uses them."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.sqlpp.program import compile_program
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.statements import ANY_NUMBER, DeclareFunction, Function, Query
from sandbox.statements.datasets.metadata import Metadata, StoredFunction

Database = Callable[[str | None], str]


class StoredFunctions:
    """The functions of CREATE FUNCTION."""

    def __init__(self, metadata: Metadata, database: Database) -> None:
        self._metadata = metadata
        self._database = database

    def find(self, dataverse: str | None, name: str, arity: int) -> Function | None:
        """The function; None as the dataverse means the request's default one."""
        known = self._metadata.dataverse(self._database(dataverse)).functions
        found = known.get(function_key(name, arity)) or known.get(function_key(name, ANY_NUMBER))
        return None if found is None else _function(found)


class StoredViews:
    """The views of CREATE VIEW."""

    def __init__(self, metadata: Metadata, database: Database) -> None:
        self._metadata = metadata
        self._database = database

    def find(self, dataverse: str | None, name: str) -> Expression | None:
        """The query that a view stands for."""
        text = self._metadata.dataverse(self._database(dataverse)).views.get(name)
        return None if text is None else _query(text)


def function_key(name: str, arity: int | str) -> str:
    """What tells functions of one name apart."""
    return f"{name}/{arity}"


def arity_of(function: Function) -> int | str:
    """How many arguments a function takes; ANY_NUMBER may be all that is known."""
    is_variadic = function.parameters == (ANY_NUMBER,)
    return ANY_NUMBER if is_variadic else len(function.parameters)


def _function(stored: StoredFunction) -> Function:
    names = ", ".join(n if n == ANY_NUMBER else f"`{n}`" for n in stored.parameters)
    text = f"DECLARE FUNCTION `{stored.name}`({names}) {{ {stored.body} }};"
    (statement,) = compile_program(text).statements
    assert isinstance(statement, DeclareFunction)  # noqa: S101
    return statement.function


def _query(text: str) -> Expression:
    (statement,) = compile_program(f"{text};").statements
    assert isinstance(statement, Query)  # noqa: S101
    return statement.body
