"""Compile the kernels for baseline processors, and prove that later starts compile none."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from pathlib import Path

# The newest first, as sandbox/image/entry.sh chooses them.
BASELINES = {"x86_64": ("x86-64-v3", "x86-64-v2"), "aarch64": ("generic",)}
DEADLINE_S = 600.0


def start(folder: Path, cpu: str) -> subprocess.Popen[bytes]:
    """Import every kernel in a fresh interpreter, with that cache and processor."""
    numba = {
        "NUMBA_CACHE_DIR": str(folder / cpu),
        "NUMBA_CPU_NAME": cpu,
        "NUMBA_CPU_FEATURES": "",
    }
    command = [sys.executable, "-m", "sandbox.render.warm"]
    return subprocess.Popen(command, env={**os.environ, **numba})  # noqa: S603


def warm(folder: Path, cpus: tuple[str, ...]) -> None:
    """All processors at once; ends with an error where one fails."""
    runs = [start(folder, cpu) for cpu in cpus]
    codes = [run.wait(DEADLINE_S) for run in runs]
    if any(codes):
        sys.exit(f"compiling the kernels failed: {dict(zip(cpus, codes, strict=True))}")


def state(folder: Path) -> dict[Path, int]:
    """Every file of the cache and when it was written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.nb?")}


def main() -> None:
    """`python -m sandbox.image.warm_kernels FOLDER`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    cpus = BASELINES[platform.machine()]
    warm(folder, cpus)
    made = state(folder)
    warm(folder, cpus)
    if not made or state(folder) != made:
        sys.exit("numba compiled again what it had in its cache")
    sys.stdout.write(f"kernels: {len(made)} files for {', '.join(cpus)}\n")


if __name__ == "__main__":
    main()
