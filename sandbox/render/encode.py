"""Pixels to the bytes of a picture."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray
from PIL import Image

from wire.charts import PictureFormat

Pixels = NDArray[np.uint8]


class Encoding(NamedTuple):
    """How one format is written."""

    content_type: Literal["image/png", "image/webp"]
    write: Callable[[Pixels], bytes]


_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_RGBA_OF_8_BITS: Final = bytes([8, 6, 0, 0, 0])
_UP: Final = 2
"""The one filter of every row: trying all takes twice the time, and makes larger files of maps."""
_LEVEL: Final = 1


def png(pixels: Pixels) -> bytes:
    """Portable Network Graphics, compressed by ISA-L: a quarter of zlib's time, files as large."""
    height, width = pixels.shape[:2]
    head = struct.pack(">II", width, height) + _RGBA_OF_8_BITS
    body = isal_zlib.compress(_filtered(pixels), _LEVEL)
    return _SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _filtered(pixels: Pixels) -> Pixels:
    """Every row less the one above it, behind the number of the filter."""
    rows = pixels.reshape(len(pixels), -1)
    filtered = np.empty((len(rows), rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    return filtered


def _chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(body, zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(body)), kind, body, struct.pack(">I", check)))


def webp(pixels: Pixels) -> bytes:
    """WebP without loss, as fast as it goes."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "webp", lossless=True, quality=0, method=0, exact=True)
    return out.getvalue()


ENCODINGS: Final[dict[PictureFormat, Encoding]] = {
    "png": Encoding("image/png", png),
    "webp": Encoding("image/webp", webp),
}


def encode(pixels: Pixels, format: PictureFormat) -> bytes:
    """The picture of (height, width, 4) pixels: red, green, blue, straight alpha."""
    return ENCODINGS[format].write(np.ascontiguousarray(pixels))
