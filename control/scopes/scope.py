"""A scope: its berth, its limits, and the states it may move between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from control.scopes.limits import Limits


class ScopeState(StrEnum):
    """Where a scope is in its life; `busy` is work that the control plane has in flight."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    PAUSED = "paused"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DEAD = "dead"


S = ScopeState

CAUSES: Final[Mapping[tuple[ScopeState, ScopeState], str]] = {
    (S.STARTING, S.IDLE): "its agent answers",
    (S.STARTING, S.BUSY): "its agent answers, and the request that woke it waits",
    (S.STARTING, S.STOPPING): "closed, or the opening failed and is undone",
    (S.STARTING, S.STOPPED): "the host has no room, or the engine is away: woken again later",
    (S.STARTING, S.DEAD): "it did not start",
    (S.IDLE, S.BUSY): "a request begins",
    (S.IDLE, S.PAUSED): "paused by an operator",
    (S.IDLE, S.STOPPING): "closed, restarted, idle for too long, or its life is over",
    (S.IDLE, S.STOPPED): "stopped or removed by an operator, or ended with the engine",
    (S.IDLE, S.DEAD): "agent, JVM or container ended",
    (S.BUSY, S.IDLE): "the last request ended",
    (S.BUSY, S.PAUSED): "paused by an operator",
    (S.BUSY, S.STOPPING): "closed, restarted, or its life is over",
    (S.BUSY, S.STOPPED): "stopped or removed by an operator, or ended with the engine",
    (S.BUSY, S.DEAD): "agent, JVM or container ended",
    (S.PAUSED, S.IDLE): "unpaused",
    (S.PAUSED, S.BUSY): "unpaused, and requests are under way",
    (S.PAUSED, S.STOPPING): "closed, restarted, or its life is over",
    (S.PAUSED, S.STOPPED): "stopped or removed by an operator, or ended with the engine",
    (S.PAUSED, S.DEAD): "the container ended",
    (S.STOPPING, S.STOPPED): "its container is gone",
    (S.STOPPED, S.STARTING): "woken by a request, restarted, or started by an operator",
    (S.STOPPED, S.STOPPING): "closed, or its life is over",
    (S.STOPPED, S.DEAD): "started by an operator, and its agent is too old",
    (S.DEAD, S.STARTING): "restarted, or started by an operator",
    (S.DEAD, S.STOPPING): "closed, or its life is over",
    (S.DEAD, S.STOPPED): "what was killed turns out to be removed by an operator",
}
"""The legal moves and what makes them. `stopped` and `dead` leave through `starting`, so that a
start is always seen; what was begun to stop ends stopped."""

MOVES: Final[Mapping[ScopeState, frozenset[ScopeState]]] = {
    state: frozenset(new for old, new in CAUSES if old is state) for state in ScopeState
}
"""Where each state may go."""

RUNNING: Final = frozenset({S.IDLE, S.BUSY})
"""States in which the agent can be asked."""


class IllegalMove(Exception):
    """A bug of ours: a move that the table does not have."""

    def __init__(self, sandbox_id: str, old: ScopeState, new: ScopeState) -> None:
        super().__init__(f"scope {sandbox_id[:12]} cannot go from {old} to {new}")


class Intent(StrEnum):
    """The move that was begun and not yet finished; in the store before the engine hears of it."""

    OPEN = "open"
    """Being made, or claimed from the pool: nobody was told that it exists."""
    FILL = "fill"
    """Being made for the pool."""
    START = "start"
    """Being woken or restarted: its files are to be kept."""
    STOP = "stop"
    CLOSE = "close"


@dataclass(kw_only=True)
class Scope:
    """One user's named workspace; the registry alone changes it.

    Times are seconds since the epoch. `sandbox_id`, `uid` and the disk are its berth, for life.
    A sandbox in the pool is a scope without an owner.
    """

    sandbox_id: str
    uid: int
    owner: str = ""
    name: str = ""
    state: ScopeState = ScopeState.STARTING
    reason: str | None = None
    created: float
    last_used: float
    since: float
    """When it came into its state."""
    ends: float | None = None
    limits: Limits
    from_pool: bool = False
    container_id: str | None = None
    intent: Intent | None = None
    in_flight: int = field(default=0, compare=False)
    """Requests that the control plane has under way here; the only measure of busy."""
    stages_ms: dict[str, float] = field(default_factory=dict, compare=False)
    """How long each stage of its last start took; of this process, like `in_flight`."""

    @property
    def is_pooled(self) -> bool:
        """Whether it waits in the pool for an owner."""
        return not self.owner

    @property
    def is_running(self) -> bool:
        """Whether its agent can be asked."""
        return self.state in RUNNING

    def move(self, state: ScopeState, reason: str | None = None) -> None:
        """Go to `state` for `reason`; raises IllegalMove where the table has no such move."""
        if state != self.state and state not in MOVES[self.state]:
            raise IllegalMove(self.sandbox_id, self.state, state)
        self.state = state
        self.reason = reason

    def begin_work(self) -> None:
        """One more request is under way."""
        self.in_flight += 1
        if self.state is ScopeState.IDLE:
            self.move(ScopeState.BUSY)

    def end_work(self, now: float) -> None:
        """One request less; the idle time counts from the last."""
        self.in_flight -= 1
        self.last_used = max(self.last_used, now)
        if self.state is ScopeState.BUSY and self.in_flight == 0:
            self.move(ScopeState.IDLE)

    def now_running(self) -> None:
        """The agent can be asked: busy if work waits for it, else idle."""
        self.move(ScopeState.BUSY if self.in_flight else ScopeState.IDLE)

    def clock_was_set(self, by_s: float, now: float) -> None:
        """Its times move with the time of day: what is measured from them stays as long."""
        self.created = min(self.created + by_s, now)
        self.last_used = min(self.last_used + by_s, now)
        self.since = min(self.since + by_s, now)
        if self.ends is not None:
            self.ends += by_s

    def idle_until(self) -> float | None:
        """When it has been idle for its `idle_timeout`; None: never, or not idle now."""
        timeout_s = self.limits.idle_timeout_s
        if timeout_s is None or self.in_flight or self.state is not ScopeState.IDLE:
            return None
        return self.last_used + timeout_s
