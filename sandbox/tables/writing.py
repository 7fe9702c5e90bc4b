"""Rows into a generation of their own, and what to do with those that do not fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from sandbox.failure import AgentFailure
from sandbox.query.columns import Field, fields_of, quoted
from sandbox.tables.declared import REJECTED
from sandbox.tables.footers import count_rows, rejected_rows
from sandbox.tables.generations import Generations
from sandbox.tables.paths import files_under
from wire.messages import TableSource
from wire.protocol import ErrorCode

LENIENT = frozenset({"permissive", "dropmalformed"})
STRICT = frozenset({"strict", "failfast"})
SHOWN_CHARS = 200


@dataclass(frozen=True)
class Written:
    """A generation on disk: its folder, the columns it has, the rows that were left out."""

    folder: Path
    fields: list[Field]
    rejected: int = 0


def is_lenient(source: TableSource) -> bool:
    """Whether rows that do not fit are left out; BAD_PARAMETER for an unknown `options.mode`."""
    given = {key.lower(): value for key, value in source.options.items()}.get("mode", "strict")
    if given.lower() not in LENIENT | STRICT:
        raise AgentFailure(
            ErrorCode.BAD_PARAMETER,
            f"options.mode is {given!r}; it may be strict, PERMISSIVE or DROPMALFORMED",
        )
    return given.lower() in LENIENT


class Writer:
    """Writes generations; one that fails leaves nothing behind."""

    def __init__(self, generations: Generations) -> None:
        self._generations = generations

    def write(self, session: SparkSession, source: TableSource, frame: DataFrame) -> Written:
        """The rows as Parquet; LOAD_FAILED with number and first one if some do not fit."""
        lenient = is_lenient(source)
        folder = self._generations.new(source.name.lower())
        frame = _storable(frame)
        fields = [f for f in fields_of(frame._jdf.schema()) if f.name != REJECTED]
        try:
            frame.write.parquet(str(folder))
            # The marks are written with the rows and only then counted: one pass over the
            # source, and a column that is null throughout costs nothing.
            rejected, first = rejected_rows(folder) if REJECTED in frame.columns else (0, None)
            if not rejected:
                return Written(folder, fields)
            if lenient:
                return Written(self._keep_fitting(session, source, folder), fields, rejected)
            raise _misfits(rejected, folder, first or "")
        except BaseException:
            self._generations.discard(folder)
            raise

    def _keep_fitting(self, session: SparkSession, source: TableSource, folder: Path) -> Path:
        kept = self._generations.new(source.name.lower())
        rows = session.read.parquet(str(folder)).filter(f"{REJECTED} IS NULL")
        try:
            rows.drop(REJECTED).write.parquet(str(kept))
        except BaseException:
            self._generations.discard(kept)
            raise
        self._generations.discard(folder)
        return kept


def _storable(frame: DataFrame) -> DataFrame:
    """The frame with columns of no type (`SELECT NULL`) as strings: Parquet has none such."""
    fields = fields_of(frame._jdf.schema())
    for name in (field.name for field in fields if field.type == "void"):
        frame = frame.withColumn(name, frame[quoted(name)].cast("string"))
    return frame


def _misfits(rejected: int, folder: Path, first: str) -> AgentFailure:
    total = count_rows("parquet", files_under(str(folder))) or 0
    shown = first if len(first) <= SHOWN_CHARS else first[:SHOWN_CHARS] + "…"
    rows = "row does" if rejected == 1 else "rows do"
    return AgentFailure(
        ErrorCode.LOAD_FAILED,
        f"{rejected} of {total} {rows} not fit the schema; the first: {shown}",
        facts={"rejected": str(rejected), "rows": str(total)},
    )
