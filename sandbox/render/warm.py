"""Compile every kernel, so that nobody waits for it later; run when the image is built."""

from __future__ import annotations

import importlib
from typing import Final

KERNELS: Final = (
    "sandbox.render.aggregate.cpu",
    "sandbox.render.blur",
    "sandbox.render.discs",
    "sandbox.render.fill",
    "sandbox.render.shade",
)


def compile_all() -> None:
    """Kernels have fixed types and compile, or come from numba's cache, at import."""
    for name in KERNELS:
        importlib.import_module(name)


if __name__ == "__main__":
    compile_all()
