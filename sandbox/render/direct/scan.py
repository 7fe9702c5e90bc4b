"""Running a plan: threads read row groups, keep the wanted rows, and hand them on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sandbox.parquet.files import Part, rows
from sandbox.parquet.give_up import NotTaken
from sandbox.parquet.words import TYPES
from sandbox.render.buffers import values_of
from sandbox.render.columns import Batch, PointBatch, Reals, ShapeBatch
from sandbox.render.direct import located, texts
from sandbox.render.direct import values as v
from sandbox.render.direct.plan import Plan
from sandbox.render.tally import Fault

WAIT_S: Final = 0.5
"""How often a thread whose reader is slow looks whether there still is one."""

Flags = NDArray[np.uint8]
S = TypeVar("S", bound=np.generic)
B = TypeVar("B", bound=Batch)
Make = Callable[[Plan, pa.RecordBatch], B]
"""The wanted rows of a batch."""


def scan(plan: Plan, found: Sequence[Part], threads: int, make: Make[B]) -> Iterator[B]:
    """What `make` gives, in no order; at most a few batches wait for the reader."""
    # Row groups are handed out one by one; a single one lets Arrow decode its columns side by side.
    workers = max(1, min(threads, len(found)))
    made: queue.Queue[B | None] = queue.Queue(maxsize=2 * workers)
    left, gone, lock = iter(found), threading.Event(), threading.Lock()

    def work() -> None:
        try:
            while not gone.is_set():
                with lock:
                    part = next(left, None)
                if part is None:
                    return
                for batch in _read(plan, part, make, use_threads=workers < threads):
                    _put(made, batch, gone)
        finally:
            _put(made, None, gone)

    with ThreadPoolExecutor(workers, thread_name_prefix="scan") as pool:
        running = [pool.submit(work) for _ in range(workers)]
        try:
            yield from _taken(made, running)
        finally:
            gone.set()


def _taken(made: queue.Queue[B | None], running: list[Future[None]]) -> Iterator[B]:
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


def _put(made: queue.Queue[B | None], batch: B | None, gone: threading.Event) -> None:
    while not gone.is_set():
        with suppress(queue.Full):
            made.put(batch, timeout=WAIT_S)
            return


def _read(plan: Plan, part: Part, make: Make[B], *, use_threads: bool) -> Iterator[B]:
    try:
        for batch in rows(part, plan.columns, use_threads=use_threads):
            made = make(plan, batch)
            if len(made):
                yield made
    except (OSError, pa.ArrowException) as error:
        raise NotTaken(reason=f"a file that cannot be read to its end: {error}") from error


def make_points(plan: Plan, batch: pa.RecordBatch) -> PointBatch:
    """The wanted rows of a batch as points."""
    assert plan.points is not None  # noqa: S101  (the plan's geometry is points)
    read = _columns(plan, batch)
    wanted, count = _wanted(plan, read, batch.num_rows)
    # Overflow and NaN are values of doubles, not events.
    with np.errstate(all="ignore"):
        points = plan.points(read)
    faults = np.zeros(count, np.uint8)
    if points.valid is not None:
        spread = _spread(_nulls(points.valid), batch.num_rows)
        faults = spread.copy() if wanted is None else spread[wanted.view(np.bool_)]
    return PointBatch(
        x=_picked(points.x, batch.num_rows, wanted, count),
        y=_picked(points.y, batch.num_rows, wanted, count),
        faults=faults,
        weights=_weights(plan, read, batch.num_rows, wanted, count),
    )


def make_shapes(plan: Plan, batch: pa.RecordBatch) -> ShapeBatch:
    """The wanted rows of a batch, whose geometries are text."""
    read = _columns(plan, batch)
    wanted, count = _wanted(plan, read, batch.num_rows)
    place = next(i for i, column in enumerate(plan.columns) if column.number == plan.text)
    written = batch.column(place)
    if wanted is not None:
        written = written.filter(pa.array(wanted.view(np.bool_)))
    return ShapeBatch(
        wkb=texts.polygons(written),
        faults=_nulls(written.is_valid().to_numpy(zero_copy_only=False)),
        weights=_weights(plan, read, batch.num_rows, wanted, count),
    )


def _nulls(valid: v.Mask) -> Flags:
    """The faults of rows that are there, or not."""
    return np.where(valid, Fault.NONE, Fault.NULL).astype(np.uint8)


def _columns(plan: Plan, batch: pa.RecordBatch) -> v.Rows:
    return {
        column.number: _column(batch.column(i), column.type)
        for i, column in enumerate(plan.columns)
        if column.number != plan.text
    }


def _column(array: pa.Array, kind: str) -> v.Column:
    """An Arrow array's values and nulls, without a copy where it can be."""
    valid = array.is_valid().to_numpy(zero_copy_only=False) if array.null_count else None
    if kind == "boolean":
        filled = array.fill_null(False) if array.null_count else array
        return v.Column(filled.to_numpy(zero_copy_only=False), valid)
    return v.Column(values_of(array, np.dtype(TYPES[kind])), valid)


def _wanted(plan: Plan, read: v.Rows, size: int) -> tuple[Flags | None, int]:
    """Which rows are wanted, None where all are, and how many."""
    if plan.keep is None:
        return None, size
    with np.errstate(all="ignore"):
        keep = _flags(plan.keep(read).is_true, size)
    count = int(located.count_true(keep))
    return (None if count == size else keep), count


def _weights(
    plan: Plan, read: v.Rows, size: int, wanted: Flags | None, count: int
) -> tuple[Reals | None, ...]:
    with np.errstate(all="ignore"):
        weights = [None if weigh is None else _reals(weigh(read)) for weigh in plan.weights]
    return tuple(
        None if weight is None else _picked(weight, size, wanted, count) for weight in weights
    )


def _reals(weight: v.Column) -> Reals:
    """Doubles, NaN for null."""
    values: Reals = weight.values.astype(np.float64, copy=False)
    return values if weight.valid is None else np.where(weight.valid, values, np.nan)


def _picked(values: NDArray[np.float64], size: int, wanted: Flags | None, count: int) -> Reals:
    spread: Reals = np.ascontiguousarray(_spread(values, size))
    if wanted is None:
        return spread
    # One place more: the kernel writes before it knows whether the value is wanted.
    room = np.empty(count + 1)
    located.pick(spread, wanted, room)
    # Few rows that are kept for the next picture must not hold the room of many.
    return room[:count].copy() if 2 * count < size else room[:count]


def _flags(mask: v.Mask, size: int) -> Flags:
    return np.ascontiguousarray(_spread(mask, size)).view(np.uint8)


def _spread(values: NDArray[S], size: int) -> NDArray[S]:
    """A constant as a column."""
    return values if len(values) == size else np.broadcast_to(values, size)
