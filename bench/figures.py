"""Figures, and how they are shown."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One measured number; `limit` in the same unit, None where there is none."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether it is within its limit."""
        return self.limit is None or self.value <= self.limit


def took_ms(action: Callable[[], Any]) -> float:
    """How long one call takes, in milliseconds."""
    began = perf_counter()
    action()
    return (perf_counter() - began) * 1000


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies."""
    return statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1]


COLUMNS = ("figure", "measured", "limit", "", "note")


def show(figures: Iterable[Figure]) -> None:
    """A table for people, with the machine that it was measured on."""
    table = Table(*COLUMNS, title=machine())
    for figure in figures:
        table.add_row(*_cells(figure))
    Console(width=120).print(table)


def markdown(figures: Iterable[Figure]) -> str:
    """The same for README.md."""
    lines = [COLUMNS, ("---",) * len(COLUMNS), *map(_cells, figures)]
    return "\n".join([f"{machine()}", "", *(f"| {' | '.join(line)} |" for line in lines)])


def _cells(figure: Figure) -> tuple[str, ...]:
    limit = "" if figure.limit is None else f"{number(figure.limit)} {figure.unit}"
    mark = "" if figure.limit is None else "ok" if figure.holds else "ABOVE"
    return (figure.what, f"{number(figure.value)} {figure.unit}", limit, mark, figure.note)


def number(value: float) -> str:
    """Three digits or more, never an exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine() -> str:
    """Processor, cores, memory, system."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{_processor()}, {cores} cores, {memory:.0f} GiB, {platform.platform()}"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
