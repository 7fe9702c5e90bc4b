"""The lock-down as a tenant meets it: each property is tried from inside of a container."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import docker
import pytest

from control.engine.berths import LoopBerths
from control.engine.docker import DockerDriver
from tests.docker.harness import SCOPE_UID, World, inside

pytestmark = pytest.mark.docker

OTHER_UID = SCOPE_UID + 1
DISK_BYTES = 32 * 1024**2
DENIED = ("denied", "not permitted", "read-only", "unreachable", "must be superuser")


async def open_scope(world: World, berths: LoopBerths) -> str:
    """A scope on a real disk, with shared data, and another scope's disk where it should not be."""
    disk = await berths.make("mine", SCOPE_UID, DISK_BYTES)
    other = await berths.make("other", OTHER_UID, DISK_BYTES)
    (other / "files" / "secret").write_text("not yours")
    shared = world.folder / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    (shared / "a.csv").write_text("1\n")
    data = ((shared, "/data/shared"), (other, "/data/other"))
    return await world.run(scope_dir=disk, data=data)


async def close_scope(world: World, berths: LoopBerths) -> None:
    for status in await world.driver.list(world.installation):
        await world.driver.remove(status.id)
    await world.driver.close()
    for sandbox_id in await berths.list():
        await berths.remove(sandbox_id)


@pytest.fixture(scope="module")
def tenant(
    engine: docker.DockerClient, image: str, tmp_path_factory: pytest.TempPathFactory, run_id: str
) -> Iterator[SimpleNamespace]:
    """A shell in one container that all tests of this file share; they change nothing in it."""
    folder = tmp_path_factory.mktemp("isolation")
    world = World(lambda: DockerDriver(folder / "identity"), image, folder, run_id)
    berths = LoopBerths(folder / "disks")
    id = asyncio.run(open_scope(world, berths))
    yield SimpleNamespace(
        run=lambda script: inside(engine, id, script),
        attrs=engine.containers.get(id).attrs,
        folder=folder,
    )
    asyncio.run(close_scope(world, berths))


ANSWERS = {
    "its user is the scope's": ("id -u", str(SCOPE_UID)),
    "its group is the scope's": ("id -G", str(SCOPE_UID)),
    "its user has a name": ("id -un", "scope"),
    "its home is on its disk": ("echo $HOME", "/scope/home"),
    "its host has no name": ("hostname", "localhost"),
    "it has no effective capability": (
        "grep CapEff /proc/self/status",
        "CapEff:\t0000000000000000",
    ),
    "it can get no capability": ("grep CapBnd /proc/self/status", "CapBnd:\t0000000000000000"),
    "it gains nothing by setuid": ("grep NoNewPrivs /proc/self/status", "NoNewPrivs:\t1"),
    "its system calls are filtered": ("grep Seccomp: /proc/self/status", "Seccomp:\t2"),
    "it has no network but loopback": ("ls /sys/class/net", "lo"),
    "it has an init": ("cat /proc/1/comm", "docker-init"),
    "its disk takes no setuid": ("grep -c ' /scope ext4 rw,nosuid,nodev' /proc/mounts", "1"),
    "its /tmp takes no programs": ("grep -c ' /tmp tmpfs .*noexec' /proc/mounts", "1"),
    "it has no disk's device": ("ls /dev | grep -cE '^(loop|sd|vd|nvme|dm-|mem|kmem)'", "0"),
    "its only socket is the agent's": ("find / -xdev -type s 2>/dev/null; true", ""),
    "its disk's only socket is too": ("find /scope -type s", "/scope/run/agent.sock"),
    "shared data is readable": ("cat /data/shared/a.csv", "1"),
    "its disk's folders are its own": ("stat -c %u:%a /scope/files", f"{SCOPE_UID}:700"),
    "its disk's root is not": ("stat -c %u:%a /scope", "0:755"),
}


@pytest.mark.parametrize("script", ANSWERS.values(), ids=ANSWERS)
def test_inside(tenant: SimpleNamespace, script: tuple[str, str]) -> None:
    command, expected = script

    assert tenant.run(command)[1].strip() == expected


FORBIDDEN = {
    "write in the root": "touch /x",
    "write in /etc": "touch /etc/x",
    "write over its name": "echo root >> /etc/passwd",
    "write in its disk's root": "touch /scope/x",
    "replace the socket's folder": "mv /scope/run /scope/old",
    "delete the socket's folder": "rm -rf /scope/run && test ! -d /scope/run",
    "write in shared data": "touch /data/shared/x",
    "read another scope's files": "cat /data/other/files/secret",
    "list another scope's folder": "ls /data/other/run",
    "mount something": "mount -t tmpfs none /tmp",
    "remount its root": "mount -o remount,rw /",
    "unmount its disk": "umount /scope",
    "make a user namespace": "unshare -U true",
    "make a network namespace": "unshare -n true",
    "make a device": "mknod /scope/files/disk b 7 0",
    "change the kernel": "echo 1 > /proc/sys/kernel/panic",
    "run a program in /tmp": "cp /bin/true /tmp/x && /tmp/x",
    "become root": "python3 -c 'import os; os.setuid(0)'",
    "give a file away": "touch /scope/files/f && chown 0 /scope/files/f",
    "change the clock": "date -s 2001-01-01",
    "read the kernel's log": "dmesg",
    "signal its init": "kill -9 1 && kill -0 1 && false",
    "reach the network": (
        "python3 -c 'import socket; socket.create_connection((\"192.0.2.1\", 80), 5)'"
    ),
}


@pytest.mark.parametrize("script", FORBIDDEN.values(), ids=FORBIDDEN)
def test_it_cannot(tenant: SimpleNamespace, script: str) -> None:
    code, said = tenant.run(script)

    assert code != 0, said


def test_it_may_use_its_disk(tenant: SimpleNamespace) -> None:
    assert tenant.run("echo 1 > /scope/files/a && cat /scope/files/a") == (0, "1\n")


def test_it_sees_no_process_but_its_own(tenant: SimpleNamespace) -> None:
    _, output = tenant.run("ps -eo user= | sort -u")

    assert output.split() == ["scope"]


def test_nothing_of_the_host_is_mounted_but_the_plan(tenant: SimpleNamespace) -> None:
    found = {mount["Destination"] for mount in tenant.attrs["Mounts"]}

    assert found == {"/scope", "/etc/passwd", "/etc/group", "/data/shared", "/data/other"}


def test_a_setuid_program_on_its_disk_gains_nothing(tenant: SimpleNamespace) -> None:
    program = tenant.folder / "disks" / "mine" / "disk" / "files" / f"id-{secrets.token_hex(2)}"
    program.write_bytes(Path("/usr/bin/id").read_bytes())
    program.chmod(0o4755)
    _, output = tenant.run(f"/scope/files/{program.name} -u")

    assert output.strip() == str(SCOPE_UID)
