"""A frame's rows, printed as they come and in the order that the query asks for."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any, Final

from pyspark.sql import DataFrame

from sandbox.query.batches import BatchStream, Converters
from sandbox.query.columns import Field, fields_of
from sandbox.query.projection import carry, project
from sandbox.query.spool import Spool
from sandbox.sqlpp.errors import SqlppError
from sandbox.statements.printing import RowPrinter
from sandbox.statements.program import Run
from sandbox.statements.sinks import Sink
from sandbox.statements.spark_rows import BatchPrinter

DUPLICATE_FIELD: Final = "ASX0013"
_KEPT_BYTES: Final = 1024**2
"""So much of a result without an order is kept for the sake of one."""
_SCANS: Final = ("FileSourceScan", "BatchScan", "RowDataSourceScan", "InMemoryTableScan")


def fields_for_rows(frame: DataFrame) -> list[Field]:
    """The columns of a frame; raises SqlppError if an object could not hold them all."""
    fields = fields_of(frame._jdf.schema())
    seen: set[str] = set()
    for name in (field.name for field in fields):
        if name in seen:
            raise SqlppError(DUPLICATE_FIELD, f"Duplicate field name '{name}'")
        seen.add(name)
    return fields


class RowStream:
    """Writes frames to sinks."""

    def __init__(self, converters: Converters, spool_dir: Path) -> None:
        self._converters = converters
        self._spool_dir = spool_dir

    def write(
        self,
        frame: DataFrame,
        sink: Sink,
        run: Run,
        *,
        is_bare: bool = False,
        is_ordered: bool | None = None,
    ) -> None:
        """All rows of the frame, as they are computed.

        With `is_bare` a row is the value of its one column; `is_ordered` None: as the plan says.
        """
        # A job was compiled as another piece of work: it is this one that may be stopped.
        run.join()
        carried = [carry(field, as_text=True) for field in fields_for_rows(frame)]
        rows = RowPrinter.of(run.statements, is_array=sink.is_array)
        if run.statements.format == "csv" and run.statements.csv_header and not is_bare:
            sink.write_header(rows.header([column.field.name for column in carried]))
        printer = BatchPrinter(carried, rows, is_bare=is_bare)
        projected = project(frame, carried)
        is_strict = _is_ordered(frame) if is_ordered is None else is_ordered
        order = _Order(self._spool_dir, sink, is_strict=is_strict)
        pieces = BatchStream(self._converters, projected).pieces()
        with closing(pieces), closing(order):
            for partition, batch in pieces:
                run.work.check()
                if batch is None:
                    order.end(partition)
                else:
                    order.take(printer.print(batch), batch.num_rows, partition)
        run.processed_objects += scanned_rows(projected)


class _Order:
    """Passes on the rows of the partition whose turn it is, and keeps those that came early."""

    def __init__(self, spool_dir: Path, sink: Sink, *, is_strict: bool) -> None:
        self._is_strict = is_strict
        self._sink = sink
        self._spool_dir = spool_dir
        self._spool: Spool | None = None
        self._kept: dict[int, list[tuple[int, int]]] = {}
        """By partition: number of the piece in the spool, and its rows."""
        self._pieces = 0
        self._next = 0
        self._ended: set[int] = set()
        self._is_flooded = False

    def take(self, rows: bytes, count: int, partition: int) -> None:
        """Rows of a partition, behind those that came of it before."""
        if partition == self._next or self._is_flooded:
            self._sink.write(rows, count)
        else:
            self._keep(rows, count, partition)

    def end(self, partition: int) -> None:
        """All rows of a partition have come; its successors may have, too."""
        self._ended.add(partition)
        while self._next in self._ended:
            self._ended.remove(self._next)
            self._next += 1
            self._release(self._next)

    def close(self) -> None:
        """Let go of what was kept."""
        if self._spool is not None:
            self._spool.close()

    def _keep(self, rows: bytes, count: int, partition: int) -> None:
        if self._spool is None:
            self._spool = Spool(self._spool_dir)
        self._spool.append(rows)
        self._kept.setdefault(partition, []).append((self._pieces, count))
        self._pieces += 1
        if self._spool.size > _KEPT_BYTES and not self._is_strict:
            for early in sorted(self._kept):
                self._release(early)
            self._is_flooded = True

    def _release(self, partition: int) -> None:
        if self._spool is not None:
            for piece, count in self._kept.pop(partition, ()):
                self._sink.write(b"".join(self._spool.read([piece])), count)


def _is_ordered(frame: DataFrame) -> bool:
    """Whether the query says in which order its rows come."""
    return not frame._jdf.queryExecution().sparkPlan().outputOrdering().isEmpty()


def scanned_rows(frame: DataFrame) -> int:
    """How many rows the plan of a frame that has run read from tables."""
    return _scanned(frame._jdf.queryExecution().executedPlan())


def _scanned(plan: Any) -> int:
    name = str(plan.getClass().getSimpleName())
    if name == "AdaptiveSparkPlanExec":
        return _scanned(plan.executedPlan())
    if name.endswith("QueryStageExec"):
        return _scanned(plan.plan())
    children = plan.children()
    count = children.size()
    if count:
        return sum(_scanned(children.apply(i)) for i in range(count))
    if not name.startswith(_SCANS):
        return 0
    metric = plan.metrics().get("numOutputRows")
    return int(metric.get().value()) if metric.isDefined() else 0
