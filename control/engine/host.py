"""The machine that scopes run on, as far as it can be seen from here: memory and disk."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

MEMINFO: Final = Path("/proc/meminfo")
SAME: Final = 0.05
"""An engine whose memory differs from ours by less than this share is on our machine."""


@dataclass(frozen=True, kw_only=True)
class HostRoom:
    """One look at it, in bytes; None: it cannot be seen from here."""

    memory_bytes: int
    available_bytes: int | None
    """What programs could take now without harm, as the kernel sees it."""
    disk_free_bytes: int | None


class Host(Protocol):
    """Where the room of the host is read."""

    def look(self, engine_memory_bytes: int | None) -> HostRoom:
        """Now, given what the engine says of its machine's memory."""
        ...


class LocalHost:
    """This machine, or the engine's where it has another one (a VM, a remote host)."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir

    def look(self, engine_memory_bytes: int | None) -> HostRoom:
        """Now, given what the engine says of its machine's memory."""
        total, available = memory()
        disk = shutil.disk_usage(self._state_dir).free
        told = engine_memory_bytes
        if told is None or abs(told - total) <= SAME * total:
            return HostRoom(memory_bytes=total, available_bytes=available, disk_free_bytes=disk)
        return HostRoom(memory_bytes=told, available_bytes=None, disk_free_bytes=disk)


def memory(meminfo: Path = MEMINFO) -> tuple[int, int | None]:
    """This machine's memory in bytes: all of it, and what is available."""
    try:
        found = dict(line.split(":", 1) for line in meminfo.read_text().splitlines() if ":" in line)
        return _bytes(found["MemTotal"]), _bytes(found["MemAvailable"])
    except (OSError, KeyError, ValueError, IndexError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), None


def _bytes(written: str) -> int:
    return int(written.split()[0]) * 1024
