"""The type of a table's objects: as declared, or what the table's columns say."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.query.columns import Field, SqlType, fields_of_json
from sandbox.statements.datasets.store import DatasetStore
from sandbox.statements.datasets.types import Collection, FieldSpec, ItemType, Record, Scalar
from sandbox.statements.spark_values import sqlpp_type
from sandbox.tables.definitions import Definition


def type_of_table(store: DatasetStore, definition: Definition) -> Record:
    """The declared type of a dataset, or the columns of another table."""
    declared = store.declaration(definition)
    return record_of(fields_of_json(definition.schema)) if declared is None else declared.type


def record_of(fields: Iterable[Field]) -> Record:
    """The type of rows with these columns."""
    specs = [FieldSpec(f.name, _item(f.type), optional=f.nullable) for f in fields]
    return Record(specs, is_open=False)


def _item(kind: SqlType) -> ItemType:
    name = sqlpp_type(kind)
    if isinstance(kind, str) or name not in ("array", "object"):
        return Scalar(name)
    if name == "array":
        return Collection("array", _item(kind["elementType"]))
    inner = kind.get("fields", [])
    return record_of(Field(each["name"], each["type"], each["nullable"]) for each in inner)
