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
STRIP_PIXELS: Final = 65_536
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
    """`work` of every item, on as many threads as there are processors; a failure is raised."""
    count = min(len(items), processors())
    if count < 2:
        return [work(item) for item in items]
    pool = ThreadPoolExecutor(count)
    try:
        return list(pool.map(work, items))
    finally:
        # What has not begun when one fails never does.
        pool.shutdown(cancel_futures=True)


def bands(size: int, least: int) -> list[tuple[int, int]]:
    """0..size in as many equal parts as there are processors, none smaller than `least`."""
    count = max(1, min(processors(), size // max(least, 1)))
    cuts = [size * i // count for i in range(count + 1)]
    return list(pairwise(cuts))


def strips(height: int, width: int, least: int = 1) -> list[tuple[int, int]]:
    """Rows of a picture in parts that a processor's own memory holds, `least` rows or more."""
    rows = max(STRIP_PIXELS // width, least, 1)
    # At least one a processor, and all about as high.
    count = max(math.ceil(height / rows), min(processors(), height))
    return list(pairwise(height * i // count for i in range(count + 1)))
