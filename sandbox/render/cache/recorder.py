"""Rows on their way to a picture, written down for the next one."""

from __future__ import annotations

import logging

import pyarrow as pa

from sandbox.render.cache.entries import Entry, InMemory, Spill
from sandbox.render.cache.store import ColumnStore

log = logging.getLogger(__name__)


class Recorder:
    """Takes rows in memory, beyond a share of the budget on disk, beyond that not at all.

    In memory they are the store's claim from the first row on: with what is kept there they
    are never more than its budget.
    """

    SHARE = 2
    """One entry may have the budget's memory divided by this."""

    def __init__(self, store: ColumnStore) -> None:
        self._store = store
        self._rows: list[pa.RecordBatch] = []
        self._bytes = 0
        self._spill: Spill | None = None
        self._given_up = False

    def add(self, batch: pa.RecordBatch) -> None:
        """Some rows."""
        if self._given_up:
            return
        try:
            self._add(batch)
        except OSError as error:
            log.warning("map columns not kept reason=%s", error)
            self.close()

    def finish(self) -> Entry | None:
        """All rows; None if they are more than may be kept."""
        if self._given_up:
            return None
        if self._spill is None:
            rows = self._rows
            self._forget()
            return InMemory(rows)
        try:
            return self._spill.finish()
        except OSError as error:
            log.warning("map columns not kept reason=%s", error)
            return None

    def close(self) -> None:
        """Take no more."""
        self._given_up = True
        self._forget()
        if self._spill is not None:
            self._spill.__exit__()
            self._spill = None

    def _add(self, batch: pa.RecordBatch) -> None:
        self._bytes += batch.nbytes
        if self._bytes > self._store.budget.disk:
            self.close()
        elif self._spill is not None:
            self._spill.write(batch)
        elif self._has_room(batch.nbytes):
            self._rows.append(batch)
        else:
            self._spill = Spill(self._store.folder)
            for row in (*self._rows, batch):
                self._spill.write(row)
            self._forget()

    def _has_room(self, size: int) -> bool:
        within = self._bytes <= self._store.budget.memory // self.SHARE
        return within and self._store.claim(size)

    def _forget(self) -> None:
        # What is claimed is what these rows hold.
        self._store.release(sum(batch.nbytes for batch in self._rows))
        self._rows = []
