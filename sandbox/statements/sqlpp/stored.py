"""Functions and views that stay: kept as text, read again by whoever uses them."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.sqlpp.program import compile_program
from sandbox.sqlpp.resolve.catalog import Functions
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.statements import ANY_NUMBER, DeclareFunction, Function, Query
from sandbox.statements.datasets.metadata import Metadata, StoredFunction

Database = Callable[[str | None], str]


class StoredFunctions:
    """The functions of CREATE FUNCTION."""

    def __init__(self, metadata: Metadata, database: Database) -> None:
        self._metadata = metadata
        self._database = database
        # One function is one object, by which a recursion is recognised.
        self._read: dict[tuple[str, str], tuple[StoredFunction, Function]] = {}

    def find(self, dataverse: str | None, name: str, arity: int) -> Function | None:
        """The function; None as the dataverse means the request's default one."""
        database = self._database(dataverse)
        known = self._metadata.dataverse(database).functions
        for key in (function_key(name, arity), function_key(name, ANY_NUMBER)):
            if key in known:
                return self._function(database, key, known[key])
        return None

    def _function(self, database: str, key: str, stored: StoredFunction) -> Function:
        found = self._read.get((database, key))
        if found is None or found[0] != stored:
            found = self._read[database, key] = stored, _function(stored)
        return found[1]


class WithFunction:
    """Functions, and one that is only about to be made."""

    def __init__(self, function: Function, others: Functions) -> None:
        self._function = function
        self._others = others

    def find(self, dataverse: str | None, name: str, arity: int) -> Function | None:
        """The function about to be made, or any other."""
        made = self._function
        if (dataverse, name) == (made.dataverse, made.name) and arity_of(made) in (
            arity,
            ANY_NUMBER,
        ):
            return made
        return self._others.find(dataverse, name, arity)


class StoredViews:
    """The views of CREATE VIEW."""

    def __init__(self, metadata: Metadata, database: Database) -> None:
        self._metadata = metadata
        self._database = database

    def find(self, dataverse: str | None, name: str) -> Expression | None:
        """The query that a view stands for."""
        found = self._metadata.dataverse(self._database(dataverse)).views.get(name)
        return None if found is None else _query(found.body)


def function_key(name: str, arity: int | str) -> str:
    """What tells functions of one name apart."""
    return f"{name}/{arity}"


def signature(dataverse: str, name: str, arity: int | str) -> str:
    """A function as messages name it: with its arity, if that is not 0."""
    return f"{dataverse}.{name}({'' if str(arity) == '0' else arity})"


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
