"""DML: objects that statements add, replace and remove, and what they return of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from sandbox.sqlpp.errors import Location, SqlppError
from sandbox.sqlpp.interpret.evaluate import evaluate
from sandbox.sqlpp.tree.expressions import Field, Name, Variable
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.queries import Block, FromTerm, Select, SelectClause
from sandbox.sqlpp.tree.statements import Delete, Insert, Load, Query, Upsert
from sandbox.sqlpp.values import Value, is_collection, type_name
from sandbox.statements.datasets.declaration import Declaration
from sandbox.statements.sqlpp.loading import loaded
from sandbox.statements.sqlpp.request import Request, no_dataset

_CHANGED: Final = "objects of the statement"
"""A name that no query can write without quotes."""


def insert(request: Request, statement: Insert) -> Query | None:
    """Add or replace objects; the query over them that is to be returned, if there is one."""
    declared(request, statement.dataverse, statement.dataset, statement.query.position)
    query = Query(statement.query.position, statement.query)
    values = objects(evaluate(query, request.environment()), statement.position)
    key = request.key(statement.dataverse, statement.dataset)
    store, check = request.scope.store, request.run.work.check
    if isinstance(statement, Upsert):
        rows = store.upsert(key, values, check)
    else:
        rows = store.insert(key, values, check, keep=statement.returning is not None)
    if statement.returning is None:
        return None
    variable = statement.variable or Variable(statement.position, statement.dataset)
    request.changed[_CHANGED] = rows
    return _over(_CHANGED, variable, statement.returning, None)


def delete(request: Request, statement: Delete) -> None:
    """Remove the objects for which the condition holds."""
    found = declared(request, statement.dataverse, statement.dataset, statement.position)
    name = Name(statement.position, statement.dataset)
    source = _source(statement.dataverse, name)
    query = _select(source, statement.variable, statement.variable, statement.condition)
    rows = evaluate(query, request.environment())
    keys = {found.key(row) for row in rows}
    key = request.key(statement.dataverse, statement.dataset)
    request.scope.store.delete(key, keys, request.run.work.check)


def load(request: Request, statement: Load) -> None:
    """Add the objects of files."""
    found = declared(request, statement.dataverse, statement.dataset, statement.position)
    key = request.key(statement.dataverse, statement.dataset)
    values = loaded(request, statement, found)
    request.scope.store.insert(key, values, request.run.work.check, keep=False)


def objects(values: Iterable[Value], position: Location) -> Iterator[dict[str, Any]]:
    """The objects that a query gives: its rows, or the items of the collection that it is."""
    for value in values:
        for item in value if is_collection(value) else [value]:
            if type(item) is not dict:
                raise _no_object(item, position)
            yield item


def declared(
    request: Request, dataverse: str | None, dataset: str, position: Location
) -> Declaration:
    """The declaration of a dataset that is to be changed; raises SqlppError."""
    request.run.join()
    store = request.scope.store
    definition = store.find(request.key(dataverse, dataset))
    found = None if definition is None else store.declaration(definition)
    if definition is None or (found is not None and found.name != dataset):
        raise no_dataset(dataset, dataverse or request.dataverse, position)
    if found is None:
        code = "ASX1079"
        message = f"Compilation error: {dataset} is a table of Spark's and has no primary key"
        raise SqlppError(code, message, position)
    return found


def _over(name: str, variable: Variable, element: Expression, where: Expression | None) -> Query:
    return _select(Name(element.position, name), variable, element, where)


def _source(dataverse: str | None, name: Name) -> Expression:
    if dataverse is None:
        return name
    return Field(name.position, Name(name.position, dataverse), name.name)


def _select(
    source: Expression, variable: Variable, element: Expression, where: Expression | None
) -> Query:
    """`SELECT VALUE element FROM source AS variable WHERE where`."""
    position = element.position
    if isinstance(element, Variable):
        element = Name(position, element.name)
    term = FromTerm(position, source, variable, None)
    clause = SelectClause(position, element, ())
    return Query(position, Select(position, (), Block(position, clause, (term,), where=where)))


def _no_object(item: Value, position: Location) -> SqlppError:
    code = "ASX1079"
    message = f"Compilation error: The input type {type_name(item)} is not a valid record type!"
    return SqlppError(code, message, position)
