"""What the control plane asks of whatever runs containers: one protocol, plain values."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from wire.settings import AgentSettings

INSTALLATION_LABEL: Final = "geoscope.installation"
SANDBOX_LABEL: Final = "geoscope.sandbox"
VERSION_LABEL: Final = "geoscope.version"
PROTOCOL_LABEL: Final = "geoscope.protocol"
USER_LABEL: Final = "geoscope.user"
SCOPE_LABEL: Final = "geoscope.scope"


@dataclass(frozen=True, kw_only=True)
class ContainerPlan:
    """What one container may do, as one value."""

    name: str
    sandbox_id: str
    uid: int
    gid: int
    labels: dict[str, str]
    image: str
    memory_bytes: int
    cpus: float
    pids: int
    gpu: bool = False
    scope_dir: Path
    """Host folder that the container sees as /scope."""
    data: tuple[tuple[Path, str], ...] = ()
    """(host folder, folder in the container), read-only."""
    agent: AgentSettings = field(default_factory=AgentSettings)


class ContainerState(StrEnum):
    """Where a container is in its life; ABSENT: the engine has none of that id."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    EXITED = "exited"
    ABSENT = "absent"


@dataclass(frozen=True, kw_only=True)
class ContainerStatus:
    """One look at a container; times in seconds since the epoch."""

    id: str
    name: str = ""
    state: ContainerState
    labels: dict[str, str] = field(default_factory=dict)
    exit_code: int | None = None
    oom_killed: bool = False
    started_at: float | None = None
    finished_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a container uses now; None where the engine does not say."""

    memory_bytes: int | None = None
    memory_limit_bytes: int | None = None
    cpu_seconds: float | None = None
    pids: int | None = None


@dataclass(frozen=True, kw_only=True)
class EngineEvent:
    """Something happened to a container of ours: start, die, oom, pause, destroy, rename, ..."""

    container_id: str
    sandbox_id: str
    action: str


class EngineDriver(Protocol):
    """Runs containers. Every call may raise EngineUnavailable or EngineError, and nothing else."""

    name: str

    async def ping(self) -> str:
        """The engine's version in words; raises EngineUnavailable."""
        ...

    async def host_uid(self, uid: int) -> int:
        """Whom the host sees, as owner of files and sockets, where a container has user `uid`."""
        ...

    async def memory_bytes(self) -> int | None:
        """The memory of the machine it runs containers on; None where it does not say."""
        ...

    async def has_image(self, image: str) -> bool:
        """Whether a container of `image` could be created now."""
        ...

    async def create(self, plan: ContainerPlan) -> str:
        """Make a container, not yet started, and give its id; raises NameTaken."""
        ...

    async def start(self, id: str) -> None:
        """Start it; starting a running one is success."""
        ...

    async def stop(self, id: str, grace_s: float) -> None:
        """End it, by force after `grace_s`; already stopped or absent is success."""
        ...

    async def remove(self, id: str) -> None:
        """Make it gone, running or not; absent is success."""
        ...

    async def status(self, id: str) -> ContainerStatus:
        """One look; state ABSENT where the engine has none of that id."""
        ...

    async def list(self, installation: str) -> list[ContainerStatus]:
        """Every container with this installation's label, whatever its state."""
        ...

    async def rename(self, id: str, name: str) -> None:
        """Give it another name; raises NameTaken."""
        ...

    async def logs(self, id: str, tail: int) -> str:
        """The last `tail` lines that it wrote; empty where it is absent."""
        ...

    async def usage(self, id: str) -> Usage:
        """What it uses now; all None where it does not run."""
        ...

    def events(self, installation: str) -> AsyncIterator[EngineEvent]:
        """Events from now on; raises EngineUnavailable when the engine goes."""
        ...

    async def close(self) -> None:
        """Let go of threads and connections; containers keep running."""
        ...


class Berths(Protocol):
    """The disks of scopes, one folder a scope, below the state directory."""

    is_hard: bool
    """Whether the bound on a disk's size is enforced by the kernel."""

    async def make(self, sandbox_id: str, uid: int, disk_bytes: int) -> Path:
        """The scope's folder, made and mounted; making it twice is fine."""
        ...

    async def attach(self, sandbox_id: str) -> Path:
        """The scope's folder, mounted again where a restart of the host undid it."""
        ...

    async def remove(self, sandbox_id: str) -> None:
        """Unmount and delete it; absent is success."""
        ...

    async def list(self) -> list[str]:
        """The sandbox ids that have a disk."""
        ...

    async def used_bytes(self, sandbox_id: str) -> int | None:
        """How much of it is used; None where that cannot be said."""
        ...
