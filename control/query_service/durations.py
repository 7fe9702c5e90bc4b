"""Durations as AsterixDB reads and writes them, which is as Go does: `1.5h`, `20.263371ms`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

US: Final = 1_000
MS: Final = 1_000_000
S: Final = 1_000_000_000
UNITS: Final = {
    "ns": 1,
    "us": US,
    "µs": US,
    "μs": US,
    "ms": MS,
    "s": S,
    "m": 60 * S,
    "h": 3600 * S,
}
"""In nanoseconds; micro is written with either of its two signs."""
TERM: Final = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
WHOLE: Final = re.compile(rf"[+-]?(?:{TERM.pattern})+")
SHOWN: Final = (("s", S, 9), ("ms", MS, 6), ("µs", US, 3))
MAX_LENGTH: Final = 100
MAX_NS: Final = 2**63 - 1


def parse_ns(text: str) -> int:
    """Nanoseconds; raises ValueError for what is no duration, or more than an int64 holds."""
    if text in ("0", "+0", "-0"):
        return 0
    if len(text) > MAX_LENGTH or WHOLE.fullmatch(text) is None:
        raise ValueError("no duration")  # noqa: EM101
    total = int(sum(Decimal(number) * UNITS[unit] for number, unit in TERM.findall(text)))
    if total > MAX_NS:
        raise ValueError("a duration that is too long")  # noqa: EM101
    return -total if text.startswith("-") else total


def show(ns: int, micro: str = "µs") -> str:
    """In the largest unit of which there is at least one, without trailing zeros."""
    for name, size, digits in SHOWN:
        if ns >= size:
            unit = micro if size == US else name
            whole, rest = divmod(ns, size)
            fraction = f"{rest:0{digits}d}".rstrip("0")
            return f"{whole}.{fraction}{unit}" if fraction else f"{whole}{unit}"
    return f"{ns}ns"
