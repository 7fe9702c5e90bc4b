"""Folders of tables' rows: `<tables>/<name>/<generation>/`, each written once."""

from __future__ import annotations

import shutil
import threading
import time
import uuid
from collections.abc import Iterable
from pathlib import Path

KEEP_REPLACED_S = 60.0
"""How long a replaced generation stays, for the queries that were already reading it."""


class Generations:
    """Makes, retires and removes generations.

    The mutable state is `_retired` (folder, time of retirement), changed only under `_lock`.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._retired: list[tuple[Path, float]] = []

    def new(self, name: str) -> Path:
        """The folder of a new generation; whoever fills it makes it."""
        parent = self._root / name
        parent.mkdir(parents=True, exist_ok=True)
        # Sorted by name is sorted by age, which is a help to whoever looks at the disk.
        return parent / f"g{time.time_ns():x}-{uuid.uuid4().hex[:8]}"

    def discard(self, folder: Path) -> None:
        """Remove a generation that nobody has read."""
        shutil.rmtree(folder, ignore_errors=True)
        self._drop_empty(folder.parent)

    def retire(self, folder: Path) -> None:
        """Remove a replaced generation once nobody can be reading it any more."""
        if not self.owns(folder):
            return
        with self._lock:
            self._retired.append((folder, time.monotonic()))

    def sweep(self) -> None:
        """Remove what was retired long enough ago."""
        before = time.monotonic() - KEEP_REPLACED_S
        with self._lock:
            due = [folder for folder, since in self._retired if since <= before]
            self._retired = [(f, since) for f, since in self._retired if since > before]
        for folder in due:
            self.discard(folder)

    def owns(self, folder: Path) -> bool:
        """Whether a folder is one of the scope's own, below the tables folder."""
        return self._root in folder.parents

    def remove_unknown(self, known: Iterable[Path]) -> None:
        """Remove every generation that no table of the catalog lies in; only for the start."""
        known = set(known)
        around = {parent for folder in known for parent in folder.parents}
        for folder in self._root.glob("*/*"):
            inside = known & {folder, *folder.parents}
            if folder not in around and not inside:
                self.discard(folder)

    def _drop_empty(self, folder: Path) -> None:
        # Not empty, or gone already, is both fine: another generation lives there.
        try:
            folder.rmdir()
        except OSError:
            return
