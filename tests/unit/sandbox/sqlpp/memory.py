"""Dataverses in memory: what a case needs of a server beside the interpreter.

It keeps objects by primary key and knows what exists; it enforces no types, which is the store's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sandbox.sqlpp.compare import group_key
from sandbox.sqlpp.errors import Location, SqlppError, runtime_error
from sandbox.sqlpp.tree.statements import (
    CreateDataset,
    CreateDataverse,
    CreateFunction,
    CreateType,
    DropDataset,
    DropDataverse,
    DropFunction,
    DropType,
    Function,
)

Object: TypeAlias = dict[str, Any]


class Table:
    """A dataset: objects by primary key."""

    def __init__(self, name: str, keys: tuple[tuple[str, ...], ...]) -> None:
        self.name = name
        self._keys = keys
        self._objects: dict[Any, Object] = {}

    def scan(self) -> Iterator[Object]:
        """All its objects as they are now."""
        yield from tuple(self._objects.values())

    def insert(self, objects: list[Object]) -> None:
        """Add objects; a key that is there is an error, and nothing is added."""
        fresh = {self._key(each): each for each in objects}
        if len(fresh) < len(objects) or fresh.keys() & self._objects.keys():
            code, message = "HYR0033", "Inserting duplicate keys into the primary storage"
            raise runtime_error(code, message)
        self._objects |= fresh

    def upsert(self, objects: list[Object]) -> None:
        """Add objects or replace those of the same key."""
        self._objects |= {self._key(each): each for each in objects}

    def delete(self, objects: list[Object]) -> None:
        """Remove the objects of these keys."""
        for each in objects:
            del self._objects[self._key(each)]

    def _key(self, item: Object) -> Any:
        return tuple(group_key(_at(item, path)) for path in self._keys)


def _at(item: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        item = item[name]
    return item


@dataclass
class Dataverse:
    """What one dataverse holds."""

    tables: dict[str, Table] = field(default_factory=dict)
    types: set[str] = field(default_factory=set)
    functions: dict[tuple[str, int], Function] = field(default_factory=dict)


class Catalog:
    """All dataverses."""

    def __init__(self) -> None:
        self.dataverses = {"Default": Dataverse()}

    def dataverse(self, name: str, at: Location) -> Dataverse:
        """The dataverse of that name."""
        if name not in self.dataverses:
            raise _unknown(at, "ASX1063", f"dataverse with name {name}")
        return self.dataverses[name]

    def table(self, dataverse: str, name: str, at: Location) -> Table:
        """The dataset of that name."""
        found = self.dataverses.get(dataverse, Dataverse()).tables.get(name)
        if found is None:
            raise _unknown(at, "ASX1050", f"dataset with name {name} in dataverse {dataverse}")
        return found

    def create_dataverse(self, made: CreateDataverse) -> None:
        """CREATE DATAVERSE."""
        if made.name not in self.dataverses:
            self.dataverses[made.name] = Dataverse()
        elif not made.if_not_exists:
            text = f"A dataverse with this name {made.name} already exists."
            raise _refusal(made.position, "ASX1071", text)

    def drop_dataverse(self, dropped: DropDataverse) -> None:
        """DROP DATAVERSE."""
        if self.dataverses.pop(dropped.name, None) is None and not dropped.if_exists:
            raise _unknown(dropped.position, "ASX1063", f"dataverse with name {dropped.name}")

    def create_type(self, dataverse: str, made: CreateType) -> None:
        """CREATE TYPE."""
        types = self.dataverse(dataverse, made.position).types
        if made.name in types and not made.if_not_exists:
            text = f"A datatype with this name {made.name} already exists"
            raise _refusal(made.position, "ASX1085", text)
        types.add(made.name)

    def drop_type(self, dataverse: str, dropped: DropType) -> None:
        """DROP TYPE."""
        types = self.dataverse(dataverse, dropped.position).types
        if dropped.name not in types and not dropped.if_exists:
            raise _unknown(dropped.position, "ASX1082", f"datatype with name {dropped.name}")
        types.discard(dropped.name)

    def create_dataset(self, dataverse: str, made: CreateDataset) -> None:
        """CREATE DATASET."""
        tables = self.dataverse(dataverse, made.position).tables
        if made.name not in tables:
            tables[made.name] = Table(made.name, made.keys)
        elif not made.if_not_exists:
            text = f"A dataset with name {made.name} already exists in dataverse {dataverse}"
            raise _refusal(made.position, "ASX1072", text)

    def drop_dataset(self, dataverse: str, dropped: DropDataset) -> None:
        """DROP DATASET."""
        tables = self.dataverse(dataverse, dropped.position).tables
        if tables.pop(dropped.name, None) is None and not dropped.if_exists:
            what = f"dataset with name {dropped.name} in dataverse {dataverse}"
            raise _unknown(dropped.position, "ASX1050", what)

    def create_function(self, dataverse: str, made: CreateFunction) -> None:
        """CREATE FUNCTION."""
        functions = self.dataverse(dataverse, made.position).functions
        key = (made.function.name, len(made.function.parameters))
        if key in functions and not made.or_replace:
            if made.if_not_exists:
                return
            text = f"A function with this name {dataverse}.{key[0]} already exists"
            raise _refusal(made.position, "ASX1123", text)
        functions[key] = made.function

    def drop_function(self, dataverse: str, dropped: DropFunction) -> None:
        """DROP FUNCTION."""
        functions = self.dataverse(dataverse, dropped.position).functions
        del functions[dropped.name, dropped.arity]


class Visible:
    """The datasets a statement can see."""

    def __init__(self, catalog: Catalog, default: str) -> None:
        self._catalog = catalog
        self._default = default

    def find(self, dataverse: str | None, name: str) -> Table | None:
        """The dataset of that name; None as the dataverse means the statement's default one."""
        found = self._catalog.dataverses.get(dataverse or self._default)
        return found.tables.get(name) if found else None

    def has_dataverse(self, name: str) -> bool:
        """Whether there is such a dataverse."""
        return name in self._catalog.dataverses


class Stored:
    """The functions a statement can see beside those it declares."""

    def __init__(self, catalog: Catalog, default: str) -> None:
        self._catalog = catalog
        self._default = default

    def find(self, dataverse: str | None, name: str, arity: int) -> Function | None:
        """The function; None as the dataverse means the statement's default one."""
        found = self._catalog.dataverses.get(dataverse or self._default)
        return found.functions.get((name, arity)) if found else None


def _unknown(at: Location, code: str, what: str) -> SqlppError:
    return SqlppError(code, f"Cannot find {what}", at)


def _refusal(at: Location, code: str, text: str) -> SqlppError:
    return SqlppError(code, text, at)
