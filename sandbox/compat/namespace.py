"""What a new namespace holds of Arctern's names, and where Python finds its packages."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final

FOLDER: Final = str(Path(__file__).resolve().parent)
"""Put on `sys.path`, it makes `arctern` and `arctern_pyspark` importable by these names."""


def names() -> dict[str, Any]:
    """The public names of `arctern_pyspark`, and the package `arctern`, now importable too."""
    if FOLDER not in sys.path:
        sys.path.append(FOLDER)
    public = [import_module(name) for name in ("arctern_pyspark", "arctern.util.vega")]
    found = {name: getattr(module, name) for module in public for name in module.__all__}
    arctern = import_module("arctern")
    return {**found, "arctern": arctern, "save_png": arctern.util.save_png}
