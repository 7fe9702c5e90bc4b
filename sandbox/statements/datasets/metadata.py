"""What SQL++ knows beyond tables: types, functions, views and indexes, in one file of the scope."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from sandbox.statements.datasets.types import ItemType

T = TypeVar("T")


class StoredFunction(msgspec.Struct, frozen=True):
    """A function by its text."""

    name: str
    parameters: list[str]
    body: str
    uses: list[tuple[str, str]] = []
    """Database and table of the datasets that it reads."""
    calls: list[tuple[str, str]] = []
    """Database and key of the functions that it calls."""


class StoredView(msgspec.Struct, frozen=True):
    """A query by its text."""

    body: str
    uses: list[tuple[str, str]] = []
    calls: list[tuple[str, str]] = []


class Dataverse(msgspec.Struct):
    """What is in one dataverse; functions by name and arity, views and types by name."""

    name: str
    types: dict[str, ItemType] = {}
    functions: dict[str, StoredFunction] = {}
    views: dict[str, StoredView] = {}
    indexes: dict[str, list[str]] = {}
    """By dataset: the names of its indexes."""
    dataset_types: dict[str, str] = {}
    """By dataset: the name of its type, where that has one."""


class Metadata:
    """The file; every method may block.

    The mutable state is `_found`, by database, changed only under `_lock`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._found: dict[str, Dataverse] | None = None

    def dataverse(self, database: str) -> Dataverse:
        """What is in a dataverse (nothing, for one that nobody wrote to); not to be changed."""
        with self._lock:
            return self._read().get(database) or Dataverse(database)

    def all(self) -> dict[str, Dataverse]:
        """What is in every dataverse, by database; not to be changed."""
        with self._lock:
            return dict(self._read())

    def change(self, database: str, name: str, edit: Callable[[Dataverse], T]) -> T:
        """What `edit` makes of a dataverse, kept before it is seen; if it raises, nothing is."""
        with self._lock:
            found = self._read()
            text = msgspec.json.encode(found.get(database) or Dataverse(name))
            copy = msgspec.json.decode(text, type=Dataverse)
            result = edit(copy)
            self._keep(found | {database: copy})
            return result

    def forget(self, database: str) -> None:
        """A dataverse is gone."""
        with self._lock:
            self._keep({key: value for key, value in self._read().items() if key != database})

    def _read(self) -> dict[str, Dataverse]:
        if self._found is None:
            try:
                text = self._path.read_bytes()
            except FileNotFoundError:
                text = b"{}"
            self._found = msgspec.json.decode(text, type=dict[str, Dataverse])
        return self._found

    def _keep(self, found: dict[str, Dataverse]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        aside = self._path.with_suffix(".new")
        with aside.open("wb") as file:
            file.write(msgspec.json.encode(found))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._path)
        self._found = found
