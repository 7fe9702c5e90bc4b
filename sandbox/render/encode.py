"""Pixels to the bytes of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from wire.charts import PictureFormat


class Encoding(NamedTuple):
    """How OpenCV writes one format."""

    content_type: Literal["image/png", "image/webp"]
    suffix: str
    options: Sequence[int]


PNG_OPTIONS: Final = (
    *(cv2.IMWRITE_PNG_COMPRESSION, 1),
    # One filter for every row: trying all takes twice the time, and makes larger files of maps.
    *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP),
)
ENCODINGS: Final[dict[PictureFormat, Encoding]] = {
    "png": Encoding("image/png", ".png", PNG_OPTIONS),
    # Above 100 means lossless.
    "webp": Encoding("image/webp", ".webp", (cv2.IMWRITE_WEBP_QUALITY, 101)),
}


class EncodingFailed(RuntimeError):
    """OpenCV did not write the picture."""

    def __init__(self, format: PictureFormat, height: int, width: int) -> None:
        super().__init__(f"{width} x {height} pixels could not be written as {format}")


def encode(pixels: NDArray[np.uint8], format: PictureFormat) -> bytes:
    """The picture of (height, width, 4) pixels: red, green, blue, straight alpha."""
    encoding = ENCODINGS[format]
    swapped = cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA)
    written, payload = cv2.imencode(encoding.suffix, swapped, list(encoding.options))
    if not written:
        raise EncodingFailed(format, *pixels.shape[:2])
    return bytes(payload)
