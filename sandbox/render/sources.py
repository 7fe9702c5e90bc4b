"""Where a map's rows come from: what was kept, else the files themselves, else Spark."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyspark.sql import SparkSession

from sandbox.render.cache.columns import KeptColumns, Origin, Wide
from sandbox.render.cache.headroom import Headroom
from sandbox.render.cache.recollection import Known, Recollection, mark_of, origin_of
from sandbox.render.cache.store import Budget, ColumnStore
from sandbox.render.columns import Choice, ChooseWeights, Columns, choose, numeric
from sandbox.render.described import Described, describe
from sandbox.render.direct.columns import direct_columns
from sandbox.render.spark_columns import SparkColumns
from wire.settings import AgentSettings

KEPT_WEIGHTS: Final = 4
"""Of so many columns of numbers a map keeps all, for another chart may want another one."""


LOOK_S: Final = 0.5
"""How often the scope's memory is looked at once maps were drawn."""
DISK_SHARE: Final = 8
"""So many times the cache's memory it may have of the scope's disk, or a quarter of that disk."""


@dataclass(frozen=True, kw_only=True)
class Cache:
    """What is kept, and of which SQL it is."""

    store: ColumnStore
    recollection: Recollection


@dataclass(frozen=True, kw_only=True)
class SqlProvider:
    """Runs SQL in one Spark session; `threads` read files where Spark need not."""

    session: SparkSession
    threads: int
    direct: bool = True
    cache: Cache | None = None
    check: Callable[[], None] = lambda: None

    def open(self, sql: str, choose_weights: ChooseWeights) -> Columns:
        """Resolve `sql`; raises Spark's errors, and AgentFailure if it has no geometry."""
        if self.cache is None:
            described = describe(self.session, sql)
            return self._read(described, choose(described.columns, choose_weights))
        mark = mark_of(self.session)
        known = self.cache.recollection.recall(mark, sql)
        if known is not None:
            return self._kept(known, choose_weights, lambda: self._again(mark, sql))
        described = describe(self.session, sql)
        origin = origin_of(described.told)
        if origin is None:
            return self._read(described, choose(described.columns, choose_weights))
        known = _known(mark, described, origin)
        self.cache.recollection.remember(sql, known)
        return self._kept(known, choose_weights, lambda: described)

    def _kept(
        self, known: Known, choose_weights: ChooseWeights, describe: Callable[[], Described]
    ) -> Columns:
        assert self.cache is not None  # noqa: S101
        choice = choose(known.columns, choose_weights)
        return KeptColumns(
            store=self.cache.store,
            origin=known.origin,
            choice=choice,
            open_wide=lambda: self._wide(describe(), choice),
            check=self.check,
        )

    def _again(self, mark: str, sql: str) -> Described:
        """Of SQL that is known, but whose rows are not kept any more."""
        assert self.cache is not None  # noqa: S101
        described = describe(self.session, sql)
        origin = origin_of(described.told)
        if origin is not None:
            self.cache.recollection.remember(sql, _known(mark, described, origin))
        return described

    def _wide(self, described: Described, choice: Choice) -> Wide:
        wide, identity = widened(choice, described), described.told.identity
        columns = self._read(described, wide)
        if columns.source == "spark" and wide != choice:
            narrow = self._read(described, choice)
            if narrow.source == "direct":
                # A column that nobody asked for is no reason to leave the files to Spark.
                return Wide(choice=choice, columns=narrow, identity=identity)
        return Wide(choice=wide, columns=columns, identity=identity)

    def _read(self, described: Described, choice: Choice) -> Columns:
        spark = SparkColumns(
            frame=described.frame,
            choice=choice,
            made_of_coordinates=described.told.makes_points(choice.geometry.position),
        )
        if not self.direct:
            return spark
        told = described.told
        return direct_columns(told.plan, told.settings, choice, self.threads, spark)


def new_cache(settings: AgentSettings) -> Cache:
    """An empty cache on the scope's disk."""
    folder = Path(settings.scope_dir) / "cache"
    disk = min(DISK_SHARE * settings.cache_bytes, shutil.disk_usage(folder).total // 4)
    budget = Budget(memory=settings.cache_bytes, disk=disk)
    headroom = Headroom(scope_bytes=settings.memory_bytes)
    store = ColumnStore(folder, budget, headroom)
    relief = threading.Thread(target=_relieve, args=(store,), name="map-cache-relief", daemon=True)
    relief.start()
    return Cache(store=store, recollection=Recollection())


def _relieve(store: ColumnStore) -> None:
    """For as long as the agent lives: what grows beside the maps does not ask for room."""
    while True:
        time.sleep(LOOK_S)
        store.relieve()


def widened(choice: Choice, described: Described) -> Choice:
    """The choice, and the other columns of numbers if there are few."""
    numbers = numeric(described.columns)
    chosen = [column for column in choice.weights if column is not None]
    others = [c for c in numbers if all(c.position != known.position for known in chosen)]
    if len(chosen) + len(others) > KEPT_WEIGHTS or any(column.as_text for column in chosen):
        others = []
    # The same column twice is kept once; a weight that is 1 in every row is no column.
    distinct = {column.position: column for column in (*chosen, *others)}
    return Choice(geometry=choice.geometry, weights=tuple(distinct.values()))


def _known(mark: str, described: Described, origin: Origin) -> Known:
    return Known(
        mark=mark,
        columns=tuple(described.columns),
        origin=origin,
        roots=tuple(described.told.roots),
    )
