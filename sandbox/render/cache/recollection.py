"""What SQL meant when it was last asked, so that asking again need not parse it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from pyspark.sql import SparkSession

from sandbox.render.cache.columns import Origin
from sandbox.render.cache.versions import version_of
from sandbox.render.columns import SourceColumn
from sandbox.render.described import Told
from sandbox.tables.paths import files_under

REMEMBERED: Final = 256


@dataclass(frozen=True, kw_only=True)
class Known:
    """The columns and rows of SQL, under a mark of its session; the files that lie at its roots."""

    mark: str
    columns: tuple[SourceColumn, ...]
    origin: Origin
    roots: tuple[str, ...]

    def is_current(self, mark: str) -> bool:
        """Whether the SQL still means these rows of these files."""
        return (
            mark == self.mark
            and files_at(self.roots) == sorted(self.origin.files)
            and version_of(self.origin.files) == self.origin.version
        )


def files_at(roots: tuple[str, ...]) -> list[str]:
    """The data files at some roots, sorted."""
    return sorted(name for root in roots for name in files_under(root))


def mark_of(session: SparkSession) -> str:
    """A text that is the same as long as SQL means the same; empty where that is not known."""
    jvm: Any = session._jvm
    return str(jvm.geoscope.render.SessionMark.of(session._jsparkSession))


def origin_of(told: Told) -> Origin | None:
    """The rows of a plan that may be kept; None if they may differ at any time."""
    version = version_of(told.files)
    if told.identity is None or version is None:
        return None
    return Origin(identity=told.identity, files=tuple(told.files), version=version)


class Recollection:
    """What is known of SQL, by text. The mutable state is `_known`, changed under `_lock`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Known] = OrderedDict()

    def recall(self, mark: str, sql: str) -> Known | None:
        """What `sql` means, if that is what it meant before."""
        with self._lock:
            known = self._known.get(mark + sql)
            if known is not None:
                self._known.move_to_end(mark + sql)
        return known if known is not None and mark and known.is_current(mark) else None

    def remember(self, sql: str, known: Known) -> None:
        """What `sql` means, until its session, its tables or their files change."""
        # Where Spark's list of files is not ours, a new file would not be noticed.
        if not known.mark or files_at(known.roots) != sorted(known.origin.files):
            return
        with self._lock:
            self._known[known.mark + sql] = known
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
