"""Processes as /proc shows them: who descends from whom, and ending what was left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PR_SET_PDEATHSIG: Final = 1
PR_SET_CHILD_SUBREAPER: Final = 36
MAX_ROUNDS: Final = 50
USUALLY_RESERVED_BYTES: Final = 160 * 1024**2
"""Of a kernel, where a system (gVisor) does not say."""

_COUNTERS: Final = (
    (Path("/sys/fs/cgroup/memory.events"), "oom_kill"),
    (Path("/sys/fs/cgroup/memory/memory.oom_control"), "oom_kill"),
)
"""cgroup v2 and v1, as a container sees its own."""


@dataclass(frozen=True)
class Process:
    """One line of the process table; `started` in clock ticks since boot."""

    pid: int
    parent: int
    started: int
    state: str


def process_table() -> dict[int, Process]:
    """Every process that /proc shows."""
    found = (_read(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return {process.pid: process for process in found if process is not None}


def descendants(root: int, table: dict[int, Process]) -> list[Process]:
    """Children of `root`, their children and so on; not `root` itself."""
    children: dict[int, list[Process]] = {}
    for process in table.values():
        children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    queue = [root]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += [process.pid for process in below]
    return found


def clock_ticks() -> int:
    """Now, in the unit of `Process.started`."""
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    return int(uptime * os.sysconf("SC_CLK_TCK"))


def end_below(root: int, *, keep: set[int], since: int = 0) -> int:
    """Kill what descends from `root` and started after `since`; how many that were.

    `keep` are pids that stay, with everything below them. First all are stopped, so that a
    process that forks faster than it is killed runs out of room; then all are killed.
    """
    ended: set[int] = set()
    for _ in range(MAX_ROUNDS):
        running = [p for p in _targets(root, keep, since) if p.state not in "TZ"]
        if not running:
            break
        for process in running:
            _signal(process.pid, signal.SIGSTOP)
    for process in _targets(root, keep, since):
        _signal(process.pid, signal.SIGKILL)
        ended.add(process.pid)
    _reap(ended)
    return len(ended)


def _targets(root: int, keep: set[int], since: int) -> list[Process]:
    table = {pid: p for pid, p in process_table().items() if pid not in keep}
    return [p for p in descendants(root, table) if p.started >= since]


def reap_strangers(known: set[int]) -> None:
    """Collect dead children that others left to us as their subreaper."""
    if not _has_dead_child():
        return
    mine = os.getpid()
    dead = {p.pid for p in process_table().values() if p.parent == mine and p.state == "Z"}
    _reap(dead - known)


def _has_dead_child() -> bool:
    """Whether a child waits to be collected; collects none, and reads no process table."""
    with contextlib.suppress(ChildProcessError):
        return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    return False


def adopt_orphans() -> None:
    """Become the parent of whatever a kernel's children leave behind."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    """Be killed when the process that started us ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def prefer_to_be_killed(score: int) -> None:
    """Raise our own oom_score_adj (-1000 to 1000): the kernel kills the highest first."""
    with contextlib.suppress(OSError):  # some sandboxes have no such file
        Path("/proc/self/oom_score_adj").write_text(str(score))


def reserved_bytes(status: Path = Path("/proc/self/status")) -> int:
    """What this process has reserved to write to, and does not hold in memory."""
    sizes = {
        name: int(rest.split()[0]) * 1024
        for name, _, rest in (line.partition(":") for line in status.read_text().splitlines())
        if name in ("VmData", "RssAnon")
    }
    if len(sizes) < 2:
        return USUALLY_RESERVED_BYTES
    return max(0, sizes["VmData"] - sizes["RssAnon"])


def bound_processes(most: int) -> None:
    """No process or thread beyond `most` of our uid may be begun by us or below us; 0: no bound."""
    if most:
        resource.setrlimit(resource.RLIMIT_NPROC, (most, most))


def oom_kills() -> int | None:
    """How often this container lost a process to the lack of memory; None where unknown."""
    for path, name in _COUNTERS:
        with contextlib.suppress(OSError, ValueError):
            for line in path.read_text().splitlines():
                key, _, value = line.partition(" ")
                if key == name:
                    return int(value)
    return None


def _reap(pids: set[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _read(pid: str) -> Process | None:
    """The name in `stat` may hold spaces and brackets, so fields count from its last bracket."""
    try:
        fields = Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return Process(int(pid), int(fields[1]), int(fields[19]), fields[0])
