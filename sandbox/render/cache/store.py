"""What is kept of maps' rows: so much in memory and on disk, the least recently used first out."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.render.cache.entries import Entry, InMemory
from sandbox.render.cache.headroom import Headroom, give_back
from sandbox.render.cache.versions import Version

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Key:
    """Which rows: of which plan, over which files, in which form."""

    identity: int
    version: Version
    form: str


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Bytes that may be kept."""

    memory: int
    disk: int


@dataclass(frozen=True, kw_only=True)
class Held:
    """An entry, and the columns that it has, by position and whether as text."""

    entry: Entry
    columns: frozenset[tuple[int, bool]]


class ColumnStore:
    """Entries by key.

    The mutable state is `_held`, oldest first, `_making`, and `_claimed`, the bytes of rows that
    are being taken in; all under `_lock`.
    """

    def __init__(self, folder: Path, budget: Budget, headroom: Headroom | None = None) -> None:
        self.folder = folder
        self.budget = budget
        self._headroom = headroom
        self._lock = threading.Lock()
        self._claimed = 0
        self._held: OrderedDict[Key, Held] = OrderedDict()
        self._making: dict[Key, threading.Event] = {}

    def get(self, key: Key, columns: frozenset[tuple[int, bool]]) -> Entry | None:
        """The rows, if they are kept with all these columns."""
        with self._lock:
            held = self._held.get(key)
            if held is None or not columns <= held.columns:
                return None
            self._held.move_to_end(key)
            return held.entry

    def put(self, key: Key, held: Held) -> None:
        """Keep rows; what is over the budget goes to disk, or out."""
        with self._lock:
            # Other versions of the same files will not come again.
            for old in [k for k in self._held if k.identity == key.identity and k.form == key.form]:
                del self._held[old]
            self._held[key] = held
            self._fit()

    def claim(self, size: int) -> bool:
        """Room in memory for rows that are being taken in; what is kept gives way to them."""
        with self._lock:
            if self._claimed + size > self.budget.memory:
                return False
            self._claimed += size
            self._fit()
            if self._relieve() == 0:
                return True
            self._claimed -= size
            return False

    def release(self, size: int) -> None:
        """The rows of a claim are kept by now, or gone."""
        with self._lock:
            self._claimed -= size

    def relieve(self) -> None:
        """Give memory up where the scope is short of it."""
        with self._lock:
            if self.memory_bytes:
                self._relieve()

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._held.clear()

    @property
    def memory_bytes(self) -> int:
        """What is held in memory."""
        return sum(held.entry.memory_bytes for held in self._held.values())

    @property
    def disk_bytes(self) -> int:
        """What is held on disk."""
        return sum(held.entry.disk_bytes for held in self._held.values())

    @contextmanager
    def making(self, key: Key) -> Iterator[threading.Event | None]:
        """None for the one that makes the rows; for others the event of their being made."""
        with self._lock:
            other = self._making.get(key)
            done = self._making.setdefault(key, threading.Event())
        if other is not None:
            yield other
            return
        try:
            yield None
        finally:
            with self._lock:
                del self._making[key]
            done.set()

    def _relieve(self) -> int:
        """Move what is kept to disk, oldest first; the bytes that are missing even then."""
        missing = self._missing()
        for key in list(self._held):
            if not missing:
                break
            if self._held[key].entry.memory_bytes:
                self._demote(key)
                give_back()
                missing = self._missing()
        return missing

    def _missing(self) -> int:
        return 0 if self._headroom is None else self._headroom.missing()

    def _fit(self) -> None:
        for key in list(self._held):
            if self.memory_bytes + self._claimed <= self.budget.memory:
                break
            self._demote(key)
        for key in list(self._held):
            if self.disk_bytes <= self.budget.disk:
                break
            if self._held[key].entry.disk_bytes:
                del self._held[key]

    def _demote(self, key: Key) -> None:
        held = self._held[key]
        if not isinstance(held.entry, InMemory):
            return
        try:
            moved = held.entry.moved(self.folder)
        except OSError as error:
            log.warning("map columns not kept reason=%s", error)
            del self._held[key]
        else:
            # In its place: its age stays what it was.
            self._held[key] = Held(entry=moved, columns=held.columns)
