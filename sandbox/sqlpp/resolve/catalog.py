"""What a statement's names may mean outside of its own text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sandbox.sqlpp.source import Datasets, NoDatasets
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.statements import ANY_NUMBER, Function
from sandbox.sqlpp.values import Value

DEFAULT_DATAVERSE = "Default"


class Functions(Protocol):
    """The functions that users made."""

    def find(self, dataverse: str | None, name: str, arity: int) -> Function | None:
        """The function; None as the dataverse means the statement's default one."""


class Views(Protocol):
    """The views that users made."""

    def find(self, dataverse: str | None, name: str) -> Expression | None:
        """The query a view stands for."""


@dataclass(slots=True)
class DeclaredFunctions:
    """The functions of DECLARE FUNCTION, before those that `stored` knows."""

    stored: Functions | None = None
    _declared: dict[tuple[str, int], Function] = field(default_factory=dict)
    _variadic: dict[str, Function] = field(default_factory=dict)

    def add(self, function: Function) -> None:
        """Make a function known to the statements that follow."""
        if function.parameters == (ANY_NUMBER,):
            self._variadic[function.name] = function
        else:
            self._declared[function.name, len(function.parameters)] = function

    def find(self, dataverse: str | None, name: str, arity: int) -> Function | None:
        """The function, declared or stored."""
        found = None
        if dataverse is None:
            found = self._declared.get((name, arity)) or self._variadic.get(name)
        if found is None and self.stored is not None:
            return self.stored.find(dataverse, name, arity)
        return found


@dataclass(frozen=True, slots=True)
class Catalog:
    """Datasets, functions and parameters as a statement sees them."""

    datasets: Datasets = field(default_factory=NoDatasets)
    functions: Functions = field(default_factory=DeclaredFunctions)
    views: Views | None = None
    parameters: Mapping[str, Value] = field(default_factory=dict)
    dataverse: str = DEFAULT_DATAVERSE
    sql_compat: bool = False
    """Whether `*` means the fields of what is selected from, as in SQL."""
