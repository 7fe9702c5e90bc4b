"""Arrow columns as text, whole columns at a time: the pieces that JSON and CSV rows are made of."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.query.projection import is_number

_SECOND_US = 1_000_000
_QUOTE, _BACKSLASH, _FIRST_PRINTABLE = ord('"'), ord("\\"), 0x20
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


class Form(StrEnum):
    """What a column's texts look like, and so where they need quotes."""

    PLAIN = "plain"
    """Numbers and booleans: never."""
    JSON = "json"
    """JSON values: in CSV only."""
    STRING = "string"
    """Anything else: in JSON always, in CSV where a character wants it."""


def form_of(kind: pa.DataType, sql_type: object) -> Form:
    """The form of a column's texts; decimals that doubles hold are numbers."""
    if pa.types.is_nested(kind):
        return Form.JSON
    if pa.types.is_decimal(kind):
        is_plain = isinstance(sql_type, str) and is_number(sql_type)
    else:
        tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
        is_plain = any(test(kind) for test in tests)
    return Form.PLAIN if is_plain else Form.STRING


def to_text(column: pa.Array) -> pa.Array:
    """Each value as text, null for null and for NaN and infinities."""
    kind = column.type
    for applies, convert in _CONVERTERS:
        if applies(kind):
            return convert(column)
    return column.cast(pa.string())


def json_rows(before: Sequence[str], columns: Sequence[tuple[pa.Array, Form]], after: str) -> bytes:
    """Rows of JSON: what goes before each value, the values, and what ends a row."""
    parts: list[Any] = []
    constant = ""
    for key, (values, form) in zip(before, columns, strict=True):
        constant += key
        if form is not Form.STRING:
            parts += [constant, _or_null(values)]
            constant = ""
        elif values.null_count == 0:
            # The quotes go with what stands around: one pass less over the values.
            parts += [constant + '"', _json_escaped(values)]
            constant = '"'
        else:
            quoted = pc.binary_join_element_wise('"', _json_escaped(values), '"', "")
            parts += [constant, _or_null(quoted)]
            constant = ""
    return contents(pc.binary_join_element_wise(*parts, constant + after, ""))


def _or_null(values: pa.Array) -> pa.Array:
    return pc.fill_null(values, "null") if values.null_count else values


def _json_escaped(column: pa.Array) -> pa.Array:
    column = _valid(column)
    for char in _present(column):
        column = pc.replace_substring(column, char, _escaped(char))
    return column


def csv_values(column: pa.Array, delimiter: str = ",") -> pa.Array:
    """Texts as CSV values: quoted where they hold a quote, delimiter or line end, or nothing."""
    column = _valid(column)
    special = pc.or_(
        pc.match_substring_regex(column, f'["\r\n{delimiter}]'),
        pc.equal(pc.binary_length(column), 0),
    )
    if not pc.any(special).as_py():
        return column
    doubled = pc.replace_substring(column, '"', '""')
    return pc.if_else(special, pc.binary_join_element_wise('"', doubled, '"', ""), column)


def _floats(column: pa.Array) -> pa.Array:
    finite = pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
    return finite.cast(pa.string())


def _decimals(column: pa.Array) -> pa.Array:
    text = column.cast(pa.string())
    if not pc.any(pc.match_substring(text, "E")).as_py():
        return text
    # Arrow writes small ones with an exponent; a column of decimals has one form.
    plain = [None if value is None else f"{value:f}" for value in column.to_pylist()]
    return pa.array(plain, pa.string())


def _timestamps(column: pa.Array) -> pa.Array:
    """ISO 8601 with offset (none for TIMESTAMP_NTZ); a fraction only where there is one."""
    offset = "+00:00" if column.type.tz else ""
    column = column.cast(pa.timestamp("us"))
    whole = pc.equal(pc.microsecond(column) + _milliseconds(column), 0)
    short = pc.strftime(column.cast(pa.timestamp("s"), safe=False), "%Y-%m-%dT%H:%M:%S")
    if pc.all(whole).as_py() in (True, None):
        text = short
    else:
        text = pc.if_else(whole, short, pc.strftime(column, "%Y-%m-%dT%H:%M:%S"))
    return pc.binary_join_element_wise(text, offset, "") if offset else text


def _milliseconds(column: pa.Array) -> pa.Array:
    return pc.multiply(pc.millisecond(column), 1000)


def _binary(column: pa.Array) -> pa.Array:
    coded = [None if v is None else base64.b64encode(v).decode("ascii") for v in column.to_pylist()]
    return pa.array(coded, pa.string())


def _nested(column: pa.Array) -> pa.Array:
    plain = _plainer(column.type)
    encode = msgspec.json.encode
    texts = [
        None if value is None else encode(plain(value)).decode() for value in column.to_pylist()
    ]
    return pa.array(texts, pa.string())


def _plainer(kind: pa.DataType) -> Callable[[Any], Any]:
    """A function that turns a nested value of that type into what JSON has."""
    if pa.types.is_map(kind):
        item = _plainer(kind.item_type)
        return lambda pairs: {_key(key): _or_none(item, value) for key, value in pairs}
    if pa.types.is_struct(kind):
        members = {kind.field(i).name: _plainer(kind.field(i).type) for i in range(kind.num_fields)}
        return lambda row: {name: _or_none(members[name], row[name]) for name in members}
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        item = _plainer(kind.value_type)
        return lambda values: [_or_none(item, value) for value in values]
    if pa.types.is_timestamp(kind):
        return lambda moment: _iso(moment, kind.tz)
    return lambda value: value


def _or_none(plain: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else plain(value)


def _iso(moment: datetime.datetime, zone: str | None) -> str:
    return (moment.astimezone(datetime.UTC) if zone else moment).isoformat()


def _key(key: Any) -> str:
    return key if isinstance(key, str) else msgspec.json.encode(key).decode().strip('"')


def _valid(column: pa.Array) -> pa.Array:
    """The texts with what is no UTF-8 in them replaced: Spark lets any bytes be a string."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        raw = column.cast(pa.binary()).to_pylist()
        fixed = [None if value is None else value.decode("utf-8", "replace") for value in raw]
        return pa.array(fixed, pa.string())
    return column


def _present(column: pa.Array) -> list[str]:
    """The characters in a column that JSON wants escaped, the backslash first."""
    start, stop = _extent(column)
    data = column.buffers()[2]
    if data is None or stop == start:
        return []
    counts = np.bincount(np.frombuffer(data, np.uint8)[start:stop], minlength=128)
    found = [code for code in (_BACKSLASH, _QUOTE, *range(_FIRST_PRINTABLE)) if counts[code]]
    return [chr(code) for code in found]


def _extent(column: pa.Array) -> tuple[int, int]:
    offsets = np.frombuffer(column.buffers()[1], np.int32)
    return int(offsets[column.offset]), int(offsets[column.offset + len(column)])


def contents(column: pa.Array) -> bytes:
    """All texts of a column without nulls, one after the other."""
    start, stop = _extent(column)
    data = column.buffers()[2]
    return bytes(memoryview(data)[start:stop]) if data is not None else b""


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    return _SHORT.get(char, f"\\u{ord(char):04x}")


_CONVERTERS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], pa.Array]], ...] = (
    (pa.types.is_floating, _floats),
    (pa.types.is_decimal, _decimals),
    (pa.types.is_timestamp, _timestamps),
    (pa.types.is_binary, _binary),
    (pa.types.is_nested, _nested),
)
