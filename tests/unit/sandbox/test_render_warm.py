import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.render.warm import KERNELS

ROOT = Path(__file__).parents[3]


SOME = ("sandbox.render.aggregate.cpu", "sandbox.render.discs")
"""The image's build compiles all, and says so where one is compiled again."""


def warm(root: Path, *modules: str, **environment: str) -> str:
    command = [sys.executable, "-m", "sandbox.render.warm", *modules]
    done = subprocess.run(
        command,
        env=os.environ | environment | {"PYTHONPATH": str(root)},
        cwd=root,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_what_was_compiled_once_is_never_compiled_again(tmp_path: Path) -> None:
    first, second = (warm(ROOT, *SOME, NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2))

    assert "sandbox.render.aggregate.cpu.locate" in first
    assert "sandbox.render.discs.spread_discs" in first
    assert second.strip() == "0 kernels compiled: none"


def test_every_module_with_kernels_is_compiled() -> None:
    render = ROOT / "sandbox" / "render"
    found = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in render.rglob("*.py")
        if "\n@kernel(" in path.read_text() and "sandbox.render.kernel" in path.read_text()
    }

    assert found == set(KERNELS)


def test_the_image_has_what_the_kernels_import_when_it_compiles_them(tmp_path: Path) -> None:
    stage = (ROOT / "sandbox" / "Dockerfile").read_text().split("AS kernels\n")[1]
    for source in re.findall(r"\s/app/(\S+)", stage.split("\nRUN ")[0]):
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        (tmp_path / source).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / source, tmp_path / source)

    # Imports are what is asked about; compiling takes a minute, and has its own test.
    assert warm(tmp_path, NUMBA_DISABLE_JIT="1") == "0 kernels compiled: none\n"
