"""Rows on their way to a picture, written down for the next one."""

from __future__ import annotations

import logging
from pathlib import Path

import pyarrow as pa

from sandbox.render.cache.entries import Entry, InMemory, Spill
from sandbox.render.cache.store import Budget

log = logging.getLogger(__name__)


class Recorder:
    """Takes rows in memory, beyond a share of the budget on disk, beyond that not at all."""

    SHARE = 2
    """One entry may have the budget's memory divided by this."""

    def __init__(self, folder: Path, budget: Budget) -> None:
        self._folder = folder
        self._budget = budget
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
            return InMemory(self._rows)
        try:
            return self._spill.finish()
        except OSError as error:
            log.warning("map columns not kept reason=%s", error)
            return None
        finally:
            self.close()

    def close(self) -> None:
        """Take no more."""
        self._given_up = True
        self._rows = []
        if self._spill is not None:
            self._spill.__exit__()
            self._spill = None

    def _add(self, batch: pa.RecordBatch) -> None:
        self._bytes += batch.nbytes
        if self._bytes > self._budget.disk:
            self.close()
        elif self._spill is not None:
            self._spill.write(batch)
        else:
            self._rows.append(batch)
            if self._bytes > self._budget.memory // self.SHARE:
                self._spill = Spill(self._folder)
                for row in self._rows:
                    self._spill.write(row)
                self._rows = []
