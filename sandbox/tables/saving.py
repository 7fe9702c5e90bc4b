"""Results of SQL as files: written beside their place first, then moved there."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from sandbox.failure import AgentFailure
from sandbox.query.columns import fields_of, quoted
from sandbox.query.results import Collector, Limits
from sandbox.sqlerrors import translate
from sandbox.tables.paths import Paths, files_under
from wire.messages import SavedTable, TableTarget
from wire.protocol import ErrorCode

FORMATS = ("csv", "json", "parquet", "orc", "geoparquet", "geojson")
_TEXT = frozenset({"csv", "json"})
# Spark would trim texts, and escape quotes as nobody else does.
_CSV = {
    "header": "true",
    "escape": '"',
    "ignoreleadingwhitespace": "false",
    "ignoretrailingwhitespace": "false",
}


@dataclass(frozen=True)
class Outcome:
    """What was written aside for one target."""

    target: TableTarget
    place: Path
    aside: Path
    num_rows: int


class Saver:
    """Writes targets: all of them are written aside before the first is put in its place."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def save(self, session: SparkSession, targets: Sequence[TableTarget]) -> list[SavedTable]:
        """The files written; raises AgentFailure naming the path that could not be."""
        written: list[Outcome | SavedTable] = []
        try:
            for target in targets:
                written.append(self._write(session, target))
            return [self._settle(outcome) for outcome in written]
        finally:
            for outcome in written:
                if isinstance(outcome, Outcome):
                    _remove(outcome.aside)

    def _write(self, session: SparkSession, target: TableTarget) -> Outcome | SavedTable:
        fmt = _format_of(target)
        place = Path(self._paths.resolve(target.path))
        if place.exists() and target.mode == "error":
            raise AgentFailure(ErrorCode.SAVE_FAILED, f"{target.path} exists already")
        if place.exists() and target.mode == "ignore":
            return SavedTable(path=self._paths.shown(place), files=[])
        try:
            return self._aside(session, target, fmt, place)
        except Exception as error:
            raise _named(target, translate(error)) from error

    def _aside(self, session: SparkSession, target: TableTarget, fmt: str, place: Path) -> Outcome:
        aside = place.parent / f".{place.name}.{uuid.uuid4().hex[:8]}"
        frame = session.sql(target.sql)
        if not frame.columns:
            raise AgentFailure(ErrorCode.BAD_PARAMETER, "its sql gives no columns")
        write = _write_collection if fmt == "geojson" else _write_folder
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            num_rows = write(frame, target, aside)
        except BaseException:
            _remove(aside)
            raise
        return Outcome(target, place, aside, num_rows)

    def _settle(self, outcome: Outcome | SavedTable) -> SavedTable:
        if isinstance(outcome, SavedTable):
            return outcome
        files = _put(outcome)
        return SavedTable(
            path=self._paths.shown(outcome.place),
            files=[self._paths.shown(file) for file in files],
            num_rows=outcome.num_rows,
            bytes=sum(file.stat().st_size for file in files),
        )


def _write_folder(frame: DataFrame, target: TableTarget, aside: Path) -> int:
    """As Spark writes: a folder of files; how many rows."""
    fmt, rows = target.format.lower(), Observation()
    frame = _writable(frame, fmt).observe(rows, F.count(F.lit(1)).alias("n"))
    options = _CSV | _lower(target.options) if fmt == "csv" else target.options
    frame.write.format(fmt).options(**options).save(str(aside))
    return int(rows.get["n"])


def _write_collection(frame: DataFrame, target: TableTarget, aside: Path) -> int:
    """One file that every reader of GeoJSON takes; how many rows."""
    if target.mode == "append":
        raise AgentFailure(ErrorCode.BAD_PARAMETER, "nothing can be appended to a geojson file")
    collector = Collector(frame.sparkSession, aside.parent)
    result = collector.collect(frame, "geojson", Limits())
    try:
        with aside.open("wb") as file:
            file.writelines(result.chunks())
    finally:
        result.close()
    return result.head.num_rows or 0


def _put(outcome: Outcome) -> list[Path]:
    """Move what was written, and nothing else that Spark left, to where it belongs."""
    place, aside = outcome.place, outcome.aside
    if outcome.target.mode == "overwrite":
        _remove(place)
    if aside.is_file():
        return [aside.rename(place)]
    if place.is_file():
        raise AgentFailure(
            ErrorCode.SAVE_FAILED, f"{outcome.target.path} is a file; append needs a folder"
        )
    moved = []
    for file in map(Path, files_under(str(aside))):
        target = place / file.relative_to(aside)
        target.parent.mkdir(parents=True, exist_ok=True)
        moved.append(file.rename(target))
    return moved


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _format_of(target: TableTarget) -> str:
    fmt = target.format.lower()
    if fmt not in FORMATS:
        raise AgentFailure(
            ErrorCode.BAD_PARAMETER,
            f"{target.path}: unknown format {target.format!r}; one of {', '.join(FORMATS)}",
        )
    return fmt


def _writable(frame: DataFrame, fmt: str) -> DataFrame:
    """Geometries as WKT in text and WKB in ORC; the other formats know them."""
    shapes = [f.name for f in fields_of(frame._jdf.schema()) if f.is_geometry]
    if fmt == "geoparquet" and not shapes:
        raise AgentFailure(ErrorCode.BAD_PARAMETER, f"{fmt} needs a geometry column")
    if fmt not in _TEXT | {"orc"}:
        return frame
    function = "ST_AsBinary" if fmt == "orc" else "ST_AsText"
    for name in shapes:
        frame = frame.withColumn(name, F.expr(f"{function}({quoted(name)})"))
    return frame


def _lower(options: dict[str, str]) -> dict[str, str]:
    return {key.lower(): value for key, value in options.items()}


def _named(target: TableTarget, failure: AgentFailure) -> AgentFailure:
    return AgentFailure(
        failure.code,
        f"{target.path}: {failure.message}",
        ename=failure.ename,
        evalue=failure.evalue,
        traceback=failure.traceback,
        facts=failure.facts,
    )
