"""What functions and views need, so that nothing is dropped under them."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.sqlpp.errors import SqlppError
from sandbox.sqlpp.interpret.evaluate import resolve
from sandbox.sqlpp.tree.expressions import Call, DatasetScan, Literal
from sandbox.sqlpp.tree.nodes import Expression
from sandbox.sqlpp.tree.statements import (
    ANY_NUMBER,
    DropDataset,
    DropDataverse,
    DropFunction,
    Function,
    Query,
)
from sandbox.sqlpp.tree.walk import walk
from sandbox.statements.sqlpp.request import Request
from sandbox.statements.sqlpp.stored import WithFunction, function_key, signature

Used = list[tuple[str, str]]


def used_by_function(request: Request, function: Function) -> Used:
    """The datasets that a function reads; raises what is wrong with it before anybody calls it."""
    count = 0 if function.parameters == (ANY_NUMBER,) else len(function.parameters)
    call = Call(
        function.position,
        function.name.lower(),
        (Literal(function.position, None),) * count,
        dataverse=function.dataverse,
        spelled=function.name,
    )
    known = WithFunction(function, request.functions)
    return _used(request, Query(function.position, call), known)


def used_by_query(request: Request, query: Query) -> Used:
    """The datasets that a query reads; raises what is wrong with it."""
    return _used(request, query, None)


def called_by(request: Request, body: Expression) -> Used:
    """The functions that are kept and that an expression calls."""
    known = request.scope.metadata
    found: set[tuple[str, str]] = set()
    for node in walk(body):
        if isinstance(node, Call):
            database = request.database(node.dataverse)
            key = function_key(node.spelled, len(node.arguments))
            if key in known.dataverse(database).functions:
                found.add((database, key))
    return sorted(found)


def refuse_used_function(request: Request, statement: DropFunction) -> None:
    """Raise SqlppError if another function or a view calls one that is to be dropped."""
    dataverse = statement.dataverse or request.dataverse
    key = request.database(dataverse), function_key(statement.name, statement.arity)
    for user in _users(request, [key]):
        code, name = "ASX1148", signature(dataverse, statement.name, statement.arity)
        message = f"Cannot drop function {name} being used by {user}"
        raise SqlppError(code, message)


def refuse_used_dataset(request: Request, statement: DropDataset) -> None:
    """Raise SqlppError if a function or view reads a dataset that is to be dropped."""
    dataverse = statement.dataverse or request.dataverse
    key = request.key(dataverse, statement.name)
    for user in _users(request, [key]):
        code = "ASX1148"
        message = f"Cannot drop dataset {dataverse}.{statement.name} being used by {user}"
        raise SqlppError(code, message)


def refuse_used_dataverse(request: Request, statement: DropDataverse) -> None:
    """Raise SqlppError if something outside reads a dataset of a dataverse."""
    database = request.database(statement.name)
    inside: set[tuple[str, str]] = set()
    for name, found in request.scope.metadata.all().items():
        if name != database:
            read = [f.uses for f in found.functions.values()]
            read += [v.uses for v in found.views.values()]
            inside |= {key for uses in read for key in uses if key[0] == database}
    for key in sorted(inside):
        for user in _users(request, [key], outside=database):
            code, dataset = "ASX1147", f"{statement.name}.{key[1]}"
            message = f"Cannot drop dataverse: dataset {dataset} being used by {user}"
            raise SqlppError(code, message)


def _used(request: Request, query: Query, functions: WithFunction | None) -> Used:
    environment = request.environment()
    if functions is not None:
        environment.functions = functions
    resolved = resolve(query, environment)
    scans = (node for node in walk(resolved.body) if isinstance(node, DatasetScan))
    return sorted({request.key(scan.dataverse, scan.name) for scan in scans})


def _users(request: Request, keys: Used, outside: str | None = None) -> Iterator[str]:
    for database, found in request.scope.metadata.all().items():
        if database == outside:
            continue
        for name, function in found.functions.items():
            if any(key in (*function.uses, *function.calls) for key in keys):
                plain, _, arity = name.partition("/")
                yield f"function {signature(found.name, plain, arity)}"
        for name, view in found.views.items():
            if any(key in (*view.uses, *view.calls) for key in keys):
                yield f"view {found.name}.{name}"
