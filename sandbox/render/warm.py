"""Compile every kernel, so that nobody waits for it later; run when the image is built."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
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


def compile_all(modules: Iterable[str] = KERNELS) -> list[str]:
    """Load every kernel of these modules; the names of those that numba's cache did not have.

    Kernels have fixed types and compile, or come from the cache, at import.
    """
    return [
        f"{module}.{name}"
        for module in modules
        for name, kernel in vars(importlib.import_module(module)).items()
        if hasattr(kernel, "stats") and kernel.stats.cache_misses
    ]


if __name__ == "__main__":
    compiled = compile_all(sys.argv[1:] or KERNELS)
    sys.stdout.write(f"{len(compiled)} kernels compiled: {', '.join(compiled) or 'none'}\n")
