import cv2
import numpy as np
import pytest

from sandbox.render.encode import ENCODINGS, encode
from wire.charts import PictureFormat


def decode(picture: bytes) -> np.ndarray:
    bgra = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_UNCHANGED)
    return cv2.cvtColor(bgra, cv2.COLOR_BGRA2RGBA)


@pytest.mark.parametrize("format", list(ENCODINGS))
def test_every_format_keeps_every_level(format: PictureFormat) -> None:
    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (7, 5, 4), np.uint8)
    pixels[pixels[..., 3] == 0] = 0
    pixels[0, 0] = [1, 2, 3, 4]
    pixels[6, 4] = 0

    picture = encode(pixels, format)

    assert decode(picture).tolist() == pixels.tolist()


def test_the_bytes_are_of_their_type() -> None:
    pixels = np.zeros((2, 2, 4), np.uint8)

    assert encode(pixels, "png").startswith(b"\x89PNG\r\n")
    assert encode(pixels, "webp")[8:12] == b"WEBP"
