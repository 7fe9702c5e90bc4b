"""Takes memory until it is stopped."""

from __future__ import annotations

from pathlib import Path


def run(_: Path) -> None:
    held = []
    while True:
        held.append(bytearray(8 * 1024**2))
