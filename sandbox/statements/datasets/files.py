"""Objects of a dataset as Parquet and back, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sandbox.sqlpp.values import Value
from sandbox.statements.datasets.declaration import OPEN, Declaration, from_arrow, to_arrow
from sandbox.statements.datasets.open_fields import from_text, to_text
from sandbox.statements.datasets.types import Scalar

BATCH_ROWS: Final = 8192
Row = dict[str, Value]


class RowFiles:
    """Reads and writes the files of one dataset."""

    def __init__(self, declaration: Declaration) -> None:
        self._declaration = declaration
        self._kinds = [_name(f.type) for f in declaration.columns]
        self._names = [field.name for field in declaration.columns]

    def write(self, path: Path, rows: Iterable[Row]) -> int:
        """Write the rows, and nothing where there are none; how many they were."""
        source, count = iter(rows), 0
        writer: pq.ParquetWriter | None = None
        try:
            while taken := list(islice(source, BATCH_ROWS)):
                if writer is None:
                    writer = pq.ParquetWriter(path, self._declaration.arrow, compression="snappy")
                writer.write_batch(self._batch(taken))
                count += len(taken)
        finally:
            if writer is not None:
                writer.close()
        return count

    def read(self, source: Path | pa.NativeFile) -> Iterator[Row]:
        """The rows of a file."""
        with pq.ParquetFile(source) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=self._declaration.arrow.names):
                yield from self._rows(batch)

    def keys(self, path: Path) -> Iterator[tuple[Value, ...]]:
        """The keys in a file."""
        wanted = self._declaration.key_columns
        if wanted is None:
            yield from map(self._declaration.key, self.read(path))
            return
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=wanted):
                yield from zip(*(self._values(batch, name) for name in wanted), strict=True)

    def holds(self, path: Path, keys: set[tuple[Value, ...]]) -> bool:
        """Whether one of the keys is in the file."""
        wanted = self._declaration.key_columns
        if wanted is None or len(wanted) > 1:
            return any(key in keys for key in self.keys(path))
        place = self._names.index(wanted[0])
        given = self._array([key[0] for key in keys], place)
        with pq.ParquetFile(path) as file:
            batches = file.iter_batches(BATCH_ROWS * 8, columns=wanted)
            return any(pc.any(pc.is_in(b.column(0), given)).as_py() for b in batches)

    def _batch(self, rows: Sequence[Row]) -> pa.RecordBatch:
        arrays = [
            self._array([row.get(name) for row in rows], place)
            for place, name in enumerate(self._names)
        ]
        if self._declaration.has_open:
            arrays.append(pa.array([self._open(row) for row in rows], pa.string()))
        return pa.RecordBatch.from_arrays(arrays, schema=self._declaration.arrow)

    def _array(self, values: Sequence[Value], place: int) -> pa.Array:
        convert = to_arrow(self._kinds[place])
        if convert is not None:
            values = [None if value is None else convert(value) for value in values]
        return pa.array(values, self._declaration.arrow.field(place).type)

    def _open(self, row: Row) -> str | None:
        names = self._names
        left = {n: v for n, v in row.items() if n not in names or v is None}
        return to_text(left) if left else None

    def _rows(self, batch: pa.RecordBatch) -> Iterator[Row]:
        columns = [self._values(batch, name) for name in self._names]
        opened = batch.column(OPEN).to_pylist() if self._declaration.has_open else None
        for place, values in enumerate(zip(*columns, strict=True) if columns else opened or ()):
            row = values if columns else ()
            text = opened[place] if opened is not None else None
            yield self._row(row, None if text is None else from_text(text))

    def _row(self, values: Sequence[Value], opened: Row | None) -> Row:
        row = {n: v for n, v in zip(self._names, values, strict=True) if v is not None}
        if not opened:
            return row
        # Declared fields come first, wherever they lie.
        found = row | opened
        declared = {f.name: found[f.name] for f in self._declaration.type.fields if f.name in found}
        return declared | found

    def _values(self, batch: pa.RecordBatch, name: str) -> list[Value]:
        column, kind = batch.column(name), self._kinds[self._names.index(name)]
        if kind == "date":
            column = column.cast(pa.int32())
        elif kind == "datetime":
            column = column.cast(pa.timestamp("us")).cast(pa.int64())
        values: list[Any] = column.to_pylist()
        convert = from_arrow(kind)
        if convert is None:
            return values
        return [None if value is None else convert(value) for value in values]


def _name(kind: object) -> str:
    return kind.name if isinstance(kind, Scalar) else ""
