"""Compile every kernel, so that nobody waits for it later; run when the image is built."""

from __future__ import annotations

import importlib
import sys
from typing import Final

KERNELS: Final = (
    "sandbox.render.aggregate.cpu",
    "sandbox.render.aggregate.edges",
    "sandbox.render.blur",
    "sandbox.render.direct.located",
    "sandbox.render.discs",
    "sandbox.render.fill",
    "sandbox.render.outlines",
    "sandbox.render.shade",
    "sandbox.render.stamps",
    "sandbox.render.tally",
    "sandbox.render.wkb",
    "sandbox.render.wkt",
)


def compile_all() -> list[str]:
    """Load every kernel; the names of those that numba's cache did not have.

    Kernels have fixed types and compile, or come from the cache, at import.
    """
    return [
        f"{module}.{name}"
        for module in KERNELS
        for name, kernel in vars(importlib.import_module(module)).items()
        if hasattr(kernel, "stats") and kernel.stats.cache_misses
    ]


if __name__ == "__main__":
    compiled = compile_all()
    sys.stdout.write(f"{len(compiled)} kernels compiled: {', '.join(compiled) or 'none'}\n")
