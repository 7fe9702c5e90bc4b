"""Running a plan: threads read row groups, keep the wanted rows, and hand them on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sandbox.render.columns import PointBatch, Reals
from sandbox.render.direct import located
from sandbox.render.direct import values as v
from sandbox.render.direct.files import Part, column_of, rows
from sandbox.render.direct.give_up import NotTaken
from sandbox.render.direct.plan import Plan
from sandbox.render.tally import Fault

WAIT_S: Final = 0.5
"""How often a thread whose reader is slow looks whether there still is one."""

Queue = queue.Queue[PointBatch | None]


def scan(plan: Plan, found: Sequence[Part], threads: int) -> Iterator[PointBatch]:
    """The points of the plan's rows, in no order; at most a few batches wait for the reader."""
    # Row groups are handed out one by one; a single one lets Arrow decode its columns side by side.
    workers = max(1, min(threads, len(found)))
    left, made, gone = iter(found), Queue(maxsize=2 * workers), threading.Event()
    lock = threading.Lock()

    def work() -> None:
        try:
            while not gone.is_set():
                with lock:
                    part = next(left, None)
                if part is None:
                    return
                for batch in _read(plan, part, use_threads=workers < threads):
                    _put(made, batch, gone)
        finally:
            _put(made, None, gone)

    with ThreadPoolExecutor(workers, thread_name_prefix="scan") as pool:
        running = [pool.submit(work) for _ in range(workers)]
        try:
            yield from _taken(made, running)
        finally:
            gone.set()


def _taken(made: Queue, running: list[Future[None]]) -> Iterator[PointBatch]:
    """Batches until every worker has said that it ended; raises what one of them failed with."""
    ended = 0
    while ended < len(running):
        batch = made.get()
        if batch is None:
            ended += 1
        else:
            yield batch
    for worker in running:
        worker.result()


def _put(made: Queue, batch: PointBatch | None, gone: threading.Event) -> None:
    while not gone.is_set():
        with suppress(queue.Full):
            made.put(batch, timeout=WAIT_S)
            return


def _read(plan: Plan, part: Part, *, use_threads: bool) -> Iterator[PointBatch]:
    try:
        for batch in rows(part, plan.columns, use_threads=use_threads):
            made = make_points(plan, batch)
            if len(made):
                yield made
    except (OSError, pa.ArrowException) as error:
        raise NotTaken(reason=f"a file that cannot be read to its end: {error}") from error


def make_points(plan: Plan, batch: pa.RecordBatch) -> PointBatch:
    """The wanted rows of a batch as points."""
    read = {
        column.number: column_of(batch.column(i), column.type)
        for i, column in enumerate(plan.columns)
    }
    # Overflow and NaN are values of doubles, not events.
    with np.errstate(all="ignore"):
        keep = None if plan.keep is None else _flags(plan.keep(read).is_true, batch.num_rows)
        count = batch.num_rows if keep is None else int(located.count_true(keep))
        wanted = None if count == batch.num_rows else keep
        points = plan.points(read)
        weights = [None if weigh is None else weigh(read) for weigh in plan.weights]
    faults = np.zeros(count, np.uint8)
    if points.valid is not None:
        nulls = np.where(points.valid, Fault.NONE, Fault.NULL).astype(np.uint8)
        faults = _spread(nulls, batch.num_rows)
        faults = faults[wanted.view(np.bool_)] if wanted is not None else faults.copy()
    return PointBatch(
        x=_picked(points.x, batch.num_rows, wanted, count),
        y=_picked(points.y, batch.num_rows, wanted, count),
        faults=faults,
        weights=tuple(
            None if weight is None else _picked(_reals(weight), batch.num_rows, wanted, count)
            for weight in weights
        ),
    )


def _reals(weight: v.Column) -> Reals:
    """Doubles, NaN for null."""
    values: Reals = weight.values.astype(np.float64, copy=False)
    return values if weight.valid is None else np.where(weight.valid, values, np.nan)


def _picked(
    values: NDArray[np.float64], size: int, wanted: NDArray[np.uint8] | None, count: int
) -> Reals:
    spread: Reals = np.ascontiguousarray(_spread(values, size))
    if wanted is None:
        return spread
    # One place more: the kernel writes before it knows whether the value is wanted.
    room = np.empty(count + 1)
    located.pick(spread, wanted, room)
    # Few rows that are kept for the next picture must not hold the room of many.
    return room[:count].copy() if 2 * count < size else room[:count]


def _flags(mask: v.Mask, size: int) -> NDArray[np.uint8]:
    return np.ascontiguousarray(_spread(mask, size)).view(np.uint8)


def _spread(values: NDArray[np.generic], size: int) -> NDArray[np.generic]:
    """A constant as a column."""
    return values if len(values) == size else np.broadcast_to(values, size)
