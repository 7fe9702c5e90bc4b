"""`make bench-gpu` measures on a device, and says so where there is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench import gpu
from sandbox.render.charts.registry import has_device
from wire.charts import parse

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.gpu", "--rows", "1000", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(("arguments", "status"), [((), 0), (("--require",), 1)])
def test_without_a_device_it_says_so_and_fails_only_if_asked(
    arguments: tuple[str, ...], status: int
) -> None:
    code, printed = run(*arguments)

    if has_device():
        assert (code, printed.count("rows")) == (0, len(gpu.CHARTS))
    else:
        assert (code, printed) == (status, gpu.NO_DEVICE + "\n")


@pytest.mark.parametrize("chart", gpu.CHARTS)
def test_every_chart_of_it_is_drawn_from_its_rows(chart: str) -> None:
    params, weights = gpu.CHARTS[chart]

    aggregated, drawn, pixels = gpu.drawn(
        gpu.on_processors, parse(chart, gpu.BOX | params), 3000, weights
    )

    assert 0 < aggregated < drawn
    assert np.count_nonzero(pixels[..., 3]) > 0
    assert sum(len(batch) for batch in gpu.batches(3000, weights)) == 3000
