"""Where the time of a picture goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal, TypeVar

T = TypeVar("T")
Stage = Literal["query", "project", "aggregate", "shade", "encode"]
STAGES: Final[tuple[Stage, ...]] = ("query", "project", "aggregate", "shade", "encode")


class Clock:
    """Milliseconds per stage; a stage may be entered many times."""

    def __init__(self) -> None:
        self.ms: dict[str, float] = dict.fromkeys(STAGES, 0.0)

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        """Count the time of a block."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.ms[name] += (time.perf_counter() - start) * 1000.0

    def waiting(self, name: Stage, items: Iterator[T]) -> Iterator[T]:
        """The items; the time that each takes to come is counted."""
        while True:
            with self.stage(name):
                item = next(items, None)
            if item is None:
                return
            yield item

    def rounded(self) -> dict[str, float]:
        """Milliseconds with three decimals."""
        return {name: round(value, 3) for name, value in self.ms.items()}
