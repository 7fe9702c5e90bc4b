"""Batches of charts as Arrow record batches, and back, without copies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sandbox.render.buffers import values_of
from sandbox.render.columns import Batch, Choice, PointBatch, Reals, ShapeBatch, SourceColumn

_LABEL = "label"


def packed(batch: Batch, choice: Choice) -> pa.RecordBatch:
    """A batch whose weights are those of `choice`; nothing of it changes when the batch does."""
    # What takes the batch writes to its faults.
    columns: dict[str, Any] = {"faults": batch.faults.copy()}
    if isinstance(batch, PointBatch):
        columns |= {"x": batch.x, "y": batch.y}
        if batch.order is not None:
            columns["order"] = batch.order
    elif isinstance(batch, ShapeBatch):
        columns["wkb"] = batch.wkb
        if batch.order is not None:
            columns["order"] = batch.order
    for column, weights in zip(choice.weights, batch.weights, strict=True):
        if column is not None and weights is not None:
            columns[_name(column)] = weights
    if batch.labels is not None:
        columns[_LABEL] = batch.labels
    return pa.RecordBatch.from_arrays([pa.array(v) for v in columns.values()], list(columns))


def points(rows: pa.RecordBatch, choice: Choice) -> PointBatch:
    """The batch again, with the weights of `choice`."""
    return PointBatch(
        x=_reals(rows, "x"),
        y=_reals(rows, "y"),
        faults=_faults(rows),
        order=_order(rows),
        weights=_weights(rows, choice),
        labels=_labels(rows, choice),
    )


def shapes(rows: pa.RecordBatch, choice: Choice) -> ShapeBatch:
    """The batch again, with the weights of `choice`."""
    return ShapeBatch(
        wkb=rows.column("wkb"),
        faults=_faults(rows),
        order=_order(rows),
        weights=_weights(rows, choice),
        labels=_labels(rows, choice),
    )


def _name(column: SourceColumn) -> str:
    return f"weight{column.position}"


def _weights(rows: pa.RecordBatch, choice: Choice) -> tuple[Reals | None, ...]:
    return tuple(
        None if column is None or column.as_text else _reals(rows, _name(column))
        for column in choice.weights
    )


def _labels(rows: pa.RecordBatch, choice: Choice) -> pa.StringArray | None:
    wanted = any(column is not None and column.as_text for column in choice.weights)
    return rows.column(_LABEL) if wanted else None


def _reals(rows: pa.RecordBatch, name: str) -> Reals:
    return values_of(rows.column(name), np.dtype(np.float64))


def _faults(rows: pa.RecordBatch) -> NDArray[np.uint8]:
    faults: NDArray[np.uint8] = values_of(rows.column("faults"), np.dtype(np.uint8)).copy()
    return faults


def _order(rows: pa.RecordBatch) -> NDArray[np.int64] | None:
    if "order" not in rows.schema.names:
        return None
    return values_of(rows.column("order"), np.dtype(np.int64))
