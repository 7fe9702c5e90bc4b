"""Icons out of what a tenant gave: a file of the scope, or base64."""

from __future__ import annotations

import base64
import binascii
import io
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from sandbox.failure import AgentFailure
from wire.charts import MAX_ICON_PIXELS, IconViz, Style
from wire.protocol import ErrorCode

MAX_ICON_BYTES: Final = 16 * 1024 * 1024
FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")
_OPEN: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC

Pixels = NDArray[np.uint8]


class Unreadable(Exception):
    """What was given is no icon; `why` ends the sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def located(style: Style, resolve: Callable[[str], str]) -> Style:
    """The style with the absolute path of its icon; `resolve` raises AgentFailure for a bad one."""
    if not isinstance(style, IconViz) or style.icon is not None or style.icon_path is None:
        return style
    try:
        return structs.replace(style, icon_path=resolve(style.icon_path))
    except AgentFailure as failure:
        raise _refused(parameter="icon_path", why=failure.message) from failure


def load(style: IconViz) -> Pixels:
    """The icon (height, width, 4) in the size asked for; AgentFailure(BAD_PARAMETER) if none."""
    parameter = "icon_path" if style.icon is None else "icon"
    try:
        held = _file(style.icon_path or "") if style.icon is None else _decoded(style.icon)
        return _picture(held, style.icon_size)
    except Unreadable as error:
        raise _refused(parameter, error.why) from error


def _refused(parameter: str, why: str) -> AgentFailure:
    facts = {"parameter": parameter}
    return AgentFailure(ErrorCode.BAD_PARAMETER, f"{parameter}: {why}", facts=facts)


def _file(path: str) -> bytes:
    """A regular file's bytes: a pipe or a device would hang or never end."""
    try:
        file = os.open(path, _OPEN)
        with os.fdopen(file, "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise Unreadable(f"{Path(path).name} is no file")  # noqa: EM102
            return _capped(stream.read(MAX_ICON_BYTES + 1))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Unreadable(f"{Path(path).name} cannot be read: {reason}") from error  # noqa: EM102


def _decoded(text: str) -> bytes:
    head, comma, rest = text.partition(",")
    plain = rest if comma and head.startswith("data:") else text
    try:
        return _capped(base64.b64decode("".join(plain.split()), validate=True))
    except (binascii.Error, ValueError) as error:
        raise Unreadable("is not base64") from error  # noqa: EM101


def _capped(held: bytes) -> bytes:
    if len(held) > MAX_ICON_BYTES:
        raise Unreadable(f"is larger than {MAX_ICON_BYTES} bytes")  # noqa: EM102
    return held


def _picture(held: bytes, size: tuple[float, float] | None) -> Pixels:
    # Not at the top: only this chart needs it.
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(held), formats=FORMATS) as image:
            # The head is read by now, the pixels are not.
            if image.width * image.height > MAX_ICON_PIXELS:
                why = f"{image.width} x {image.height} are more than {MAX_ICON_PIXELS} pixels"
                raise Unreadable(why)
            return _resized(image.convert("RGBA"), size)
    except UnidentifiedImageError as error:
        raise Unreadable("is no picture (PNG, JPEG, WebP or GIF)") from error  # noqa: EM101
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Unreadable(f"cannot be decoded: {error}") from error  # noqa: EM102


def _resized(image: Any, size: tuple[float, float] | None) -> Pixels:
    from PIL import Image

    if size is not None:
        wanted = max(round(size[0]), 1), max(round(size[1]), 1)
        # Pillow weighs colours by their alpha, so that a transparent surround leaves no rim.
        image = image.resize(wanted, Image.Resampling.LANCZOS)
    return np.array(image, np.uint8)
