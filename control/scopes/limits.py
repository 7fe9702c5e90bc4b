"""What a scope may use: the installation's limits, a user's quota, a request's wish."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from control.errors import BadParameter, QuotaExceeded
from wire.settings import AgentSettings

MIB: Final = 1024**2
GIB: Final = 1024**3
MIN_HEAP_BYTES: Final = 480 * MIB
"""Spark refuses a heap of less than 472 MB."""
HEAP_SHARE: Final = 0.45
CACHE_SHARE: Final = 0.25
AGENT_BYTES: Final = 300 * MIB
"""What JVM (beyond its heap) and agent need before the tenant's Python gets anything."""
RESERVED_PIDS: Final = 64
"""Processes and threads of a scope that its tenant's Python leaves to agent and JVM."""
MIN_KERNEL_BYTES: Final = 256 * MIB
LEAST: Final[dict[str, float]] = {"memory": GIB, "cpus": 0.1, "disk": 64 * MIB}
"""What a request must ask for at least: heap, agent and kernel fit in no less than 1 GiB."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one scope may use; sizes in bytes, times in seconds, None: without end."""

    memory_bytes: int = 2 * GIB
    cpus: float = 2.0
    pids: int = 512
    disk_bytes: int = 10 * GIB
    gpu: bool = False
    idle_timeout_s: float | None = 3600.0
    ttl_s: float | None = None

    def same_container(self, other: Limits) -> bool:
        """Whether a container made for `other` serves: times are the control plane's own."""
        shape = ("memory_bytes", "cpus", "pids", "disk_bytes", "gpu")
        return all(getattr(self, name) == getattr(other, name) for name in shape)


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """What an admin allowed one user, more or less than usual; None: as usual."""

    scopes: int | None = None
    memory_bytes: int | None = None
    cpus: float | None = None
    disk_bytes: int | None = None
    requests_per_minute: int | None = None
    statements: int | None = None
    """Commands, queries, maps, loads and saves of one scope at a time."""
    idle_timeout_s: float | None = None
    ttl_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class ScopeWish:
    """What a request asks for; None: the user's usual."""

    name: str | None = None
    memory_bytes: int | None = None
    cpus: float | None = None
    gpu: bool = False
    idle_timeout_s: float | None = None
    ttl_s: float | None = None
    disk_bytes: int | None = None


def a_quarter(memory_bytes: int) -> int:
    """The usual share of the map cache."""
    return int(memory_bytes * CACHE_SHARE)


@dataclass(frozen=True, kw_only=True)
class ScopeLimits:
    """What the installation gives its scopes, and how it makes them."""

    image: str
    version: str
    each: Limits = field(default_factory=Limits)
    """One scope's limits where neither quota nor wish says otherwise."""
    scopes_per_user: int = 10
    pool_size: int = 1
    uid_first: int = 200_000
    uid_last: int = 265_535
    uid_start: int = 0
    """From which of them on, of two installations on one host each its own: the kernel counts
    processes by uid, whoever's they are."""
    peer_uid_checked: bool = True
    """Whether an agent's socket must be its scope's uid's (`GEOSCOPE_PEER_UID`)."""
    data: tuple[tuple[Path, str], ...] = ()
    """(host folder, folder in the container), read-only in every scope."""
    labels: dict[str, str] = field(default_factory=dict)
    """Further labels of every container, as tests need them."""
    cache_bytes_of: Callable[[int], int] = a_quarter
    """The map cache of a scope with that many bytes of memory."""
    render_direct: bool = True
    max_output_bytes: int = 10 * MIB
    start_timeout_s: float = 120.0
    health_timeout_s: float = 5.0
    stop_grace_s: float = 5.0
    dead_keep_s: float = 3600.0
    """How long a dead scope's container stays for its logs."""


def resolve(wish: ScopeWish, quota: Quota, usual: Limits) -> Limits:
    """The limits of a new scope; raises BadParameter naming what the user may not have."""
    return Limits(
        memory_bytes=int(
            _size("memory", wish.memory_bytes, quota.memory_bytes, usual.memory_bytes)
        ),
        cpus=_size("cpus", wish.cpus, quota.cpus, usual.cpus),
        pids=usual.pids,
        disk_bytes=int(_size("disk", wish.disk_bytes, quota.disk_bytes, usual.disk_bytes)),
        gpu=wish.gpu or usual.gpu,
        idle_timeout_s=_time(
            "idle_timeout", wish.idle_timeout_s, quota.idle_timeout_s, usual.idle_timeout_s
        ),
        ttl_s=_time("ttl", wish.ttl_s, quota.ttl_s, usual.ttl_s),
    )


def check_count(have: int, quota: Quota, usual: int) -> None:
    """Whether one scope more is within the quota; raises QuotaExceeded."""
    allowed = usual if quota.scopes is None else quota.scopes
    if have >= allowed:
        what = "scopes"
        raise QuotaExceeded(what, have + 1, allowed)


def agent_settings(limits: Limits, scopes: ScopeLimits, sandbox_id: str) -> AgentSettings:
    """What the agent of a scope with `limits` is told at its start."""
    heap = heap_bytes(limits.memory_bytes)
    return AgentSettings(
        sandbox_id=sandbox_id,
        version=scopes.version,
        cpus=max(1, round(limits.cpus)),
        memory_bytes=limits.memory_bytes,
        heap_bytes=heap,
        kernel_memory_bytes=max(MIN_KERNEL_BYTES, limits.memory_bytes - heap - AGENT_BYTES),
        kernel_pids=limits.pids - min(RESERVED_PIDS, limits.pids // 4),
        cache_bytes=scopes.cache_bytes_of(limits.memory_bytes),
        render_direct=scopes.render_direct,
        max_output_bytes=scopes.max_output_bytes,
        gpu=limits.gpu,
    )


def heap_bytes(memory_bytes: int) -> int:
    """The JVM's share of a scope's memory."""
    return max(MIN_HEAP_BYTES, int(memory_bytes * HEAP_SHARE))


def _size(name: str, wish: float | None, quota: float | None, usual: float) -> float:
    allowed = usual if quota is None else quota
    if wish is None:
        return min(usual, allowed)
    least = LEAST[name]
    if not least <= wish <= allowed:
        raise BadParameter(name, f"{wish:g} wanted, from {least:g} to {allowed:g} allowed")
    return wish


def _time(name: str, wish: float | None, quota: float | None, usual: float | None) -> float | None:
    allowed = usual if quota is None else quota
    if wish is None:
        return allowed if usual is None or allowed is None else min(usual, allowed)
    if not 0 < wish < math.inf:
        raise BadParameter(name, f"{wish:g} s wanted, it must be a number more than 0")
    if allowed is not None and wish > allowed:
        raise BadParameter(name, f"{wish:g} s wanted, at most {allowed:g} s allowed")
    return wish
