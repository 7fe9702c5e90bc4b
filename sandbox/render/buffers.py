"""Arrow's arrays as numpy's, without a copy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def values_of(array: pa.Array, dtype: np.dtype[Any]) -> NDArray[Any]:
    """The values of an array of fixed width as they lie there, also of null rows."""
    start = array.offset * dtype.itemsize
    return np.frombuffer(array.buffers()[1], dtype, count=len(array), offset=start)


def bytes_of(array: pa.BinaryArray | pa.StringArray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of all, and where each begins and ends."""
    large = pa.types.is_large_binary(array.type) or pa.types.is_large_string(array.type)
    kind = np.int64 if large else np.int32
    _, places, data = array.buffers()
    offsets = np.frombuffer(places, kind)[array.offset : array.offset + len(array) + 1]
    held = np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8)
    return held, offsets.astype(np.int64)
