"""DDL: what statements make and drop, in the original's words where they cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sandbox.query.columns import quoted
from sandbox.sqlpp.errors import Location, SqlppError
from sandbox.sqlpp.resolve.catalog import DEFAULT_DATAVERSE
from sandbox.sqlpp.tree import statements as tree
from sandbox.statements.datasets.metadata import Dataverse, StoredFunction, StoredView
from sandbox.statements.sqlpp.dataset_definitions import create_dataset, drop_dataset, table_named
from sandbox.statements.sqlpp.declaring import item_type, no_type
from sandbox.statements.sqlpp.dependencies import (
    called_by,
    refuse_used_dataverse,
    refuse_used_function,
    used_by_function,
    used_by_query,
)
from sandbox.statements.sqlpp.request import Request, no_dataset, no_dataverse
from sandbox.statements.sqlpp.stored import arity_of, function_key, signature

Definition = Callable[[Request, Any], None]


def create_dataverse(request: Request, statement: tree.CreateDataverse) -> None:
    """A dataverse is a database of Spark's."""
    if request.has_dataverse(statement.name):
        if statement.if_not_exists:
            return
        code, name = "ASX1071", statement.name
        message = f"A dataverse with this name {name} already exists."
        raise SqlppError(code, message, statement.position)
    if not statement.name.isidentifier():
        raise _refused(statement.position, f"{statement.name!r} cannot be the name of a dataverse")
    request.scope.tables.catalog.add_database(statement.name)
    request.scope.tables.sync()
    request.scope.metadata.change(statement.name.lower(), statement.name, lambda _: None)


def drop_dataverse(request: Request, statement: tree.DropDataverse) -> None:
    """And all that is in it."""
    if statement.name in (DEFAULT_DATAVERSE, "Metadata"):
        raise _refused(statement.position, f"{statement.name} dataverse can't be dropped")
    if not request.has_dataverse(statement.name):
        if statement.if_exists:
            return
        raise no_dataverse(statement.name, statement.position)
    database = request.database(statement.name)
    refuse_used_dataverse(request, statement)
    request.scope.runtime.spark.sql(f"DROP DATABASE {quoted(database)} CASCADE")
    request.scope.tables.sync()
    request.scope.metadata.forget(database)
    if request.dataverse == statement.name:
        request.dataverse = DEFAULT_DATAVERSE


def create_type(request: Request, statement: tree.CreateType) -> None:
    """A type by name."""
    made = item_type(request, statement.definition, statement.dataverse)

    def edit(found: Dataverse) -> None:
        if statement.name not in found.types:
            found.types[statement.name] = made
        elif not statement.if_not_exists:
            code = "ASX1085"
            message = f"A datatype with this name {statement.name} already exists"
            raise SqlppError(code, message, statement.position)

    _change(request, statement, edit)


def drop_type(request: Request, statement: tree.DropType) -> None:
    """Datasets that were made with it stay as they are, but it must not be one's own type."""

    def edit(found: Dataverse) -> None:
        if statement.name not in found.types:
            if statement.if_exists:
                return
            raise no_type(statement.name, statement.position)
        for dataset, name in found.dataset_types.items():
            if name == statement.name:
                raise _in_use(request, statement, dataset)
        del found.types[statement.name]

    _change(request, statement, edit)


def create_function(request: Request, statement: tree.CreateFunction) -> None:
    """A function that every later request knows."""
    function = statement.function
    dataverse = function.dataverse or request.dataverse
    request.existing(dataverse, statement.position)
    key = function_key(function.name, arity_of(function))
    stored = StoredFunction(
        function.name,
        list(function.parameters),
        function.body_text,
        uses=used_by_function(request, function),
        calls=called_by(request, function.body),
    )

    def edit(found: Dataverse) -> None:
        if key in found.functions and not statement.or_replace:
            if statement.if_not_exists:
                return
            code = "ASX1123"
            message = f"A function with this name {dataverse}.{function.name} already exists"
            raise SqlppError(code, message, statement.position)
        found.functions[key] = stored

    _change(request, statement, edit, dataverse)


def drop_function(request: Request, statement: tree.DropFunction) -> None:
    """A function less."""
    refuse_used_function(request, statement)

    def edit(found: Dataverse) -> None:
        if found.functions.pop(function_key(statement.name, statement.arity), None) is None:
            if statement.if_exists:
                return
            code, dataverse = "ASX1081", statement.dataverse or request.dataverse
            named = signature(dataverse, statement.name, statement.arity)
            message = f"Cannot find function with signature {named}"
            raise SqlppError(code, message, statement.position)

    _change(request, statement, edit)


def create_view(request: Request, statement: tree.CreateView) -> None:
    """A query by name."""
    dataverse = statement.dataverse or request.dataverse
    if table_named(request, statement.dataverse, statement.name) is not None:
        code = "ASX1072"
        message = f"A dataset with name {statement.name} already exists in dataverse {dataverse}"
        raise SqlppError(code, message, statement.position)

    uses = used_by_query(request, tree.Query(statement.position, statement.body))
    calls = called_by(request, statement.body)

    def edit(found: Dataverse) -> None:
        if statement.name in found.views and not statement.or_replace:
            if statement.if_not_exists:
                return
            code = "ASX1160"
            message = f"A view with this name {dataverse}.{statement.name} already exists"
            raise SqlppError(code, message, statement.position)
        found.views[statement.name] = StoredView(statement.body_text, uses, calls)

    _change(request, statement, edit)


def drop_view(request: Request, statement: tree.DropView) -> None:
    """A view less."""

    def edit(found: Dataverse) -> None:
        if found.views.pop(statement.name, None) is None and not statement.if_exists:
            code, dataverse = "ASX1159", statement.dataverse or request.dataverse
            message = f"Cannot find view with name {dataverse}.{statement.name}"
            raise SqlppError(code, message, statement.position)

    _change(request, statement, edit)


def create_index(request: Request, statement: tree.CreateIndex) -> None:
    """A name: no answer depends on an index."""
    _need_dataset(request, statement)

    def edit(found: Dataverse) -> None:
        names = found.indexes.setdefault(statement.dataset.lower(), [])
        if statement.name not in names:
            names.append(statement.name)
        elif not statement.if_not_exists:
            code, message = "ASX1084", f"An index with this name {statement.name} already exists"
            raise SqlppError(code, message, statement.position)

    _change(request, statement, edit)


def drop_index(request: Request, statement: tree.DropIndex) -> None:
    """A name less."""
    _need_dataset(request, statement)

    def edit(found: Dataverse) -> None:
        names = found.indexes.setdefault(statement.dataset.lower(), [])
        if statement.name in names:
            names.remove(statement.name)
        elif not statement.if_exists:
            code, message = "ASX1083", f"Cannot find index with name {statement.name}"
            raise SqlppError(code, message, statement.position)

    _change(request, statement, edit)


DEFINITIONS: Final[dict[type, Definition]] = {
    tree.CreateDataverse: create_dataverse,
    tree.DropDataverse: drop_dataverse,
    tree.CreateType: create_type,
    tree.DropType: drop_type,
    tree.CreateDataset: create_dataset,
    tree.DropDataset: drop_dataset,
    tree.CreateFunction: create_function,
    tree.DropFunction: drop_function,
    tree.CreateView: create_view,
    tree.DropView: drop_view,
    tree.CreateIndex: create_index,
    tree.DropIndex: drop_index,
}


def _change(
    request: Request,
    statement: Any,
    edit: Callable[[Dataverse], None],
    dataverse: str | None = None,
) -> None:
    name = dataverse or getattr(statement, "dataverse", None) or request.dataverse
    database = request.existing(name, statement.position)
    request.scope.metadata.change(database, name, edit)


def _need_dataset(request: Request, statement: tree.CreateIndex | tree.DropIndex) -> None:
    request.existing(statement.dataverse, statement.position)
    if table_named(request, statement.dataverse, statement.dataset) is None:
        dataverse = statement.dataverse or request.dataverse
        raise no_dataset(statement.dataset, dataverse, statement.position)


def _in_use(request: Request, statement: tree.DropType, dataset: str) -> SqlppError:
    dataverse, code = statement.dataverse or request.dataverse, "ASX1148"
    name = f"{dataverse}.{statement.name}"
    message = f"Cannot drop type {name} being used by dataset {dataverse}.{dataset}"
    return SqlppError(code, message)


def _refused(position: Location, words: str) -> SqlppError:
    code, message = "ASX1079", f"Compilation error: {words}"
    return SqlppError(code, message, position)
