"""Short ways to ask: a text in, values or the words of an error out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import SqlppError
from sandbox.sqlpp.program import Environment, compile_program, evaluate
from sandbox.sqlpp.resolve.catalog import DeclaredFunctions
from sandbox.sqlpp.tree.statements import DeclareFunction, Query


class Rows:
    """A dataset that counts how often it is read."""

    def __init__(self, name: str, objects: list[dict[str, Any]]) -> None:
        self.name = name
        self.objects = objects
        self.scans = 0

    def scan(self) -> Iterator[dict[str, Any]]:
        self.scans += 1
        return iter(self.objects)


class Known:
    """Datasets of the dataverse Default, by name."""

    def __init__(self, **datasets: list[dict[str, Any]]) -> None:
        self.datasets = {name: Rows(name, objects) for name, objects in datasets.items()}

    def find(self, dataverse: str | None, name: str) -> Rows | None:
        return self.datasets.get(name) if dataverse in (None, "Default") else None

    def has_dataverse(self, name: str) -> bool:
        return name == "Default"


def answer(
    text: str, known: Known | None = None, context: Context | None = None, **parameters: Any
) -> tuple[list[Any], Context]:
    """The rows of the last query of a text, and what the queries carried."""
    context, functions = context or Context(max_warnings=100), DeclaredFunctions()
    found: list[Any] = []
    for statement in compile_program(text).statements:
        if isinstance(statement, DeclareFunction):
            functions.add(statement.function)
        elif isinstance(statement, Query):
            environment = Environment(known or Known(), parameters, context, functions=functions)
            found = list(evaluate(statement, environment))
    return found, context


def rows(text: str, known: Known | None = None, **parameters: Any) -> list[Any]:
    """The rows of the last query of a text."""
    return answer(text, known, **parameters)[0]


def value(expression: str, **parameters: Any) -> Any:
    """What an expression comes to; MISSING stays what it is."""
    [found] = rows(f"SELECT VALUE [{expression}]", **parameters)
    return found[0]


def warnings(text: str, known: Known | None = None) -> list[str]:
    """The warnings of a text's queries."""
    return [warning.text for warning in answer(text, known)[1].warnings]


def problem(text: str, known: Known | None = None, **parameters: Any) -> str:
    """The words of the error that a text ends in."""
    with pytest.raises(SqlppError) as caught:
        answer(text, known, **parameters)
    return caught.value.text
