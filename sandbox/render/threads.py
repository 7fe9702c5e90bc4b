"""Kernels on several processors: they hold no interpreter lock, so plain threads will do."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")

MAX_THREADS: Final = 8
QUOTA: Final = Path("/sys/fs/cgroup/cpu.max")


@lru_cache(maxsize=1)
def processors() -> int:
    """How many threads may run at once: this process's processors, or the container's quota."""
    return max(1, min(len(os.sched_getaffinity(0)), _quota(QUOTA), MAX_THREADS))


def _quota(path: Path) -> int:
    try:
        allowed, period = path.read_text().split()
        return math.ceil(int(allowed) / int(period))
    except (OSError, ValueError):
        # No cgroup of version 2, or "max": no quota.
        return MAX_THREADS


def spread(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """`work` of every item, each on its own thread; the first failure is raised."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(work, items))


def bands(size: int, least: int) -> list[tuple[int, int]]:
    """0..size in as many equal parts as there are processors, none smaller than `least`."""
    count = max(1, min(processors(), size // max(least, 1)))
    cuts = [size * i // count for i in range(count + 1)]
    return list(pairwise(cuts))
