"""Batches as bytes, one encoder for each format: pieces that are joined in any order of batches."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.failure import AgentFailure
from sandbox.query import shapes, text
from sandbox.query.projection import Carried, Kind
from sandbox.query.shapes import Srids
from sandbox.query.text import Form
from wire.messages import Column
from wire.protocol import ErrorCode

_END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"
_WGS84 = 4326
_FEATURE, _PROPERTIES = ',{"type":"Feature","geometry":', '"properties":{'

Shape = Callable[[NDArray[Any]], pa.Array]
"""How geometries are written: WKT or GeoJSON."""


class Encoder(Protocol):
    """Turns batches into pieces, none of them empty; head and tail are known at the end."""

    overlap: int
    """So many bytes at the start of each piece only separate it from the one before."""

    def encode(self, batch: pa.RecordBatch) -> bytes:
        """One batch that has rows."""

    def head(self, schema: pa.Schema) -> bytes:
        """What goes before the first piece."""

    def tail(self) -> bytes:
        """What goes behind the last piece."""

    def columns(self) -> list[Column]:
        """The columns, with what their values told."""


class _Columns:
    """The columns that an encoder writes, and the SRIDs it met."""

    def __init__(self, carried: Sequence[Carried]) -> None:
        self.carried = list(carried)
        self.srids = [Srids() for _ in carried]

    def columns(self) -> list[Column]:
        """The columns of the result."""
        return [
            msgspec.structs.replace(column.field.to_column(), srid=srids.only)
            for column, srids in zip(self.carried, self.srids, strict=True)
        ]

    @property
    def names(self) -> list[str]:
        """Their names, which may repeat."""
        return [column.field.name for column in self.carried]

    def _texts(self, batch: pa.RecordBatch, shape: Shape) -> list[tuple[pa.Array, Form]]:
        """Each column as text."""
        return [self._text(place, batch.column(place), shape) for place in range(len(self.srids))]

    def _text(self, place: int, values: pa.Array, shape: Shape) -> tuple[pa.Array, Form]:
        column = self.carried[place]
        if column.kind is Kind.GEOMETRY:
            form = Form.JSON if shape is shapes.geojson else Form.STRING
            return shape(self.srids[place].read(values)), form
        if column.kind is Kind.JSON:
            return values, Form.JSON
        return text.to_text(values), text.form_of(values.type, column.field.type)


class JsonRows(_Columns):
    """A JSON array of rows: objects, arrays, or bare values."""

    overlap = 1

    def __init__(self, carried: Sequence[Carried], around: tuple[list[str], str]) -> None:
        super().__init__(carried)
        self._before, self._after = around

    @classmethod
    def records(cls, carried: Sequence[Carried]) -> JsonRows:
        """Rows as objects; raises AgentFailure(DUPLICATE_COLUMNS)."""
        refuse_duplicates([column.field.name for column in carried])
        keys = [_key(column.field.name) for column in carried]
        return cls(carried, (_between(keys, "{"), "}"))

    @classmethod
    def values(cls, carried: Sequence[Carried]) -> JsonRows:
        """Rows as arrays."""
        return cls(carried, (_between([""] * len(carried), "["), "]"))

    @classmethod
    def bare(cls, carried: Sequence[Carried]) -> JsonRows:
        """The values of the only column."""
        return cls(carried, ([","], ""))

    def encode(self, batch: pa.RecordBatch) -> bytes:
        """Rows, each with a comma in front."""
        return text.json_rows(self._before, self._texts(batch, shapes.wkt), self._after)

    def head(self, _schema: pa.Schema) -> bytes:
        """The array begins."""
        return b"["

    def tail(self) -> bytes:
        """The array ends."""
        return b"]"


class GeoJson(_Columns):
    """A FeatureCollection: the first geometry is the feature's, all else its properties."""

    overlap = 1

    def __init__(self, carried: Sequence[Carried]) -> None:
        super().__init__(carried)
        shaped = [i for i, column in enumerate(carried) if column.kind is Kind.GEOMETRY]
        if not shaped:
            raise AgentFailure(
                ErrorCode.BAD_PARAMETER, "format geojson needs a geometry column in the result"
            )
        self._shape = shaped[0]
        self._rest = [i for i in range(len(carried)) if i != self._shape]
        names = [carried[place].field.name for place in self._rest]
        refuse_duplicates(names)
        self._before = [_FEATURE, *_between([_key(name) for name in names], _PROPERTIES)]
        self._after = "}}" if names else f",{_PROPERTIES}}}}}"

    def encode(self, batch: pa.RecordBatch) -> bytes:
        """Features, each with a comma in front."""
        columns = self._texts(batch, shapes.geojson)
        ordered = [columns[place] for place in (self._shape, *self._rest)]
        return text.json_rows(self._before, ordered, self._after)

    def head(self, _schema: pa.Schema) -> bytes:
        """The collection begins; a CRS other than the standard's is named as GDAL does."""
        srid = self.srids[self._shape].only
        crs = ""
        if srid not in (None, _WGS84):
            name = f'{{"name":"urn:ogc:def:crs:EPSG::{srid}"}}'
            crs = f'"crs":{{"type":"name","properties":{name}}},'
        return f'{{"type":"FeatureCollection",{crs}"features":['.encode()

    def tail(self) -> bytes:
        """The collection ends."""
        return b"]}"


class Csv(_Columns):
    """RFC 4180: names first, lines end with CRLF, null is nothing and an empty text is quoted."""

    overlap = 0

    def encode(self, batch: pa.RecordBatch) -> bytes:
        """Lines."""
        values = [
            pc.fill_null(given if form is Form.PLAIN else text.csv_values(given), "")
            for given, form in self._texts(batch, shapes.wkt)
        ]
        lines = pc.binary_join_element_wise(*values, ",")
        return text.contents(pc.binary_join_element_wise(lines, "\r\n", ""))

    def head(self, _schema: pa.Schema) -> bytes:
        """The names."""
        if not self.names:
            return b""
        quoted = text.csv_values(pa.array(self.names, pa.string())).to_pylist()
        return (",".join(quoted) + "\r\n").encode()

    def tail(self) -> bytes:
        """Nothing."""
        return b""


class ArrowStream(_Columns):
    """An Arrow IPC stream; geometries are WKB with GeoArrow's metadata."""

    overlap = 0

    def encode(self, batch: pa.RecordBatch) -> bytes:
        """One message."""
        arrays = [
            shapes.wkb(self.srids[place].read(batch.column(place)))
            if column.kind is Kind.GEOMETRY
            else batch.column(place)
            for place, column in enumerate(self.carried)
        ]
        message = pa.RecordBatch.from_arrays(arrays, names=[str(i) for i in range(len(arrays))])
        return bytes(message.serialize())

    def head(self, schema: pa.Schema) -> bytes:
        """The schema, under the real names."""
        fields = [
            self._field(place, column, schema.field(place).type)
            for place, column in enumerate(self.carried)
        ]
        return bytes(pa.schema(fields).serialize())

    def tail(self) -> bytes:
        """The end of the stream."""
        return _END_OF_STREAM

    def _field(self, place: int, column: Carried, kind: pa.DataType) -> pa.Field:
        # Nullable throughout: a later batch may hold what the first one's flags deny.
        if column.kind is not Kind.GEOMETRY:
            return pa.field(column.field.name, kind)
        srid = self.srids[place].only
        crs = {"crs": f"EPSG:{srid}", "crs_type": "authority_code"} if srid else {}
        metadata = {
            "ARROW:extension:name": "geoarrow.wkb",
            "ARROW:extension:metadata": json.dumps(crs),
        }
        return pa.field(column.field.name, pa.binary(), metadata=metadata)


def encoder_for(fmt: str, carried: Sequence[Carried]) -> Encoder:
    """The encoder of a format; `auto` is bare values for one column, else records."""
    if fmt == "auto":
        fmt = "bare" if len(carried) == 1 else "records"
    return ENCODERS[fmt](carried)


def refuse_duplicates(names: Sequence[str]) -> None:
    """Raise AgentFailure(DUPLICATE_COLUMNS) if an object could not hold all of them."""
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise AgentFailure(
            ErrorCode.DUPLICATE_COLUMNS,
            f"the result has more than one column named {', '.join(repeated)}: "
            "rename them, or ask for format values, csv or arrow",
        )


ENCODERS: dict[str, Callable[[Sequence[Carried]], Encoder]] = {
    "records": JsonRows.records,
    "values": JsonRows.values,
    "bare": JsonRows.bare,
    "geojson": GeoJson,
    "csv": Csv,
    "arrow": ArrowStream,
}


def _key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False) + ":"


def _between(keys: list[str], opening: str) -> list[str]:
    """What goes before each value of a row; the first also opens the row."""
    return [("," + opening if i == 0 else ",") + key for i, key in enumerate(keys)]
