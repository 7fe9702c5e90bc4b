"""What the scopes rest on, as one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from control.agent_client import AgentClient
from control.engine.driver import Berths, EngineDriver
from control.scopes.limits import ScopeLimits
from control.scopes.scope import Scope
from control.scopes.wait import Clock, WallClock
from control.store.scopes import ScopeStore
from wire.protocol import RUN_FOLDER, SOCKET_NAME

Connect = Callable[[Path, int | None], AgentClient]
"""An agent's client from its socket, and the uid that must have made it (None: any)."""


def connect_agent(socket: Path, uid: int | None) -> AgentClient:
    """The client that talks to real agents."""
    return AgentClient(socket, uid=uid)


@dataclass(frozen=True, kw_only=True)
class Backing:
    """Engine, disks, store, limits, clock and agents."""

    driver: EngineDriver
    berths: Berths
    store: ScopeStore
    limits: ScopeLimits
    clock: Clock = field(default_factory=WallClock)
    connect: Connect = connect_agent

    async def agent(self, scope: Scope, scope_dir: Path) -> AgentClient:
        """A client of the scope's agent."""
        checked = self.limits.peer_uid_checked
        uid = await self.driver.host_uid(scope.uid) if checked else None
        return self.connect(scope_dir / RUN_FOLDER / SOCKET_NAME, uid)

    def save(self, scope: Scope, event: str | None = None) -> None:
        """Write the scope; `event` says that it came into its state just now, and how."""
        now = self.clock.now()
        if event is not None:
            scope.since = now
        self.store.save(scope, event, now)
