"""A tenant that wants everything: its own container may fall, nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import docker
import pytest

from control.agent_client import AgentClient
from control.engine.berths import LoopBerths
from control.engine.driver import ContainerState
from tests.docker.harness import SCOPE_UID, World, inside, until
from wire.messages import HealthRequest

pytestmark = pytest.mark.docker

DISK_BYTES = 32 * 1024**2


@pytest.fixture
async def berths(tmp_path: Path) -> AsyncIterator[LoopBerths]:
    """Made before `world` by the tests that want it, so that its containers go first."""
    berths = LoopBerths(tmp_path / "disks")
    yield berths
    for sandbox_id in await berths.list():
        await berths.remove(sandbox_id)


async def is_healthy(world: World) -> bool:
    await until(world.is_listening, bool)
    client = AgentClient(world.socket(), uid=SCOPE_UID)
    health = await client.call(HealthRequest(), 30)
    await client.close()
    return health.ready


async def test_memory_is_bounded(world: World) -> None:
    events = world.driver.events(world.installation)
    id = await world.run(behaviour="balloon", memory_bytes=64 * 1024**2)
    status = await world.until_state(id, ContainerState.EXITED, 60)
    seen = []
    async with asyncio.timeout(30):
        while "die" not in seen:
            seen.append((await anext(events)).action)

    assert status.exit_code == 137
    assert "oom" in seen


async def test_processes_are_bounded(world: World, engine: docker.DockerClient) -> None:
    id = await world.run(pids=32)
    await until(world.is_listening, bool)
    script = "for i in $(seq 100); do sleep 60 & done; wait -n"
    code, output = await asyncio.to_thread(inside, engine, id, f"timeout 20 sh -c '{script}'")
    usage = await world.driver.usage(id)

    assert code != 0
    assert "fork" in output.lower()
    assert usage.pids is not None
    assert usage.pids <= 32


async def test_a_fork_bomb_leaves_others_alone(world: World, engine: docker.DockerClient) -> None:
    bomb = await world.run("b", pids=32)
    await world.run("a")
    await asyncio.to_thread(inside, engine, bomb, "f() { f | f & }; f")

    assert await is_healthy(world)


async def test_processors_are_bounded(world: World, engine: docker.DockerClient) -> None:
    id = await world.run(cpus=0.25)
    busy = "for i in 1 2; do timeout 1 sh -c 'while :; do :; done' & done; wait"
    await asyncio.to_thread(inside, engine, id, busy)
    look = "cat /sys/fs/cgroup/cpu/cpu.stat /sys/fs/cgroup/cpu.stat 2>/dev/null"
    _, said = await asyncio.to_thread(inside, engine, id, look)
    facts = dict(line.split() for line in said.splitlines())

    assert int(facts["nr_throttled"]) > 0


async def test_there_is_no_swap(world: World, engine: docker.DockerClient) -> None:
    id = await world.run(memory_bytes=64 * 1024**2)
    host = engine.containers.get(id).attrs["HostConfig"]

    assert host["Memory"] == host["MemorySwap"] == 64 * 1024**2


async def test_open_files_are_bounded(world: World, engine: docker.DockerClient) -> None:
    id = await world.run()
    script = "import os\nwhile True: os.open('/dev/null', 0)"
    code, said = await asyncio.to_thread(inside, engine, id, f'python3 -c "{script}"')

    assert code != 0
    assert "Too many open files" in said


@pytest.mark.parametrize("folder", ["files", "spool", "cache", "catalog", "tables", "home"])
async def test_a_full_disk_says_so_and_recovers(
    berths: LoopBerths, world: World, engine: docker.DockerClient, folder: str
) -> None:
    disk = await berths.make("s1", SCOPE_UID, DISK_BYTES)
    id = await world.run(scope_dir=disk)
    fill = f"dd if=/dev/zero of=/scope/{folder}/big bs=1M count=100"
    full, said = await asyncio.to_thread(inside, engine, id, fill)
    small, _ = await asyncio.to_thread(
        inside, engine, id, f"rm /scope/{folder}/big && echo ok > /scope/files/small"
    )

    assert full != 0
    assert "No space left" in said
    assert small == 0
    assert (await world.driver.status(id)).state is ContainerState.RUNNING
    await world.driver.remove(id)


async def test_files_are_bounded_in_number(
    berths: LoopBerths, world: World, engine: docker.DockerClient
) -> None:
    disk = await berths.make("s1", SCOPE_UID, DISK_BYTES)
    id = await world.run(scope_dir=disk)
    many = "cd /scope/files && seq 50000 | xargs touch"
    code, said = await asyncio.to_thread(inside, engine, id, many)

    assert code != 0
    assert "No space left" in said
    await world.driver.remove(id)


async def test_tmp_is_small(world: World, engine: docker.DockerClient) -> None:
    id = await world.run()
    fill = "dd if=/dev/zero of=/tmp/big bs=1M count=100"
    code, said = await asyncio.to_thread(inside, engine, id, fill)

    assert code != 0
    assert "No space left" in said


async def test_the_log_is_bounded(world: World, engine: docker.DockerClient) -> None:
    id = await world.run(behaviour="chatty")
    assert await is_healthy(world)
    path = Path(engine.containers.get(id).attrs["LogPath"])
    sizes = [each.stat().st_size for each in path.parent.glob(f"{path.name}*")]

    assert 0 < sum(sizes) < 11 * 1024**2


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("ulimit -n", "16384"),
        ("ulimit -c", "0"),
        ("nproc --all >/dev/null; echo $OMP_NUM_THREADS", "1"),
    ],
)
async def test_limits_are_seen_inside(
    world: World, engine: docker.DockerClient, script: str, expected: str
) -> None:
    id = await world.run()

    assert (0, f"{expected}\n") == await asyncio.to_thread(inside, engine, id, script)
