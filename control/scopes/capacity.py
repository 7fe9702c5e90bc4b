"""Whether one scope more fits the host: a decision over plain numbers, made before anything is.

A scope may use all the memory that it was promised. So the promises of all that run, and not what
they use at this moment, must fit what the host gives; and what is asked for must also be there now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from control.engine.host import HostRoom

MIB: Final = 1024**2
START_BYTES: Final = 600 * MIB
"""What a scope takes while it starts, before anything is asked of it."""
START_DISK_BYTES: Final = 256 * MIB
"""The least that a new scope must find on the disk of the state directory."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How much of the host scopes may have."""

    reserve_bytes: int = 0
    """Memory that is kept back for the host itself."""
    overcommit: float = 1.0
    """How much of what is left may be promised; more than 1: more than there is."""
    disk_reserve_bytes: int = 0
    """Room on the disk that is kept back."""

    def promisable(self, host: HostRoom) -> int:
        """How much memory may be promised, all in all."""
        return max(0, int((host.memory_bytes - self.reserve_bytes) * self.overcommit))


@dataclass(frozen=True, kw_only=True)
class Promises:
    """Memory that others were promised, in bytes."""

    scopes: int = 0
    """All that scopes may use which run, start or stop."""
    spare: tuple[int, ...] = ()
    """The same of each sandbox of the pool: they give way."""
    to_come: int = 0
    """What those that are starting will have taken in a moment."""

    @property
    def total(self) -> int:
        """All of it."""
        return self.scopes + sum(self.spare)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`why` says why it does not fit; else `gives_way` sandboxes of the pool must go for it."""

    gives_way: int = 0
    why: str | None = None


def decide(asked: int, others: Promises, host: HostRoom, rules: Rules) -> Verdict:
    """Whether a scope with `asked` bytes of memory fits, and for how many sandboxes less."""
    if why := _disk(host, rules):
        return Verdict(why=why)
    for gone in range(len(others.spare) + 1):
        if _promised(asked, others, gone, host, rules) and _there(asked, others, gone, host, rules):
            return Verdict(gives_way=gone)
    return Verdict(why=_why(asked, others, host, rules))


def at_start(memory_bytes: int) -> int:
    """What a scope of that size takes while it starts."""
    return min(memory_bytes, START_BYTES)


def _promised(asked: int, others: Promises, gone: int, host: HostRoom, rules: Rules) -> bool:
    return others.scopes + sum(others.spare[gone:]) + asked <= rules.promisable(host)


def _there(asked: int, others: Promises, gone: int, host: HostRoom, rules: Rules) -> bool:
    if host.available_bytes is None:
        return True
    freed = sum(at_start(size) for size in others.spare[:gone])
    left = host.available_bytes + freed - others.to_come - at_start(asked)
    return left >= rules.reserve_bytes


def _disk(host: HostRoom, rules: Rules) -> str | None:
    least = rules.disk_reserve_bytes + START_DISK_BYTES
    if host.disk_free_bytes is None or host.disk_free_bytes >= least:
        return None
    return (
        f"the disk of the state directory has {_size(host.disk_free_bytes)} left, "
        f"{_size(least)} are needed ({_size(rules.disk_reserve_bytes)} of it kept back)"
    )


def _why(asked: int, others: Promises, host: HostRoom, rules: Rules) -> str:
    """The first rule that even an empty pool does not satisfy, with its numbers."""
    kept = f"the host has {_size(host.memory_bytes)}, {_size(rules.reserve_bytes)} kept back"
    if not _promised(asked, others, len(others.spare), host, rules):
        more = "" if rules.overcommit == 1 else f", times {rules.overcommit:g}"
        return (
            f"{_size(asked)} asked, {_size(others.scopes)} promised to others; {kept}{more}: "
            f"{_size(max(0, rules.promisable(host) - others.scopes))} can still be promised"
        )
    available = _size(host.available_bytes or 0)
    coming = f", {_size(others.to_come)} of it for those that start" if others.to_come else ""
    return f"{_size(at_start(asked))} needed to start, {available} available now{coming}; {kept}"


def _size(number: int) -> str:
    """Bytes for people, rounded against whoever asks."""
    return f"{number / 1024**3:.2f} GiB"
