import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def warm(cache: Path) -> str:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "sandbox.render.warm"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_what_was_compiled_once_is_never_compiled_again(tmp_path: Path) -> None:
    first, second = warm(tmp_path), warm(tmp_path)

    assert "sandbox.render.aggregate.cpu.locate" in first
    assert "sandbox.render.discs.spread_discs" in first
    assert second.strip() == "0 kernels compiled: none"
