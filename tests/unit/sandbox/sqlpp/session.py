"""Requests run by the interpreter over dataverses in memory, answered as the original replies."""

from __future__ import annotations

from functools import singledispatchmethod
from typing import Any

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import SqlppError
from sandbox.sqlpp.interpret.evaluate import Environment, evaluate
from sandbox.sqlpp.printing import printer
from sandbox.sqlpp.program import Options, compile_program
from sandbox.sqlpp.resolve.catalog import DEFAULT_DATAVERSE, DeclaredFunctions
from sandbox.sqlpp.tree.expressions import Field, Literal, Name, Variable
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.queries import Block, FromTerm, Select, SelectClause
from sandbox.sqlpp.tree.statements import (
    CreateDataset,
    CreateDataverse,
    CreateFunction,
    CreateIndex,
    CreateType,
    DeclareFunction,
    Delete,
    DropDataset,
    DropDataverse,
    DropFunction,
    DropIndex,
    DropType,
    Insert,
    Query,
    Set,
    Statement,
    Upsert,
    Use,
)
from tests.oracle.cases import Answer
from tests.unit.sandbox.sqlpp.memory import Catalog, Stored, Table, Visible

MAX_WARNINGS = 100


class Session:
    """One request: its statements in order, up to the first that fails."""

    def __init__(self, catalog: Catalog, parameters: dict[str, Any]) -> None:
        self._catalog = catalog
        self._dataverse = DEFAULT_DATAVERSE
        self._parameters = _values(parameters)
        self._options = Options(
            readonly=parameters.get("readonly", False),
            multi_statement=parameters.get("multi-statement", True),
        )
        self._declared = DeclaredFunctions()
        self._results: list[tuple[str, ...]] = []
        self._warnings: list[str] = []
        self._start_in(parameters.get("dataverse", DEFAULT_DATAVERSE))

    def answer(self, text: str) -> Answer:
        """What it comes to."""
        problem = None
        try:
            for statement in compile_program(text, self._options).statements:
                self._run(statement)
        except SqlppError as error:
            problem = error.text
        return Answer(tuple(self._results), problem, tuple(self._warnings))

    def _start_in(self, dataverse: str) -> None:
        if dataverse in self._catalog.dataverses:
            self._dataverse = dataverse
        else:
            self._warnings.append(f"ASX1063: Cannot find dataverse with name {dataverse}")

    @singledispatchmethod
    def _run(self, statement: Statement) -> None:
        raise AssertionError(statement)

    @_run.register(Set)
    @_run.register(CreateIndex)
    @_run.register(DropIndex)
    def _nothing(self, _: Statement) -> None:
        """What changes no answer."""

    @_run.register
    def _query(self, query: Query) -> None:
        self._results.append(tuple(map(printer("adm", False), self._rows(query))))

    @_run.register
    def _use(self, use: Use) -> None:
        self._catalog.dataverse(use.dataverse, use.position)
        self._dataverse = use.dataverse

    @_run.register
    def _declare(self, declared: DeclareFunction) -> None:
        self._declared.add(declared.function)

    @_run.register
    def _create_dataverse(self, made: CreateDataverse) -> None:
        self._catalog.create_dataverse(made)

    @_run.register
    def _drop_dataverse(self, dropped: DropDataverse) -> None:
        self._catalog.drop_dataverse(dropped)

    @_run.register
    def _create_type(self, made: CreateType) -> None:
        self._catalog.create_type(made.dataverse or self._dataverse, made)

    @_run.register
    def _drop_type(self, dropped: DropType) -> None:
        self._catalog.drop_type(dropped.dataverse or self._dataverse, dropped)

    @_run.register
    def _create_dataset(self, made: CreateDataset) -> None:
        self._catalog.create_dataset(made.dataverse or self._dataverse, made)

    @_run.register
    def _drop_dataset(self, dropped: DropDataset) -> None:
        self._catalog.drop_dataset(dropped.dataverse or self._dataverse, dropped)

    @_run.register
    def _create_function(self, made: CreateFunction) -> None:
        self._catalog.create_function(made.function.dataverse or self._dataverse, made)

    @_run.register
    def _drop_function(self, dropped: DropFunction) -> None:
        self._catalog.drop_function(dropped.dataverse or self._dataverse, dropped)

    @_run.register
    def _insert(self, insert: Insert) -> None:
        table = self._table(insert, insert.query.position)
        rows = self._rows(Query(insert.position, insert.query))
        objects = rows[0] if len(rows) == 1 and isinstance(rows[0], list) else rows
        (table.upsert if isinstance(insert, Upsert) else table.insert)(objects)
        if insert.returning is not None and insert.variable is not None:
            source = Literal(insert.position, objects)
            self._query(_select(insert.returning, source, insert.variable))

    @_run.register
    def _delete(self, delete: Delete) -> None:
        table = self._table(delete, delete.position)
        source: Expression = Name(delete.position, delete.dataset)
        if delete.dataverse is not None:
            source = Field(delete.position, Name(delete.position, delete.dataverse), delete.dataset)
        whole = Name(delete.position, delete.variable.name)
        query = _select(whole, source, delete.variable, delete.condition)
        table.delete(self._rows(query))

    def _table(self, change: Insert | Delete, at: Any) -> Table:
        return self._catalog.table(change.dataverse or self._dataverse, change.dataset, at)

    def _rows(self, query: Query) -> list[Any]:
        context = Context(max_warnings=MAX_WARNINGS)
        self._declared.stored = Stored(self._catalog, self._dataverse)
        environment = Environment(
            datasets=Visible(self._catalog, self._dataverse),
            parameters=self._parameters,
            context=context,
            default_dataverse=self._dataverse,
            functions=self._declared,
        )
        try:
            return list(evaluate(query, environment))
        finally:
            self._warnings += [warning.text for warning in context.warnings]


def _select(
    element: Expression,
    source: Expression,
    variable: Variable,
    condition: Expression | None = None,
) -> Query:
    at = element.position
    block = Block(
        at,
        SelectClause(at, element, ()),
        terms=(FromTerm(at, source, variable, None),),
        where=condition,
    )
    return Query(at, Select(at, (), block))


def _values(parameters: dict[str, Any]) -> dict[str, Any]:
    named = {name[1:]: value for name, value in parameters.items() if name.startswith("$")}
    numbered = enumerate(parameters.get("args", ()), 1)
    return named | {str(number): value for number, value in numbered}
