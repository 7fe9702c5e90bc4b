"""Geometries that files hold as text: plain polygons, as Spark's own reader makes them."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.parquet.give_up import NotTaken
from sandbox.render import wkt
from sandbox.render.buffers import bytes_of

_COMMA: Final = ord(",")
_OPEN: Final = ord("(")
_CORNER_BYTES: Final = 16
_HEADER_BYTES: Final = 9
"""Each `(` opens what has at most so many bytes before its corners."""
_OTHER_TEXT: Final = "a text that is no plain polygon"


def polygons(texts: pa.StringArray) -> pa.BinaryArray:
    """Their WKB, null for null; raises NotTaken where a single text is anything else.

    What a text that is no WKT means, a ring that does not close, a curve, a third coordinate, an
    SRID: all that is the reader's in Spark to say.
    """
    present = texts.drop_null() if texts.null_count else texts
    found = _written(present)
    if not texts.null_count:
        return found
    valid = texts.is_valid().to_numpy(zero_copy_only=False)
    return found.take(pa.array(np.cumsum(valid) - 1, pa.int64(), mask=~valid))


def _written(texts: pa.StringArray) -> pa.BinaryArray:
    held, places = bytes_of(texts)
    text, offsets = held[places[0] : places[-1]], places - places[0]
    opened = int(np.count_nonzero(text == _OPEN))
    corners = int(np.count_nonzero(text == _COMMA)) + opened
    tokens, ends = np.empty(len(text), np.uint8), np.zeros(2 * corners + 1, np.int32)
    places = np.empty(2 * corners, np.int64)
    wkb = np.zeros(corners * _CORNER_BYTES + (opened + len(texts)) * _HEADER_BYTES, np.uint8)
    bounds = np.zeros(len(texts) + 1, np.int64)
    count = wkt.read_shapes(text, offsets, tokens, ends, places, wkb, bounds)
    if count == wkt.OTHER:
        raise NotTaken(reason=_OTHER_TEXT)
    wkt.put_numbers(_numbers(tokens, ends[: count + 1]), places, wkb)
    if bounds[-1] > np.iinfo(np.int32).max:
        raise NotTaken(reason="more polygons at once than a batch holds")
    buffers = [None, pa.py_buffer(bounds.astype(np.int32)), pa.py_buffer(wkb)]
    return pa.Array.from_buffers(pa.binary(), len(texts), buffers)


def _numbers(tokens: NDArray[np.uint8], ends: NDArray[np.int32]) -> NDArray[np.float64]:
    """The nearest doubles, as Java finds them."""
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(tokens)]
    written = pa.Array.from_buffers(pa.string(), len(ends) - 1, buffers)
    try:
        numbers: NDArray[np.float64] = pc.cast(written, pa.float64()).to_numpy()
    except pa.ArrowInvalid as error:
        raise NotTaken(reason=_OTHER_TEXT) from error
    if not np.isfinite(numbers).all():
        raise NotTaken(reason="a number that is too large")
    return numbers
