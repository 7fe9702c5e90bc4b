"""Columns by way of Spark: geometries become numbers there and stream here as Arrow batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, NumericType, StringType

from sandbox.render.buffers import values_of
from sandbox.render.columns import (
    Choice,
    ColumnKind,
    PointBatch,
    Reals,
    ShapeBatch,
    SourceColumn,
)
from sandbox.render.tally import Fault
from sandbox.rows import batches

_GEOMETRY: Final = "geometry"
_KEEP_ORDER: Final = frozenset(
    {"Project", "SubqueryAlias", "GlobalLimit", "LocalLimit", "Filter", "View", "Offset"}
)
"""Nodes of a plan that keep the order of what is under them."""


@dataclass(frozen=True, kw_only=True)
class SparkColumns:
    """The chosen columns of one data frame.

    `made_of_coordinates` says that the geometry is `ST_Point` of every row.
    """

    frame: DataFrame
    choice: Choice
    made_of_coordinates: bool = False
    source: Literal["direct", "spark", "cache"] = "spark"
    cached: bool = False

    def points(self, *, in_order: bool = False) -> Iterator[PointBatch]:
        """The rows as points; their order is that of partitions and of rows in them."""
        order = [F.monotonically_increasing_id().alias("order")] if in_order else []
        if self.made_of_coordinates and not in_order:
            yield from self._plain_points()
            return
        for batch in batches(_with_faults(self._coordinates(order))):
            yield PointBatch(
                x=_reals(batch.column(0)),
                y=_reals(batch.column(1)),
                faults=_faults(batch.column(2)),
                order=_integers(batch.column(3)) if in_order else None,
                weights=self._weights(batch, first=3 + len(order)),
                labels=self._labels(batch, first=3 + len(order)),
            )

    def _plain_points(self) -> Iterator[PointBatch]:
        """Points that are only ever null: nothing has to be asked of the geometry."""
        x, y = self._x_and_y
        for batch in batches(self._select([x.alias("x"), y.alias("y")])):
            nulls = _is_null(batch.column(0))
            yield PointBatch(
                x=_reals(batch.column(0)),
                y=_reals(batch.column(1)),
                faults=np.where(nulls, Fault.NULL, Fault.NONE).astype(np.uint8),
                weights=self._weights(batch, first=2),
                labels=self._labels(batch, first=2),
            )

    def shapes(self) -> Iterator[ShapeBatch]:
        """The rows as they are; with their order if the SQL has an ORDER BY."""
        wkb = F.call_function("ST_AsBinary", self._geometry).alias("wkb")
        ordered = is_ordered(self.frame)
        order = [F.monotonically_increasing_id().alias("order")] if ordered else []
        for batch in batches(self._select([wkb, *order])):
            yield ShapeBatch(
                wkb=batch.column(0),
                order=_integers(batch.column(1)) if ordered else None,
                faults=np.where(_is_null(batch.column(0)), Fault.NULL, Fault.NONE).astype(np.uint8),
                weights=self._weights(batch, first=1 + len(order)),
                labels=self._labels(batch, first=1 + len(order)),
            )

    @cached_property
    def _renamed(self) -> DataFrame:
        """Names of a result may repeat; places do not."""
        return self.frame.toDF(*(f"c{i}" for i in range(len(self.frame.columns))))

    @property
    def _geometry(self) -> Column:
        column = self._renamed[f"c{self.choice.geometry.position}"]
        if self.choice.geometry.kind == "geometry":
            return column
        return F.call_function("ST_GeomFromText", column)

    @property
    def _x_and_y(self) -> tuple[Column, Column]:
        return F.call_function("ST_X", self._geometry), F.call_function("ST_Y", self._geometry)

    def _coordinates(self, order: list[Column]) -> DataFrame:
        """x, y, the geometry, the order if any, then the weights."""
        x, y = self._x_and_y
        return self._select([x.alias("x"), y.alias("y"), self._geometry.alias("geometry"), *order])

    def _select(self, plain: list[Column]) -> DataFrame:
        used = [column for column in self.choice.weights if column is not None]
        weights = [self._weight(column).alias(f"weight{i}") for i, column in enumerate(used)]
        return self._renamed.select(*plain, *weights)

    def _weight(self, column: SourceColumn) -> Column:
        value = self._renamed[f"c{column.position}"]
        if column.as_text:
            return value.cast("string")
        # A text that is no number is a row without weight, not an error of ANSI mode.
        return value.try_cast("double") if column.kind == "text" else value.cast("double")

    def _weights(self, batch: pa.RecordBatch, first: int) -> tuple[Reals | None, ...]:
        arrays = iter(batch.columns[first:])
        found = [None if c is None else (c, next(arrays)) for c in self.choice.weights]
        return tuple(
            None if pair is None or pair[0].as_text else _nan_for_null(pair[1]) for pair in found
        )

    def _labels(self, batch: pa.RecordBatch, first: int) -> pa.StringArray | None:
        used = [column for column in self.choice.weights if column is not None]
        for column, array in zip(used, batch.columns[first:], strict=True):
            if column.as_text:
                return array
        return None


def _with_faults(coordinates: DataFrame) -> DataFrame:
    """The geometry replaced by what is wrong with it; a step of its own, so that x, which tells
    in nearly every row, is worked out once."""
    geometry, *weights = coordinates.columns[2:]
    fault = (
        F.when(F.col("x").isNotNull(), int(Fault.NONE))
        .when(F.col(geometry).isNull(), int(Fault.NULL))
        .when(F.call_function("ST_IsEmpty", F.col(geometry)), int(Fault.EMPTY))
        .otherwise(int(Fault.WRONG_TYPE))
    )
    return coordinates.select("x", "y", fault.cast("tinyint").alias("fault"), *weights)


def kind_of(data_type: DataType) -> ColumnKind:
    """What a chart may use a column of that type for."""
    if data_type.typeName() == _GEOMETRY or type(data_type).__name__ == "GeometryType":
        return "geometry"
    if isinstance(data_type, NumericType):
        return "numeric"
    return "text" if isinstance(data_type, StringType) else "other"


def is_ordered(frame: DataFrame) -> bool:
    """Whether the SQL asked for an order of its rows."""
    plan: Any = frame._jdf.queryExecution().analyzed()
    while plan.nodeName() in _KEEP_ORDER and plan.children().size() == 1:
        plan = plan.children().head()
    # `global` is a word of Python.
    return bool(plan.nodeName() == "Sort" and getattr(plan, "global")())


def _reals(array: pa.DoubleArray) -> Reals:
    """The values as they lie there; what null rows hold means nothing."""
    return values_of(array, np.dtype(np.float64))


def _integers(array: pa.Int64Array) -> NDArray[np.int64]:
    return values_of(array, np.dtype(np.int64))


def _faults(array: pa.Int8Array) -> NDArray[np.uint8]:
    faults: NDArray[np.uint8] = values_of(array, np.dtype(np.uint8)).copy()
    return faults


def _nan_for_null(array: pa.DoubleArray) -> Reals:
    values: Reals = array.to_numpy(zero_copy_only=False)
    return values


def _is_null(array: pa.Array) -> NDArray[np.bool_]:
    nulls: NDArray[np.bool_] = array.is_null().to_numpy(zero_copy_only=False)
    return nulls
