"""What a chart reads: plain arrays in batches, wherever they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sandbox.failure import AgentFailure
from wire.protocol import ErrorCode

Reals = NDArray[np.float64]
ColumnKind = Literal["geometry", "numeric", "text", "other"]


@dataclass(frozen=True, kw_only=True)
class SourceColumn:
    """A column of the SQL's result; `position` counts from 0, names may repeat."""

    position: int
    name: str
    kind: ColumnKind
    as_text: bool = False
    """Whether a chart reads it as text, into `Batch.labels`, and not as a number."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which columns a chart reads; a weight that is None has the value 1 in every row."""

    geometry: SourceColumn
    weights: tuple[SourceColumn | None, ...] = ()


ChooseWeights = Callable[[Sequence[SourceColumn]], tuple[SourceColumn | None, ...]]
"""From the columns that are no geometry to a chart's weights."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Some rows. `faults` (a Fault each) is the batch's own and may be written to."""

    faults: NDArray[np.uint8]
    weights: tuple[Reals | None, ...]
    labels: pa.StringArray | None = None
    """The values of the weight that is read as text, whose place in `weights` is None."""

    def __len__(self) -> int:
        """How many rows."""
        return len(self.faults)


@dataclass(frozen=True, kw_only=True)
class PointBatch(Batch):
    """Rows as coordinates; they mean nothing where the row has a fault.

    `order` tells the rows' order in the result where it was asked for.
    """

    x: Reals
    y: Reals
    order: NDArray[np.int64] | None = None


@dataclass(frozen=True, kw_only=True)
class ShapeBatch(Batch):
    """Rows as WKB; `order` tells the rows' order where the SQL asked for one."""

    wkb: pa.BinaryArray
    order: NDArray[np.int64] | None = None


class Columns(Protocol):
    """The chosen columns of one result: from Spark, and later from files or a cache."""

    @property
    def source(self) -> Literal["direct", "spark", "cache"]:
        """Where the rows come from."""

    @property
    def cached(self) -> bool:
        """Whether the SQL did not run again for them."""

    def points(self, *, in_order: bool = False) -> Iterator[PointBatch]:
        """The rows as points, with `order` if asked; other geometries have the fault WRONG_TYPE."""

    def shapes(self) -> Iterator[ShapeBatch]:
        """The rows as they are."""


class StartOver(Exception):
    """Rows turned out to be of a kind that their provider does not know; `columns` has them all."""

    def __init__(self, columns: Columns) -> None:
        super().__init__("the rows must be read again in another way")
        self.columns = columns


class Provider(Protocol):
    """Runs SQL in one session."""

    def open(self, sql: str, choose_weights: ChooseWeights) -> Columns:
        """Resolve `sql`; raises AgentFailure: its errors, or no geometry in the result."""


def choose(columns: Sequence[SourceColumn], weights: ChooseWeights) -> Choice:
    """The geometry by its type, whatever its name and place, and what `weights` takes."""
    shapes = [column for column in columns if column.kind == "geometry"]
    geometry = shapes[0] if shapes else _text_geometry(columns)
    others = [column for column in columns if column is not geometry]
    return Choice(geometry=geometry, weights=weights(others))


def named(columns: Sequence[SourceColumn], name: str) -> SourceColumn | None:
    """The first column of that name, in any case."""
    found = next((column for column in columns if column.name.lower() == name), None)
    if found is not None and found.kind not in ("numeric", "text"):
        message = f"{found.name}: a weight must be a number"
        raise AgentFailure(ErrorCode.BAD_PARAMETER, message, facts={"parameter": found.name})
    return found


def numeric(columns: Sequence[SourceColumn]) -> list[SourceColumn]:
    """Columns of numbers, in order."""
    return [column for column in columns if column.kind == "numeric"]


def no_weight(columns: Sequence[SourceColumn]) -> tuple[SourceColumn | None, ...]:
    """For charts that do not look at weights."""
    return ()


def one_weight(columns: Sequence[SourceColumn]) -> tuple[SourceColumn | None, ...]:
    """`w`, else the first column of numbers, else every row weighs 1."""
    found = named(columns, "w")
    return (found or next(iter(numeric(columns)), None),)


_WKT_NAMES = ("geometry", "geom", "wkt", "the_geom", "point", "shape")


def _text_geometry(columns: Sequence[SourceColumn]) -> SourceColumn:
    """A column of WKT: by a usual name, else the first text."""
    texts = [column for column in columns if column.kind == "text"]
    usual = [column for column in texts if column.name.lower() in _WKT_NAMES]
    if not texts:
        raise _no_geometry(columns)
    return (usual or texts)[0]


def _no_geometry(columns: Sequence[SourceColumn]) -> AgentFailure:
    names = ", ".join(column.name for column in columns) or "no columns"
    message = f"geometry: the result has neither a geometry nor a WKT column (it has {names})"
    return AgentFailure(ErrorCode.BAD_PARAMETER, message, facts={"parameter": "geometry"})
