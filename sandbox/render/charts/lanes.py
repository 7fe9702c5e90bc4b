"""One picture taken in on several threads: a painter each, merged before it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import perf_counter
from typing import Final

from sandbox.render.charts.painter import Check, Painter, Pixels, PointPainter, Weights
from sandbox.render.clock import Clock
from sandbox.render.columns import Columns, PointBatch, SourceColumn

LEAST_ROWS: Final = 32_768
"""Fewer rows are not worth a second thread."""


class Lanes(Painter):
    """Cuts each batch into a part per lane; the lanes' sums are those of one painter by law."""

    def __init__(self, make: Callable[[Clock], PointPainter], count: int, clock: Clock) -> None:
        first = make(clock)
        super().__init__(first.canvas, clock)
        self.tally = first.tally
        # The first lane's time goes to a clock of its own as soon as others run beside it.
        self._lanes = [first, *(make(Clock()) for _ in range(count - 1))]
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="lane")

    def choose(self, columns: Sequence[SourceColumn]) -> Weights:
        """As one painter does."""
        return self._lanes[0].choose(columns)

    def batches(self, columns: Columns) -> Iterator[PointBatch]:
        """As one painter does."""
        return self._lanes[0].batches(columns)

    def add(self, batch: PointBatch) -> None:
        """Take in a batch, a large one on all lanes at once."""
        count = min(len(self._lanes), max(len(batch) // LEAST_ROWS, 1))
        if count == 1:
            self._lanes[0].add(batch)
            return
        cuts = [len(batch) * i // count for i in range(count + 1)]
        parts = [cut(batch, slice(cuts[i], cuts[i + 1])) for i in range(count)]
        self._beside(parts)

    def merge(self, other: Lanes) -> None:
        """Take in the other's lanes."""
        for lane in other._lanes:
            self._lanes[0].merge(lane)

    def paint(self, check: Check) -> Pixels:
        """Merge the lanes and draw."""
        with self.clock.stage("aggregate"):
            first, *others = self._lanes
            for lane in others:
                first.merge(lane)
            self._lanes = [first]
        self._pool.shutdown()
        return first.paint(check)

    def _beside(self, parts: Sequence[PointBatch]) -> None:
        """Each part on its lane; the wall's time is shared among stages as theirs is."""
        lanes = self._lanes[: len(parts)]
        clocks = [Clock() for _ in lanes]
        for lane, clock in zip(lanes, clocks, strict=True):
            lane.clock = clock
        start = perf_counter()
        list(self._pool.map(lambda lane, part: lane.add(part), lanes, parts))
        wall = (perf_counter() - start) * 1000.0
        lanes[0].clock = self.clock
        spent = sum(sum(clock.ms.values()) for clock in clocks)
        for clock in clocks:
            for stage, ms in clock.ms.items():
                self.clock.ms[stage] += wall * ms / spent


def cut(batch: PointBatch, rows: slice) -> PointBatch:
    """Some rows of a batch, in the same memory."""
    return replace(
        batch,
        x=batch.x[rows],
        y=batch.y[rows],
        faults=batch.faults[rows],
        order=None if batch.order is None else batch.order[rows],
        weights=tuple(None if weight is None else weight[rows] for weight in batch.weights),
        labels=None if batch.labels is None else batch.labels[rows],
    )
