"""The dataverse `Metadata`: what the scope holds, as datasets to be queried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from sandbox.sqlpp.resolve.catalog import DEFAULT_DATAVERSE
from sandbox.tables.definitions import DEFAULT_DATABASE

if TYPE_CHECKING:
    from sandbox.statements.sqlpp.request import Request

METADATA: Final = "metadata"

Rows = Iterator[dict[str, Any]]


def metadata_rows(request: Request, name: str) -> list[dict[str, Any]] | None:
    """The objects of one dataset of `Metadata`; None if it has none of that name."""
    rows = _DATASETS.get(name.lower())
    if rows is None:
        return None
    request.run.join()
    return list(rows(request))


def _dataverses(request: Request) -> Rows:
    for database in request.scope.tables.catalog.databases():
        yield {"DataverseName": _shown(request, database)}


def _datasets(request: Request) -> Rows:
    store, known = request.scope.store, request.scope.metadata
    for definition in request.scope.tables.definitions():
        declared = store.declaration(definition)
        row: dict[str, Any] = {
            "DataverseName": _shown(request, definition.database),
            "DatasetName": definition.name if declared is None else declared.name,
            "DatasetType": "VIEW" if definition.is_view else "INTERNAL",
        }
        kind = known.dataverse(definition.database).dataset_types.get(row["DatasetName"])
        if kind is not None:
            row["DatatypeName"] = kind
        if declared is not None:
            row |= {"InternalDetails": {"PrimaryKey": declared.keys}}
        yield row
    for database, found in known.all().items():
        for name in found.views:
            shown = _shown(request, database)
            yield {"DataverseName": shown, "DatasetName": name, "DatasetType": "VIEW"}


def _types(request: Request) -> Rows:
    for database, found in request.scope.metadata.all().items():
        for name in found.types:
            yield {"DataverseName": _shown(request, database), "DatatypeName": name}


def _functions(request: Request) -> Rows:
    for database, found in request.scope.metadata.all().items():
        for function in found.functions.values():
            yield {
                "DataverseName": _shown(request, database),
                "Name": function.name,
                "Arity": str(len(function.parameters)),
                "Params": function.parameters,
                "Definition": function.body,
                "Language": "SQLPP",
            }


def _indexes(request: Request) -> Rows:
    for database, found in request.scope.metadata.all().items():
        for dataset, names in found.indexes.items():
            for name in names:
                shown = _shown(request, database)
                yield {"DataverseName": shown, "DatasetName": dataset, "IndexName": name}


def _shown(request: Request, database: str) -> str:
    """The dataverse's name as it was written, where that is known."""
    if database == DEFAULT_DATABASE:
        return DEFAULT_DATAVERSE
    return request.scope.metadata.dataverse(database).name


_DATASETS: Final[dict[str, Callable[[Request], Rows]]] = {
    "dataverse": _dataverses,
    "dataset": _datasets,
    "datatype": _types,
    "function": _functions,
    "index": _indexes,
}
