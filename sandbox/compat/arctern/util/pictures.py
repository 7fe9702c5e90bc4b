"""Pictures as the chart functions give them."""

from __future__ import annotations

import base64
from pathlib import Path


def save_png(hex_data: str | bytes, file_name: str | Path) -> None:
    """Write a picture (base64 text, as `pointmap` and the others return it) to a file."""
    Path(file_name).write_bytes(base64.b64decode(hex_data, validate=True))
