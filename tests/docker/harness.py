"""What tests of real containers share: the stub's image, plans, waiting, and cleaning up."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import docker

from control.engine.driver import (
    INSTALLATION_LABEL,
    SANDBOX_LABEL,
    ContainerPlan,
    ContainerState,
    EngineDriver,
)
from wire.protocol import RUN_FOLDER, SOCKET_NAME
from wire.settings import AgentSettings

T = TypeVar("T")

RUN_LABEL = "geoscope.run"
AGENTS = Path(__file__).parents[1] / "agents"
SCOPE_UID = 20_001
FOLDERS = ("files", "catalog", "tables", "spool", "spark", "run", "home", "cache")


async def until(
    look: Callable[[], Awaitable[T]], wanted: Callable[[T], bool], timeout_s: float = 30.0
) -> T:
    """What `look` gave once it was as wanted; the last look is in the failure."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    pause_s = 0.01
    while not wanted(seen := await look()):
        assert asyncio.get_running_loop().time() < deadline, f"not within {timeout_s} s: {seen}"
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 0.5)
    return seen


def stub_image(client: docker.DockerClient, run_id: str) -> str:
    """The tag of the stub agents' image, built where their files changed."""
    files = [*sorted(AGENTS.glob("*.py")), AGENTS / "Dockerfile"]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    tag = f"geoscope-stub:{digest}"
    if not client.images.list(tag):
        client.images.build(path=str(AGENTS), tag=tag, network_mode="host", rm=True)
    return tag


def behaving_image(client: docker.DockerClient, stub: str, behaviour: str) -> str:
    """The tag of the stub's image whose agents behave so, whatever control plane starts them."""
    name, digest = stub.split(":")
    tag = f"{name}-{behaviour.replace('_', '-')}:{digest}"
    if not client.images.list(tag):
        recipe = io.BytesIO(f"FROM {stub}\nENV STUB_BEHAVIOUR={behaviour}\n".encode())
        client.images.build(fileobj=recipe, tag=tag, rm=True)
    return tag


def make_berth(folder: Path, uid: int) -> Path:
    """A folder as a scope's disk is laid out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FOLDERS:
        place = folder / name
        place.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(place, uid, uid)
    return folder


@dataclass
class World:
    """A driver, and plans for it that differ from test to test."""

    make_driver: Callable[[], EngineDriver]
    image: str
    folder: Path
    run_id: str
    uid: int = SCOPE_UID
    installation: str = field(default_factory=lambda: os.urandom(8).hex())

    def __post_init__(self) -> None:
        self.driver = self.make_driver()

    def plan(self, name: str = "a", behaviour: str = "good", **changes: Any) -> ContainerPlan:
        """A plan for a scope called `name`, whose agent behaves so."""
        sandbox_id = changes.pop("sandbox_id", f"{name}-{self.run_id}")
        agent = AgentSettings(version=behaviour, sandbox_id=sandbox_id, cpus=1)
        values: dict[str, Any] = {
            "name": self.full_name(name),
            "sandbox_id": sandbox_id,
            "uid": self.uid,
            "gid": self.uid,
            "labels": self.labels(sandbox_id),
            "image": self.image,
            "memory_bytes": 128 * 1024**2,
            "cpus": 1.0,
            "pids": 64,
            "scope_dir": make_berth(self.folder / "berths" / name / "disk", self.uid),
            "agent": agent,
        }
        return ContainerPlan(**(values | changes))

    def full_name(self, name: str) -> str:
        """A container's name that no other run of the tests has."""
        return f"gs-test-{self.run_id}-{name}"

    def labels(self, sandbox_id: str, installation: str | None = None) -> dict[str, str]:
        """The labels of a container of this run."""
        return {
            INSTALLATION_LABEL: installation or self.installation,
            SANDBOX_LABEL: sandbox_id,
            RUN_LABEL: self.run_id,
        }

    def socket(self, name: str = "a") -> Path:
        """Where that scope's agent listens."""
        return self.folder / "berths" / name / "disk" / RUN_FOLDER / SOCKET_NAME

    async def is_listening(self, name: str = "a") -> bool:
        """Whether that scope's agent takes connections."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket(name))) == 0

    async def run(self, name: str = "a", behaviour: str = "good", **changes: Any) -> str:
        """The id of a container that was started."""
        id = await self.driver.create(self.plan(name, behaviour, **changes))
        await self.driver.start(id)
        return id

    async def until_state(self, id: str, state: ContainerState, timeout_s: float = 30.0) -> Any:
        """Its status once it is in that state."""
        return await until(
            lambda: self.driver.status(id), lambda seen: seen.state is state, timeout_s
        )


def containers_of(client: docker.DockerClient, run_id: str) -> list[Any]:
    """The containers that this run of the tests made, whatever their state."""
    return list(client.containers.list(all=True, filters={"label": f"{RUN_LABEL}={run_id}"}))


async def pause(client: docker.DockerClient, id: str) -> None:
    """As an operator would; runc cannot always freeze a busy cgroup at the first try."""

    def attempt() -> str:
        container = client.containers.get(id)
        with contextlib.suppress(docker.errors.APIError):
            container.pause()
        container.reload()
        return str(container.status)

    await until(lambda: asyncio.to_thread(attempt), lambda status: status == "paused")


def inside(client: docker.DockerClient, id: str, script: str) -> tuple[int, str]:
    """Exit code and output of a shell script, run in that container as its own user."""
    code, output = client.containers.get(id).exec_run(["sh", "-c", script])
    return code, output.decode(errors="replace")


def describe(container: Any) -> str:
    """State, limits and last lines of a container, for the report of a failed test."""
    container.reload()
    limits = {
        key: container.attrs["HostConfig"][key] for key in ("Memory", "NanoCpus", "PidsLimit")
    }
    lines = container.logs(tail=100).decode(errors="replace")
    return f"{container.name} {container.attrs['State']} {limits}\n{lines}"
