"""The one way to wait for something that cannot tell when it has happened."""

from __future__ import annotations

import time
from collections.abc import Callable

STEP_S = 0.01


def wait_until(happened: Callable[[], bool], deadline_s: float, complaint: str) -> None:
    """Return once `happened()`, asked 100 times a second; raises TimeoutError."""
    end = time.monotonic() + deadline_s
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError(f"{complaint} within {deadline_s:g} s")  # noqa: EM102
        time.sleep(STEP_S)
