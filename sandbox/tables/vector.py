"""Readers of files with shapes, by GDAL: shapefile (.shp or zip) and GeoJSON."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame

from sandbox.failure import AgentFailure
from sandbox.query.columns import quoted
from sandbox.tables.sources import Reading, reads
from wire.protocol import ErrorCode

_DRIVERS = {"geojson": "GeoJSON", "shapefile": "ESRI Shapefile"}
_SHAPES = "geometry"
BATCH_ROWS = 16_384
_PASSED = frozenset({"layer", "encoding"})


@dataclass(frozen=True)
class Layer:
    """One file that GDAL can open, and which of its layers is meant."""

    path: str
    options: dict[str, Any]


@reads("geojson", "shapefile")
def read_vector(reading: Reading) -> DataFrame:
    """Features as rows: their attributes, and `geometry` with its SRID where the CRS has one."""
    reading.scratch.mkdir(parents=True)
    paths: list[str] = []
    srids: set[int | None] = set()
    for number, layer in enumerate(_layers(reading)):
        target = str(reading.scratch / f"{number:05}.parquet")
        srids.add(_copy(reading, layer, target))
        paths.append(target)
    if len(srids) > 1:
        raise _unreadable(reading, "its files have different CRS")
    frame = reading.session.read.option("mergeSchema", str(len(paths) > 1).lower()).parquet(*paths)
    return _with_shapes(frame, srids.pop())


def _with_shapes(frame: DataFrame, srid: int | None) -> DataFrame:
    shape = f"ST_GeomFromWKB({quoted(_SHAPES)})"
    shape = f"ST_SetSRID({shape}, {srid})" if srid else shape
    names = [quoted(name) for name in frame.columns if name != _SHAPES]
    return frame.selectExpr(*names, f"{shape} AS {_SHAPES}")


def _copy(reading: Reading, layer: Layer, target: str) -> int | None:
    """Stream one layer into a Parquet file; its SRID."""
    # Not at the top: GDAL and pandas would delay the start of every scope.
    import pyogrio

    try:
        with pyogrio.open_arrow(
            layer.path, use_pyarrow=True, batch_size=BATCH_ROWS, **layer.options
        ) as (meta, reader):
            shapes = meta["geometry_name"] or "wkb_geometry"
            if shapes not in reader.schema.names:
                raise _unreadable(reading, "it has no geometries")
            _write(reader, shapes, target)
            return _srid(reading, meta.get("crs"))
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise _unreadable(reading, str(error)) from error


def _plain(batch: pa.RecordBatch, shapes: str) -> pa.RecordBatch:
    """The batch in types that Spark reads, the shapes last and under our name."""
    arrays, names = [], []
    for field, column in zip(batch.schema, batch.columns, strict=True):
        if field.name == shapes:
            continue
        arrays.append(_plain_column(column))
        # A feature's attribute may have the name that the shapes get.
        names.append(field.name if field.name != _SHAPES else f"{_SHAPES}_")
    wkb = batch.column(shapes)
    wkb = wkb.storage if isinstance(wkb, pa.ExtensionArray) else wkb
    return pa.RecordBatch.from_arrays([*arrays, wkb.cast(pa.binary())], [*names, _SHAPES])


def _plain_column(column: pa.Array) -> pa.Array:
    kind = column.type
    if isinstance(column, pa.ExtensionArray):
        return column.storage
    if pa.types.is_time(kind) or pa.types.is_dictionary(kind):
        return column.cast(pa.string())
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us", "UTC" if kind.tz else None))
    return column


def _write(reader: pa.RecordBatchReader, shapes: str, target: str) -> None:
    none = _plain(pa.RecordBatch.from_pylist([], schema=reader.schema), shapes)
    with pq.ParquetWriter(target, none.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(_plain(batch, shapes))


def _layers(reading: Reading) -> Iterator[Layer]:
    options = reading.options
    passed: dict[str, Any] = {key: options[key] for key in options.keys() & _PASSED}
    fmt = (reading.source.format or "").lower()
    wanted = (".shp", ".zip") if fmt == "shapefile" else ("",)
    files = [name for name in reading.found.files if name.lower().endswith(wanted)]
    if not files:
        raise _unreadable(reading, "no .shp or .zip there")
    for name in files:
        zipped = fmt == "shapefile" and name.lower().endswith(".zip")
        yield Layer(_inside(reading, name, passed) if zipped else name, passed)


def _inside(reading: Reading, name: str, options: dict[str, Any]) -> str:
    """The one .shp in a zip, or the one that the option `layer` names."""
    try:
        with zipfile.ZipFile(name) as archive:
            shapes = [entry for entry in archive.namelist() if entry.lower().endswith(".shp")]
    except zipfile.BadZipFile as error:
        raise _unreadable(reading, "it is no zip file") from error
    wanted = options.get("layer")
    shapes = [entry for entry in shapes if wanted in (None, Path(entry).stem)]
    if len(shapes) != 1:
        found = ", ".join(shapes) or "none"
        raise _unreadable(reading, f"one .shp is wanted (options.layer names it), found: {found}")
    return f"/vsizip/{name}/{shapes[0]}"


def _srid(reading: Reading, crs: str | None) -> int | None:
    if not crs:
        return None
    import pyproj

    code: int | None
    try:
        code = pyproj.CRS.from_user_input(crs).to_epsg()
    except pyproj.exceptions.CRSError:
        code = None
    if code is None:
        reading.warnings.append(
            f"table {reading.source.name}: its CRS has no EPSG code and was not kept"
        )
    return code


def _unreadable(reading: Reading, why: str) -> AgentFailure:
    source = reading.source
    return AgentFailure(
        ErrorCode.LOAD_FAILED,
        f"table {source.name}: cannot read {source.path} as {source.format}: {why}",
    )
