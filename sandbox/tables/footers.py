"""Facts of Parquet and ORC files that their footers tell, without reading a row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.orc as po
import pyarrow.parquet as pq

from sandbox.tables.declared import REJECTED

COUNTED = frozenset({"parquet", "geoparquet", "orc"})
"""Formats whose footers tell the number of rows."""


def count_rows(provider: str | None, files: Sequence[str]) -> int | None:
    """Rows in the files; None where footers do not tell, or a file went while we looked."""
    if (provider or "").lower() not in COUNTED:
        return None
    count = _orc_rows if provider == "orc" else _parquet_rows
    try:
        return sum(count(name) for name in files)
    except (OSError, pa.ArrowException):
        return None


def rejected_rows(folder: Path) -> tuple[int, str | None]:
    """How many rows of a written generation did not fit, and the text of the first one."""
    count, first = 0, None
    for path in sorted(folder.glob("*.parquet")):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=[REJECTED]):
                column = batch.column(0)
                count += len(column) - column.null_count
                if first is None and column.null_count < len(column):
                    first = column.drop_null()[0].as_py()
    return count, first


def _parquet_rows(name: str) -> int:
    return int(pq.read_metadata(name).num_rows)


def _orc_rows(name: str) -> int:
    return int(po.ORCFile(name).nrows)
