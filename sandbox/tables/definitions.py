"""What a table is, on disk: one file for each, so that the catalog survives the JVM."""

from __future__ import annotations

import logging
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

log = logging.getLogger(__name__)

DEFAULT_DATABASE = "default"
_PENDING, _COMMITTED = ".pending-", ".commit-"


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of Spark's catalog; `schema` is Spark's JSON, `location` a URI."""

    name: str
    kind: str
    schema: str
    database: str = DEFAULT_DATABASE
    provider: str | None = None
    location: str | None = None
    options: dict[str, str] = {}
    properties: dict[str, str] = {}
    partitions: list[str] = []
    view_text: str | None = None
    created_ms: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """Database and name, which tell it from every other."""
        return (self.database, self.name)

    @property
    def is_view(self) -> bool:
        """Whether it is a (persistent) view."""
        return self.kind == "VIEW"


class DefinitionFolder:
    """The catalog folder of a scope: `<database>/<table>.json`.

    Several definitions become visible together or not at all: they are written aside, one rename
    commits them, and what a crash left after that rename is finished by `recover`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def recover(self) -> None:
        """Finish what was committed, forget what was not."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for left in self._folder.glob(f"{_PENDING}*"):
            shutil.rmtree(left)
        for batch in sorted(self._folder.glob(f"{_COMMITTED}*")):
            self._apply(batch)

    def read(self) -> Iterator[Definition]:
        """Every definition that can be read; one that cannot is logged and stays on disk."""
        for path in sorted(self._folder.glob("*/*.json")):
            try:
                yield msgspec.json.decode(path.read_bytes(), type=Definition)
            except msgspec.DecodeError as error:
                log.error("definition unreadable file=%s reason=%s", path.name, error)

    def databases(self) -> list[str]:
        """The databases that had been made, `default` not among them."""
        found = (path.name for path in self._folder.iterdir() if path.is_dir())
        return sorted(n for n in found if not n.startswith(".") and n != DEFAULT_DATABASE)

    def commit(self, definitions: Iterable[Definition]) -> None:
        """Write all of them, or none."""
        batch = uuid.uuid4().hex
        pending = self._folder / f"{_PENDING}{batch}"
        pending.mkdir()
        try:
            for definition in definitions:
                _write(pending / f"{definition.database}.{definition.name}", definition)
            committed = pending.rename(self._folder / f"{_COMMITTED}{batch}")
        except OSError:
            shutil.rmtree(pending, ignore_errors=True)
            raise
        self._apply(committed)

    def remove(self, key: tuple[str, str]) -> None:
        """Forget a table; one that is not there is fine."""
        self._path(key).unlink(missing_ok=True)

    def add_database(self, name: str) -> None:
        """Remember a database."""
        (self._folder / name).mkdir(exist_ok=True)

    def remove_database(self, name: str) -> None:
        """Forget a database and what is in it."""
        shutil.rmtree(self._folder / name, ignore_errors=True)

    def _apply(self, committed: Path) -> None:
        for path in sorted(committed.iterdir()):
            database, _, name = path.name.partition(".")
            target = self._path((database, name))
            target.parent.mkdir(exist_ok=True)
            path.replace(target)
        committed.rmdir()

    def _path(self, key: tuple[str, str]) -> Path:
        return self._folder / key[0] / f"{key[1]}.json"


def _write(path: Path, definition: Definition) -> None:
    with path.open("wb") as file:
        file.write(msgspec.json.encode(definition))
        file.flush()
        os.fsync(file.fileno())
