"""FakeEngine and FakeBerths: the engine's protocol in memory, agents in this process.

A `World` is what outlives a control plane: containers, disks, names. Several FakeEngines, one
after the other, may look at one World, as control planes do at one real engine.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from control.engine.driver import (
    INSTALLATION_LABEL,
    ContainerPlan,
    ContainerState,
    ContainerStatus,
    EngineEvent,
    Usage,
)
from control.errors import EngineError, EngineUnavailable, NameTaken
from tests.fakes.agent import ScriptedAgent
from wire.protocol import RUN_FOLDER, SOCKET_NAME

KILLED = 137


class Crash(BaseException):
    """The control plane dies here: nothing of it may run on."""


@dataclass
class Fuse:
    """Counts the calls of one control plane and blows at one of them, before or after its effect.

    Once blown, every further call of that control plane blows too.
    """

    at: int | None = None
    after: bool = False
    calls: int = 0
    blown: bool = False

    def before(self) -> None:
        """At the start of a call."""
        self.calls += 1
        self._blow(not self.after)

    def done(self) -> None:
        """At the end of a call."""
        self._blow(self.after)

    def _blow(self, is_here: bool) -> None:
        if self.blown or (is_here and self.calls == self.at):
            self.blown = True
            raise Crash


class FakeAgent(Protocol):
    """What runs in a fake container."""

    async def start(self) -> None:
        """Begin to listen."""

    async def stop(self) -> None:
        """Go away; twice is fine."""


AgentFactory = Callable[[Path, ContainerPlan], FakeAgent]


def scripted(socket: Path, _: ContainerPlan) -> FakeAgent:
    """The agent of the wire contract, on the container's socket."""
    return ScriptedAgent(socket)


@dataclass(eq=False)
class FakeContainer:
    """One container."""

    id: str
    name: str
    plan: ContainerPlan
    state: ContainerState = ContainerState.CREATED
    exit_code: int | None = None
    oom_killed: bool = False
    started_at: float | None = None
    finished_at: float | None = None
    agent: FakeAgent | None = None
    lines: list[str] = field(default_factory=list)

    @property
    def socket(self) -> Path:
        """Where its agent listens."""
        return self.plan.scope_dir / RUN_FOLDER / SOCKET_NAME

    def status(self) -> ContainerStatus:
        """One look."""
        return ContainerStatus(
            id=self.id,
            name=self.name,
            state=self.state,
            labels=dict(self.plan.labels),
            exit_code=self.exit_code,
            oom_killed=self.oom_killed,
            started_at=self.started_at,
            finished_at=self.finished_at,
        )


@dataclass(eq=False)
class World:
    """What is there whether a control plane runs or not."""

    containers: dict[str, FakeContainer] = field(default_factory=dict)
    disks: dict[str, int] = field(default_factory=dict)
    """Uid by sandbox id."""
    uids_reused: list[int] = field(default_factory=list)
    """Uids that were given to a second disk while the first was still there."""
    images: set[str] | None = None
    """None: every image is here."""
    memory_bytes: int | None = None
    """What the engine says of its machine."""
    is_up: bool = True
    listeners: list[tuple[str, asyncio.Queue[EngineEvent | None]]] = field(default_factory=list)
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def of(self, sandbox_id: str) -> list[FakeContainer]:
        """A sandbox's containers."""
        return [c for c in self.containers.values() if c.plan.sandbox_id == sandbox_id]

    def at(self, socket: Path) -> FakeContainer | None:
        """The running container whose agent listens there."""
        running = (c for c in self.containers.values() if c.state is ContainerState.RUNNING)
        return next((c for c in running if c.socket == socket), None)

    def named(self, name: str) -> FakeContainer | None:
        """The container of that name."""
        return next((c for c in self.containers.values() if c.name == name), None)

    def tell(self, container: FakeContainer, *actions: str) -> None:
        """Events, in this order."""
        installation = container.plan.labels.get(INSTALLATION_LABEL, "")
        for action in actions:
            event = EngineEvent(
                container_id=container.id, sandbox_id=container.plan.sandbox_id, action=action
            )
            for wanted, queue in self.listeners:
                if wanted == installation:
                    queue.put_nowait(event)

    # -------------------------------------------------------- what operators and fate do

    async def end(
        self, container: FakeContainer, exit_code: int, *signs: str, oom_killed: bool = False
    ) -> None:
        """The container ends; `signs` are the events before its `die`."""
        if container.agent is not None:
            await container.agent.stop()
        container.state = ContainerState.EXITED
        container.exit_code = exit_code
        container.oom_killed = oom_killed
        container.finished_at = time.time()
        self.tell(container, *signs, "die")

    async def remove(self, container: FakeContainer) -> None:
        """`docker rm -f`."""
        if container.state in (ContainerState.RUNNING, ContainerState.PAUSED):
            await self.end(container, KILLED, "kill")
        if self.containers.pop(container.id, None) is not None:
            self.tell(container, "destroy")

    def pause(self, container: FakeContainer) -> None:
        """`docker pause`."""
        container.state = ContainerState.PAUSED
        self.tell(container, "pause")

    def unpause(self, container: FakeContainer) -> None:
        """`docker unpause`."""
        container.state = ContainerState.RUNNING
        self.tell(container, "unpause")

    def go_down(self) -> None:
        """The engine stops answering; containers run on."""
        self.is_up = False
        for _, queue in self.listeners:
            queue.put_nowait(None)

    def come_up(self) -> None:
        """The engine answers again."""
        self.is_up = True


class FakeEngine:
    """An EngineDriver over a World."""

    name = "fake"

    def __init__(
        self,
        world: World | None = None,
        *,
        agent_factory: AgentFactory | None = scripted,
        fuse: Fuse | None = None,
    ) -> None:
        self.world = world or World()
        self.fuse = fuse or Fuse()
        self.fails: dict[str, list[Exception]] = {}
        """What the next calls of a method raise, by its name."""
        self._agent_factory = agent_factory

    async def ping(self) -> str:
        """The version in words."""
        self._check("ping")
        return "fake 1.0"

    async def host_uid(self, uid: int) -> int:
        """The container's user itself."""
        return uid

    async def memory_bytes(self) -> int | None:
        """The memory of its machine."""
        self._check("memory_bytes")
        return self.world.memory_bytes

    async def has_image(self, image: str) -> bool:
        """Whether the image is here."""
        self._check("has_image")
        return self.world.images is None or image in self.world.images

    async def create(self, plan: ContainerPlan) -> str:
        """Make a container."""
        self._begin("create")
        if self.world.named(plan.name) is not None:
            raise NameTaken(plan.name)
        if self.world.images is not None and plan.image not in self.world.images:
            raise EngineError("create a container", f"no such image: {plan.image}")  # noqa: EM101
        container = FakeContainer(f"{next(self.world.ids):064x}", plan.name, plan)
        self.world.containers[container.id] = container
        self.world.tell(container, "create")
        self.fuse.done()
        return container.id

    async def start(self, id: str) -> None:
        """Start it, and its agent."""
        self._begin("start")
        container = self._get(id, "start")
        if container.state is not ContainerState.RUNNING:
            await self._run(container)
        self.fuse.done()

    async def stop(self, id: str, grace_s: float) -> None:
        """End it gracefully."""
        self._begin("stop")
        container = self.world.containers.get(id)
        if container is not None and container.state in (
            ContainerState.RUNNING,
            ContainerState.PAUSED,
        ):
            await self.world.end(container, 143, "kill")
            self.world.tell(container, "stop")
        self.fuse.done()

    async def remove(self, id: str) -> None:
        """Make it gone."""
        self._begin("remove")
        container = self.world.containers.get(id)
        if container is not None:
            await self.world.remove(container)
        self.fuse.done()

    async def status(self, id: str) -> ContainerStatus:
        """One look."""
        self._begin("status")
        container = self.world.containers.get(id)
        self.fuse.done()
        if container is None:
            return ContainerStatus(id=id, state=ContainerState.ABSENT)
        return container.status()

    async def list(self, installation: str) -> list[ContainerStatus]:
        """Every container of this installation."""
        self._begin("list")
        self.fuse.done()
        return [
            container.status()
            for container in self.world.containers.values()
            if container.plan.labels.get(INSTALLATION_LABEL) == installation
        ]

    async def rename(self, id: str, name: str) -> None:
        """Give it another name."""
        self._begin("rename")
        container = self._get(id, "rename")
        if self.world.named(name) not in (None, container):
            raise NameTaken(name)
        container.name = name
        self.world.tell(container, "rename")
        self.fuse.done()

    async def logs(self, id: str, tail: int) -> str:
        """The last lines."""
        self._check("logs")
        container = self.world.containers.get(id)
        lines = [] if container is None else container.lines
        return "".join(f"{line}\n" for line in lines[-tail:])

    async def usage(self, id: str) -> Usage:
        """What it uses."""
        self._check("usage")
        container = self.world.containers.get(id)
        if container is None or container.state is not ContainerState.RUNNING:
            return Usage()
        limit = container.plan.memory_bytes
        return Usage(memory_bytes=limit // 4, memory_limit_bytes=limit, cpu_seconds=1.0, pids=3)

    async def events(self, installation: str) -> AsyncIterator[EngineEvent]:
        """Events from now on."""
        self._check("events")
        queue: asyncio.Queue[EngineEvent | None] = asyncio.Queue()
        listener = (installation, queue)
        self.world.listeners.append(listener)
        try:
            while (event := await queue.get()) is not None:
                yield event
            raise EngineUnavailable("the fake engine went down")  # noqa: EM101
        finally:
            if listener in self.world.listeners:
                self.world.listeners.remove(listener)

    async def close(self) -> None:
        """Nothing to let go."""

    async def _run(self, container: FakeContainer) -> None:
        container.state = ContainerState.RUNNING
        container.started_at = time.time()
        container.lines.append("agent started")
        if self._agent_factory is not None:
            container.agent = self._agent_factory(container.socket, container.plan)
            if isinstance(container.agent, ScriptedAgent):
                container.agent.on_shutdown = lambda: self.world.end(container, 0)
            await container.agent.start()
        self.world.tell(container, "start")

    def _begin(self, method: str) -> None:
        self.fuse.before()
        self._check(method)

    def _check(self, method: str) -> None:
        if self.fuse.blown:
            raise Crash
        if not self.world.is_up:
            raise EngineUnavailable("the fake engine is down")  # noqa: EM101
        if self.fails.get(method):
            raise self.fails[method].pop(0)

    def _get(self, id: str, action: str) -> FakeContainer:
        container = self.world.containers.get(id)
        if container is None:
            raise EngineError(action, "no such container")
        return container


class FakeBerths:
    """Folders instead of disks."""

    is_hard = True

    def __init__(self, root: Path, world: World | None = None, fuse: Fuse | None = None) -> None:
        self._root = root
        self._world = world or World()
        self.fuse = fuse or Fuse()
        self.fails: list[Exception] = []
        """What the next calls of `make` raise."""

    async def make(self, sandbox_id: str, uid: int, disk_bytes: int) -> Path:
        """The folder."""
        self.fuse.before()
        if self.fails:
            raise self.fails.pop(0)
        if uid in (u for other, u in self._world.disks.items() if other != sandbox_id):
            self._world.uids_reused.append(uid)
        self._world.disks[sandbox_id] = uid
        folder = self._folder(sandbox_id)
        for name in (RUN_FOLDER, "files"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.fuse.done()
        return folder

    async def attach(self, sandbox_id: str) -> Path:
        """The folder, which must be there."""
        self.fuse.before()
        folder = self._folder(sandbox_id)
        if not folder.is_dir():
            raise FileNotFoundError(2, "no such disk", str(folder))
        self.fuse.done()
        return folder

    async def remove(self, sandbox_id: str) -> None:
        """Delete it."""
        self.fuse.before()
        shutil.rmtree(self._root / sandbox_id, ignore_errors=True)
        self._world.disks.pop(sandbox_id, None)
        self.fuse.done()

    async def list(self) -> list[str]:
        """The sandbox ids."""
        self.fuse.before()
        names = sorted(p.name for p in self._root.iterdir()) if self._root.is_dir() else []
        self.fuse.done()
        return names

    async def used_bytes(self, sandbox_id: str) -> int | None:
        """The sum of the files."""
        files = [p for p in (self._root / sandbox_id).rglob("*") if p.is_file()]
        return sum(p.stat().st_size for p in files)

    def _folder(self, sandbox_id: str) -> Path:
        return self._root / sandbox_id / "disk"
