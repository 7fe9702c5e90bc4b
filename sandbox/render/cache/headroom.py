"""How much memory the scope has left, as the kernel counts it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

RESERVE_SHARE: Final = 8
"""Of the scope's memory so much is left to JVM, kernel and pictures when rows are kept."""
_RECLAIMABLE: Final = frozenset(
    {"inactive_file", "active_file", "total_inactive_file", "total_active_file"}
)


@dataclass(frozen=True, kw_only=True)
class Cgroup:
    """The files of a cgroup's memory, as a container sees its own."""

    used: Path
    allowed: Path
    parts: Path


V2: Final = Cgroup(
    used=Path("/sys/fs/cgroup/memory.current"),
    allowed=Path("/sys/fs/cgroup/memory.max"),
    parts=Path("/sys/fs/cgroup/memory.stat"),
)
V1: Final = Cgroup(
    used=Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    allowed=Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
    parts=Path("/sys/fs/cgroup/memory/memory.stat"),
)


@dataclass(frozen=True, kw_only=True)
class Headroom:
    """Says whether the scope is short of memory; where no cgroup tells, it never is."""

    scope_bytes: int
    cgroups: tuple[Cgroup, ...] = (V2, V1)

    def missing(self) -> int:
        """Bytes that are to be given up until the reserve is there again; 0: none."""
        free = self.free()
        return 0 if free is None else max(0, self.scope_bytes // RESERVE_SHARE - free)

    def free(self) -> int | None:
        """Bytes that may still be taken; pages of files do not count as used."""
        for cgroup in self.cgroups:
            try:
                return _free(cgroup, self.scope_bytes)
            except (OSError, ValueError):
                # Not this version, or no limit ("max").
                continue
        return None


def _free(cgroup: Cgroup, scope_bytes: int) -> int | None:
    allowed = int(cgroup.allowed.read_text())
    # A larger limit is not this scope's: the cgroup of somebody else, or none.
    if allowed > 2 * scope_bytes:
        return None
    used = int(cgroup.used.read_text())
    return allowed - used + _reclaimable(cgroup.parts.read_text())


def _reclaimable(parts: str) -> int:
    """Version 1 tells of the cgroup alone and, as `total_`, of those below it too."""
    found = {name: int(value) for name, value in map(str.split, parts.splitlines())}
    told = {name: value for name, value in found.items() if name in _RECLAIMABLE}
    totals = {name: value for name, value in told.items() if name.startswith("total_")}
    return sum((totals or told).values())


def give_back() -> None:
    """Return to the system what allocators hold of memory that is free."""
    pa.default_memory_pool().release_unused()
    _trim(0)


def _no_trim(_: int) -> int:
    return 0


def _found_trim() -> Callable[[int], int]:
    """glibc's own; other libraries have none."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return _no_trim


_trim: Final = _found_trim()
