"""The kernels of a CUDA device: always in numba's simulator, and on a device where there is one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.render.charts import registry
from sandbox.render.charts.device import DevicePainter
from sandbox.render.clock import Clock
from tests.unit.sandbox.cuda_pictures import ROWS
from tests.unit.sandbox.render_rows import style

ROOT = Path(__file__).parents[3]
MODES = ["simulator", *(["device"] if registry.has_device() else [])]


@pytest.fixture(scope="module", params=MODES)
def pictures(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    simulated = request.param == "simulator"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.unit.sandbox.cuda_pictures"],
        env=os.environ | {"NUMBA_ENABLE_CUDASIM": str(int(simulated))},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["is_simulated"] == simulated
    return list(found["pictures"])


@pytest.mark.slow
def test_a_device_gives_the_pixels_of_the_processor(pictures: list[dict[str, Any]]) -> None:
    assert len(pictures) == 11
    for picture in pictures:
        assert picture["levels"] <= 1, picture
        assert picture["marks"] > 0, picture


@pytest.mark.slow
def test_a_device_counts_the_rows_that_the_processor_counts(
    pictures: list[dict[str, Any]],
) -> None:
    for picture in pictures:
        alone, device = picture["counts"]
        assert alone == device, picture
        assert sum(alone) == 3 * ROWS
        assert picture["device"] == "cuda:0"


def test_without_a_device_node_the_processor_draws(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # The one thing that cannot be had for a test: a machine with, or without, a device.
    monkeypatch.setattr(registry, "DEVICE_NODE", tmp_path / "nvidiactl")
    registry.has_device.cache_clear()

    artist = registry.painter(style("pointmap"), Clock())

    assert not isinstance(artist, DevicePainter)
    assert artist.device == "cpu"
    registry.has_device.cache_clear()
