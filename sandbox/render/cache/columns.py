"""Columns that are kept when they come, and taken from what was kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeVar

import pyarrow as pa

from sandbox.render.cache import rows
from sandbox.render.cache.entries import Entry
from sandbox.render.cache.recorder import Recorder
from sandbox.render.cache.store import ColumnStore, Held, Key
from sandbox.render.cache.versions import Version, version_of
from sandbox.render.columns import Batch, Choice, Columns, PointBatch, ShapeBatch, StartOver

LOOK_S: Final = 0.2
"""How often one who waits for another's rows looks whether it is still wanted itself."""

B = TypeVar("B", bound=Batch)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Which rows: the number of their plan, the files under them, and these files' version."""

    identity: int
    files: tuple[str, ...]
    version: Version


@dataclass(frozen=True, kw_only=True)
class Wide:
    """Columns as they are read, to be kept: those of the chart and what the next may want.

    `identity` is their plan's number; where it is not the expected one, something has changed.
    """

    choice: Choice
    columns: Columns
    identity: int | None


@dataclass(kw_only=True)
class KeptColumns:
    """The columns of `choice`, from the store or from `open_wide`, which is asked if it must be.

    The mutable state is what `source` and `cached` tell, which is known once rows come.
    """

    store: ColumnStore
    origin: Origin
    choice: Choice
    open_wide: Callable[[], Wide]
    check: Callable[[], None]
    source: Literal["direct", "spark", "cache"] = "cache"
    cached: bool = True

    def points(self, *, in_order: bool = False) -> Iterator[PointBatch]:
        """The rows as points."""
        form = "points in order" if in_order else "points"
        return self._batches(form, lambda wide: wide.points(in_order=in_order), rows.points)

    def shapes(self) -> Iterator[ShapeBatch]:
        """The rows as they are."""
        return self._batches("shapes", lambda wide: wide.shapes(), rows.shapes)

    def _batches(
        self,
        form: str,
        read: Callable[[Columns], Iterator[B]],
        unpack: Callable[[pa.RecordBatch, Choice], B],
    ) -> Iterator[B]:
        key = Key(identity=self.origin.identity, version=self.origin.version, form=form)
        with self.store.making(key) as other:
            if other is not None:
                self._wait(other)
            found = self.store.get(key, _positions(self.choice))
            if found is None:
                yield from self._recorded(key, read, unpack)
                return
        yield from (unpack(batch, self.choice) for batch in found.batches())

    def _wait(self, other: threading.Event) -> None:
        while not other.wait(LOOK_S):
            self.check()

    def _recorded(
        self,
        key: Key,
        read: Callable[[Columns], Iterator[B]],
        unpack: Callable[[pa.RecordBatch, Choice], B],
    ) -> Iterator[B]:
        wide = self.open_wide()
        self.source, self.cached = wide.columns.source, wide.columns.cached
        recorder = Recorder(self.store)
        try:
            for batch in read(wide.columns):
                packed = rows.packed(batch, wide.choice)
                recorder.add(packed)
                yield unpack(packed, self.choice)
            self.source = wide.columns.source
            self._keep(key, wide, recorder.finish())
        except StartOver as other:
            again = replace(wide, columns=other.columns)
            raise StartOver(replace(self, open_wide=lambda: again)) from other
        finally:
            recorder.close()

    def _keep(self, key: Key, wide: Wide, entry: Entry | None) -> None:
        """Unless the plan or the files changed meanwhile, or just now."""
        now = version_of(self.origin.files)
        same = wide.identity == key.identity and now == key.version
        if entry is not None and same and key.version.is_settled():
            self.store.put(key, Held(entry=entry, columns=_positions(wide.choice)))


def _positions(choice: Choice) -> frozenset[tuple[int, bool]]:
    return frozenset((c.position, c.as_text) for c in choice.weights if c is not None)
