"""Spark's columns as SQL++ values: each type as the kind that it is, geometries as WKT.

| Spark | SQL++ |
|---|---|
| tinyint … bigint | int8 … int64 |
| float, double | float, double |
| decimal | double where a double holds its digits, else string |
| date, timestamp | date, datetime (in milliseconds) |
| binary, boolean, string | binary, boolean, string |
| struct, map | object |
| array | array |
| variant | what it holds |
| geometry | string (WKT) |
| interval | string |
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from typing import Any, Final

import pyarrow as pa

from sandbox.query.columns import SqlType
from sandbox.query.projection import Carried, Kind, is_number
from sandbox.query.shapes import Srids, wkt
from sandbox.sqlpp.values import Date, DateTime, Float32, Int8, Int16, Int32, Value

_EPOCH: Final = datetime.date(1970, 1, 1)
_EPOCH_UTC: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MS: Final = datetime.timedelta(milliseconds=1)
_WIDTHS: Final[dict[str, Callable[[Any], Value]]] = {
    "byte": Int8,
    "short": Int16,
    "integer": Int32,
    "float": Float32,
}


def values_of(column: pa.Array, carried: Carried) -> list[Value]:
    """The values of one column, null for null."""
    if carried.kind is Kind.GEOMETRY:
        return list(wkt(Srids().read(column)).to_pylist())
    if carried.kind is Kind.JSON:
        return [None if text is None else json.loads(text) for text in column.to_pylist()]
    return _plain(column, carried.field.type)


def rows_of(batch: pa.RecordBatch, carried: list[Carried]) -> Iterator[dict[str, Value]]:
    """The rows of a batch as objects."""
    names = [column.field.name for column in carried]
    columns = [values_of(batch.column(i), column) for i, column in enumerate(carried)]
    for values in zip(*columns, strict=True):
        yield dict(zip(names, values, strict=True))


def sqlpp_type(kind: SqlType) -> str:
    """The name of the type whose values a column of Spark's has."""
    if isinstance(kind, dict):
        return _NESTED.get(kind["type"], "string")
    if kind.startswith("decimal"):
        return "double" if is_number(kind) else "string"
    return _NAMES.get(kind, "string")


_NESTED: Final = {"struct": "object", "map": "object", "array": "array"}
_NAMES: Final = {
    "boolean": "boolean",
    "byte": "int8",
    "short": "int16",
    "integer": "int32",
    "long": "int64",
    "float": "float",
    "double": "double",
    "date": "date",
    "timestamp": "datetime",
    "timestamp_ntz": "datetime",
    "binary": "binary",
    "variant": "any",
    "void": "null",
}


def _plain(column: pa.Array, kind: SqlType) -> list[Value]:
    if pa.types.is_date(column.type):
        return [None if v is None else Date(v) for v in column.cast(pa.int32()).to_pylist()]
    if pa.types.is_timestamp(column.type):
        micros = column.cast(pa.timestamp("us")).cast(pa.int64()).to_pylist()
        return [None if v is None else DateTime(v // 1000) for v in micros]
    if pa.types.is_decimal(column.type):
        return [_decimal(v, str(kind)) for v in column.to_pylist()]
    width = _WIDTHS.get(kind) if isinstance(kind, str) else None
    if width is not None:
        return [None if v is None else width(v) for v in column.to_pylist()]
    if pa.types.is_nested(column.type):
        convert = _converter(kind)
        return [None if v is None else convert(v) for v in column.to_pylist()]
    return _texts(column) if pa.types.is_string(column.type) else list(column.to_pylist())


def _texts(column: pa.Array) -> list[Value]:
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:  # Spark lets any bytes be a string
        raw = column.cast(pa.binary()).to_pylist()
        return [None if v is None else v.decode("utf-8", "replace") for v in raw]


def _decimal(value: Any, kind: str) -> Value:
    if value is None:
        return None
    return float(value) if is_number(kind) else f"{value:f}"


def _converter(kind: SqlType) -> Callable[[Any], Value]:
    """A function from what Arrow makes of a nested value to ours; it is never given None."""
    if isinstance(kind, str):
        return _word_converter(kind)
    match kind["type"]:
        case "array":
            item = _or_null(_converter(kind["elementType"]))
            return lambda values: [item(value) for value in values]
        case "map":
            item = _or_null(_converter(kind["valueType"]))
            return lambda pairs: {_key(key): item(value) for key, value in pairs}
        case "struct":
            members = {f["name"]: _or_null(_converter(f["type"])) for f in kind["fields"]}
            return lambda row: {name: convert(row[name]) for name, convert in members.items()}
        case _:
            return _same


def _word_converter(kind: str) -> Callable[[Any], Value]:
    return _WIDTHS.get(kind) or _WORDS.get(kind, _same)


def _or_null(convert: Callable[[Any], Value]) -> Callable[[Any], Value]:
    return lambda value: None if value is None else convert(value)


def _same(value: Any) -> Value:
    return value


def _date(value: datetime.date) -> Date:
    return Date((value - _EPOCH).days)


def _moment(value: datetime.datetime) -> DateTime:
    zoned = value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
    return DateTime((zoned - _EPOCH_UTC) // _MS)


def _key(key: Any) -> str:
    return key if isinstance(key, str) else str(key)


_WORDS: Final[dict[str, Callable[[Any], Value]]] = {
    "date": _date,
    "timestamp": _moment,
    "timestamp_ntz": _moment,
    "variant": json.loads,
}
