"""What a process and its descendants use, as the kernel counts it."""

from __future__ import annotations

import os
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from control.engine.driver import Usage


class Counted(NamedTuple):
    """One process; times in clock ticks, memory in pages."""

    pid: int
    parent: int
    ticks: int
    pages: int


def usage_of(root: int) -> Usage:
    """The tree's memory, time and number of processes, without the root itself."""
    found = [counted for counted in _below(root) if counted.pid != root]
    if not found:
        return Usage()
    return Usage(
        memory_bytes=sum(each.pages for each in found) * os.sysconf("SC_PAGE_SIZE"),
        cpu_seconds=sum(each.ticks for each in found) / os.sysconf("SC_CLK_TCK"),
        pids=len(found),
    )


def _below(root: int) -> list[Counted]:
    everything = {counted.pid: counted for counted in _all()}
    children: dict[int, list[int]] = defaultdict(list)
    for counted in everything.values():
        children[counted.parent].append(counted.pid)
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        if pid in everything:
            found.append(everything[pid])
        waiting += children.pop(pid, [])
    return found


def _all() -> list[Counted]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                found.append(_count(int(entry.name), (entry / "stat").read_text()))
    return found


def _count(pid: int, stat: str) -> Counted:
    # The name before the last parenthesis may hold anything; fields as in proc(5), from state on.
    fields = stat.rpartition(")")[2].split()
    ticks = sum(int(value) for value in fields[11:15])
    return Counted(pid, int(fields[1]), ticks, int(fields[21]))
