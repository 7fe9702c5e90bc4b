"""Running a statement's query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import SqlppError, runtime_error
from sandbox.sqlpp.interpret import calls, collections, logic, queries, scalars
from sandbox.sqlpp.interpret.compiler import Compiler, Frame, Rows, Rule
from sandbox.sqlpp.parser.cursor import syntax_error
from sandbox.sqlpp.resolve.catalog import (
    DEFAULT_DATAVERSE,
    Catalog,
    DeclaredFunctions,
    Functions,
    Views,
)
from sandbox.sqlpp.resolve.scopes import Scope
from sandbox.sqlpp.resolve.selects import Resolver
from sandbox.sqlpp.source import Datasets, NoDatasets
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.queries import Select
from sandbox.sqlpp.tree.statements import Query
from sandbox.sqlpp.values import MISSING, Value

RULES: Mapping[type, Rule] = {
    **scalars.RULES,
    **logic.RULES,
    **collections.RULES,
    **calls.RULES,
    **queries.RULES,
}


@dataclass(slots=True)
class Environment:
    """What a statement runs in."""

    datasets: Datasets = field(default_factory=NoDatasets)
    parameters: Mapping[str, Value] = field(default_factory=dict)
    context: Context = field(default_factory=Context)
    default_dataverse: str = DEFAULT_DATAVERSE
    functions: Functions = field(default_factory=DeclaredFunctions)
    views: Views | None = None
    sql_compat: bool = False

    @property
    def catalog(self) -> Catalog:
        """The part of it that names are looked up in."""
        return Catalog(
            self.datasets,
            self.functions,
            self.views,
            self.parameters,
            self.default_dataverse,
            self.sql_compat,
        )


@dataclass(frozen=True, slots=True)
class Resolved:
    """A query whose names are looked up, and how many variables it has."""

    body: Expression
    slots: int


def resolve(query: Query, environment: Environment) -> Resolved:
    """Look up all names of a query, or say which one means nothing."""
    resolver = Resolver(environment.catalog, query)
    try:
        body = resolver.source(query.body, Scope())
    except RecursionError:
        raise _too_deep() from None
    return Resolved(body, resolver.slots)


def evaluate(query: Query, environment: Environment) -> Iterator[Value]:
    """The rows of a query; what is wrong with its text is raised at once."""
    return evaluate_resolved(resolve(query, environment), environment)


def evaluate_resolved(resolved: Resolved, environment: Environment) -> Iterator[Value]:
    """The same of a query whose names are looked up."""
    return _run(prepare(resolved, environment), resolved.slots)


def compiler(environment: Environment) -> Compiler:
    """What makes closures of resolved expressions, each over a frame of the query's slots."""
    return Compiler(RULES, environment.context, environment.datasets, environment.parameters)


def prepare(resolved: Resolved, environment: Environment) -> Rows:
    """The closure that gives the rows of a resolved query."""
    closures = compiler(environment)
    try:
        if isinstance(resolved.body, Select):
            return queries.rows(closures, resolved.body)
        value = closures.expression(resolved.body)
    except RecursionError:
        raise _too_deep() from None
    return lambda frame: iter((value(frame),))


def _run(rows: Rows, slots: int) -> Iterator[Value]:
    frame: Frame = [MISSING] * slots
    try:
        for row in rows(frame):
            yield None if row is MISSING else row
    except RecursionError:
        code, message = (
            "ASX1079",
            "Compilation error: the statement or a value is nested too deeply",
        )
        raise runtime_error(code, message) from None


def _too_deep() -> SqlppError:
    return syntax_error(None, "the statement is nested too deeply")
