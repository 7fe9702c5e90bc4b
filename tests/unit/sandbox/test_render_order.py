"""Sorting by digits is sorting by comparison."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.render.aggregate.order import FEW, falling

SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, 5e-324, -5e-324, 1.0, -1.0, 1e308]


@settings(deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([FEW - 1, FEW, 3 * FEW]))
def test_the_order_is_that_of_a_stable_sort(seed: int, size: int) -> None:
    random = np.random.default_rng(seed)
    bits = random.integers(0, 2**64, size, np.uint64).view(np.float64)
    values = np.where(random.random(size) < 0.5, random.choice(SPECIAL, size), bits)

    assert falling(values).tolist() == np.argsort(-values, kind="stable").tolist()


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_equal_values_stay_as_they_stand(value: float) -> None:
    assert falling(np.full(FEW, value)).tolist() == list(range(FEW))
