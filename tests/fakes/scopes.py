"""A registry over fakes: engine, disks and agents in memory, the store on disk, time by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from control.agent_client import AgentClient
from control.engine.host import HostRoom
from control.errors import AgentUnreachable
from control.scopes.capacity import Rules
from control.scopes.limits import Quota, ScopeLimits
from control.scopes.registry import ScopeRegistry
from control.store.database import Database
from control.store.scopes import ScopeStore
from tests.fakes.engine import FakeBerths, FakeContainer, FakeEngine, Fuse, World
from wire.messages import Health, Ok, ShutdownRequest

START = 1_800_000_000.0
READY = Health(ready=True, stage="ready", version="1.0")


class FakeClock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self._now = START
        self._elapsed = 0.0
        self._ticked = asyncio.Event()

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now

    def elapsed(self) -> float:
        """Seconds that a test let pass."""
        return self._elapsed

    def set_by(self, seconds: float) -> None:
        """Set the time of day, as an operator or a time server does: no time passes."""
        self._now += seconds

    def advance(self, seconds: float) -> None:
        """Let time pass; whoever waited that long goes on."""
        self._now += seconds
        self._elapsed += seconds
        self._ticked.set()
        self._ticked = asyncio.Event()

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> None:
        """Return when `event` is set, or when `timeout_s` have passed."""
        until = None if timeout_s is None else self._elapsed + timeout_s
        while not event.is_set() and (until is None or self._elapsed < until):
            waits = [
                asyncio.ensure_future(event.wait()),
                asyncio.ensure_future(self._ticked.wait()),
            ]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()


@dataclass
class FakeHost:
    """A machine whose memory and disk are what a test says."""

    memory_bytes: int
    available_bytes: int | None = None
    disk_free_bytes: int | None = None

    def look(self, engine_memory_bytes: int | None) -> HostRoom:
        """Now; what the engine says counts where it says something."""
        return HostRoom(
            memory_bytes=engine_memory_bytes or self.memory_bytes,
            available_bytes=self.available_bytes,
            disk_free_bytes=self.disk_free_bytes,
        )


class QuickAgent(AgentClient):
    """Asks the container of the World directly, without a socket."""

    def __init__(
        self, world: World, healths: dict[str, Health], socket: Path, deaf: set[str]
    ) -> None:
        super().__init__(socket, uid=None)
        self._deaf = deaf
        self._world = world
        self._healths = healths

    async def call(self, request: Any, timeout_s: float, request_id: str = "") -> Any:
        """Health, if the container runs; asked to end it does."""
        container = self._world.at(self.socket)
        if container is None:
            raise AgentUnreachable("nobody listens")  # noqa: EM101
        if isinstance(request, ShutdownRequest):
            if container.plan.sandbox_id in self._deaf:
                raise AgentUnreachable("it hears nothing")  # noqa: EM101
            await self._world.end(container, 0)
            return Ok()
        return self._healths.get(container.plan.sandbox_id, self._healths["*"])


class FusedDatabase(Database):
    """A store of which every writing is a call that the fuse counts."""

    fuse: Fuse

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction."""
        self.fuse.before()
        with super().begin() as connection:
            yield connection
        self.fuse.done()


@dataclass
class House:
    """One host: what is there whether a control plane runs or not, and control planes on it."""

    folder: Path
    world: World = field(default_factory=World)
    clock: FakeClock = field(default_factory=FakeClock)
    healths: dict[str, Health] = field(default_factory=lambda: {"*": READY})
    deaf: set[str] = field(default_factory=set)
    """Sandboxes whose agents do not hear that they should end."""
    quotas: dict[str, Quota] = field(default_factory=dict)
    room: FakeHost | None = None
    rules: Rules = field(default_factory=Rules)

    @asynccontextmanager
    async def registry(
        self, limits: ScopeLimits | None = None, fuse: Fuse | None = None
    ) -> AsyncIterator[ScopeRegistry]:
        """A started control plane; it is stopped, or found crashed, at the end."""
        control = self.control(limits, fuse)
        try:
            await control.registry.start()
            yield control.registry
        finally:
            await control.end()

    def control(self, limits: ScopeLimits | None = None, fuse: Fuse | None = None) -> Control:
        """A control plane, not started."""
        return Control(self, limits or usual_limits(), fuse or Fuse())

    def container(self, registry: ScopeRegistry, owner: str, name: str) -> FakeContainer:
        """The container of a scope."""
        return self.world.containers[registry.get(owner, name).container_id or ""]


class Control:
    """One control plane's life."""

    def __init__(self, house: House, limits: ScopeLimits, fuse: Fuse) -> None:
        self.fuse = fuse
        self.engine = FakeEngine(house.world, agent_factory=None, fuse=fuse)
        self.berths = FakeBerths(house.folder / "berths", house.world, fuse)
        self.database = FusedDatabase.open(house.folder, durable=False)
        self.database.fuse = fuse
        self.registry = ScopeRegistry(
            self.engine,
            self.berths,
            ScopeStore(self.database),
            limits,
            clock=house.clock,
            connect=lambda socket, _: QuickAgent(house.world, house.healths, socket, house.deaf),
            quotas=lambda owner: house.quotas.get(owner, Quota()),
            host=house.room,
            rules=house.rules,
        )

    def set_fuse(self, fuse: Fuse) -> None:
        """From now on this fuse counts."""
        self.fuse = self.database.fuse = self.engine.fuse = self.berths.fuse = fuse

    async def end(self) -> None:
        """Stop it; a crashed one is only let go of."""
        try:
            if not self.fuse.blown:
                await self.registry.stop()
        finally:
            self.database.close()


def usual_limits(**more: Any) -> ScopeLimits:
    """Limits without a pool, unless a test asks for one."""
    values = {"image": "geoscope-sandbox:test", "version": "1.0", "pool_size": 0, **more}
    return ScopeLimits(**values)


async def eventually(is_so: Callable[[], bool], rounds: int = 2000) -> None:
    """Let other tasks run until it is so; fails when it never is."""
    for _ in range(rounds):
        if is_so():
            return
        await asyncio.sleep(0)
    assert is_so()
