"""Who is here: every scope of this process by sandbox id and by owner and name."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from control.agent_client import AgentClient
from control.errors import NoCapacity, SandboxNotFound, ScopeExists, ScopeNotFound
from control.scopes.queue import CommandQueue
from control.scopes.scope import Scope
from control.scopes.stages import Stages


@dataclass(eq=False)
class Live:
    """A scope and what only this process has of it.

    The scope's state, intent, container and `agent` change only under `lock`; `in_flight`, and
    with it idle and busy, change anywhere between two awaits.
    """

    scope: Scope
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    queue: CommandQueue = field(default_factory=CommandQueue)
    agent: AgentClient | None = None
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it is being closed: whoever waits for it to start gives up."""
    stages: Stages | None = None
    """Those of its opening, as long as it is under way."""


class Roster:
    """The mutable state is the two dicts; they change together, and never across an await."""

    def __init__(self) -> None:
        self._lives: dict[str, Live] = {}
        self._names: dict[tuple[str, str], Live] = {}

    def add(self, live: Live) -> None:
        """Take in a scope, or a sandbox of the pool; raises ScopeExists."""
        scope = live.scope
        if not scope.is_pooled:
            self._take_name(live, scope.owner, scope.name)
        self._lives[scope.sandbox_id] = live

    def give(self, live: Live, owner: str, name: str) -> None:
        """A sandbox of the pool has an owner and a name now; raises ScopeExists."""
        self._take_name(live, owner, name)
        live.scope.owner, live.scope.name = owner, name

    def take_back(self, live: Live) -> None:
        """It waits in the pool again, without owner and name."""
        self._names.pop((live.scope.owner, live.scope.name), None)
        live.scope.owner = live.scope.name = ""

    def drop(self, live: Live) -> None:
        """Forget it; twice is fine."""
        scope = live.scope
        self._lives.pop(scope.sandbox_id, None)
        self._names.pop((scope.owner, scope.name), None)

    def has(self, sandbox_id: str) -> bool:
        """Whether it is ours."""
        return sandbox_id in self._lives

    def check_free(self, owner: str, name: str) -> None:
        """Whether the name is free; raises ScopeExists."""
        if (owner, name) in self._names:
            raise ScopeExists(name)

    def get(self, owner: str, name: str) -> Live:
        """The owner's scope; raises ScopeNotFound."""
        live = self._names.get((owner, name))
        if live is None:
            raise ScopeNotFound(name)
        return live

    def by_id(self, sandbox_id: str) -> Live:
        """The scope with this berth; raises SandboxNotFound."""
        live = self._lives.get(sandbox_id)
        if live is None:
            raise SandboxNotFound(sandbox_id)
        return live

    def all(self) -> list[Live]:
        """Scopes and sandboxes of the pool."""
        return list(self._lives.values())

    def scopes(self) -> list[Live]:
        """Scopes that have an owner, oldest first."""
        return sorted(self._names.values(), key=lambda live: live.scope.created)

    def of(self, owner: str) -> list[Live]:
        """The owner's scopes, oldest first."""
        return [live for live in self.scopes() if live.scope.owner == owner]

    def pooled(self) -> list[Live]:
        """The sandboxes that wait for an owner, oldest first."""
        return [live for live in self._lives.values() if live.scope.is_pooled]

    def free_uid(self, first: int, last: int, start: int = 0) -> int:
        """A uid that no berth has, looked for from that place of the range on; raises NoCapacity.

        A berth leaves the roster only when its folder is gone, so nobody meets another's files.
        """
        used = {live.scope.uid for live in self._lives.values()}
        size = last - first + 1
        for place in range(start, start + size):
            uid = first + place % size
            if uid not in used:
                return uid
        why = f"every uid from {first} to {last} is in use (GEOSCOPE_UID_RANGE)"
        raise NoCapacity(why)

    def _take_name(self, live: Live, owner: str, name: str) -> None:
        self.check_free(owner, name)
        self._names[(owner, name)] = live
