"""What a container may do, as one value: the plan of a scope becomes the engine's own config."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from control.engine.driver import ContainerPlan
from control.engine.environment import agent_env
from control.engine.seccomp import profile

SCOPE_DIR: Final = "/scope"
SAMPLES_DIR: Final = "/samples"
CPU_UNIT: Final = 1_000_000_000
MASKED: Final = (
    # What engines mask by themselves, which ours would otherwise replace.
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
    # The host's disks: each scope has one there, which tells who is here and how busy.
    "/proc/diskstats",
    "/proc/partitions",
    "/sys/block",
    "/sys/class/bdi",
    "/sys/class/block",
    "/sys/dev/block",
    "/sys/devices/virtual/bdi",
    "/sys/devices/virtual/block",
    "/sys/fs/ext4",
)
FIRST_UID: Final = 1000
"""Below are the system's own users: no tenant is ever one of them."""


class UnsafePlan(ValueError):
    """A plan that would give a tenant more than a tenant may have."""


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """What is the same for every container of an installation."""

    runtime: str = "runc"
    tmp_bytes: int = 64 * 1024**2
    tmp_exec: bool = False
    shm_bytes: int = 64 * 1024**2
    open_files: int = 16_384
    log_bytes: int = 5 * 1024**2
    """The largest one of `log_files` files that the engine keeps of a container's output."""
    log_files: int = 2


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Host files that give the scope's uid a name and a home in the container."""

    passwd: Path
    group: Path


def passwd_text(uid: int, gid: int) -> str:
    """The container's /etc/passwd: without an entry the JVM's `user.home` is `?`."""
    root = "root:x:0:0:root:/root:/usr/sbin/nologin\n"
    return f"{root}scope:x:{uid}:{gid}:scope:{SCOPE_DIR}/home:/bin/sh\n"


def group_text(gid: int) -> str:
    """The container's /etc/group."""
    return f"root:x:0:\nscope:x:{gid}:\n"


def container_config(
    plan: ContainerPlan, identity: Identity, options: EngineOptions
) -> dict[str, Any]:
    """The body of the engine's create call; raises UnsafePlan."""
    _check(plan)
    env = agent_env(plan.agent, SCOPE_DIR, SAMPLES_DIR)
    return {
        "Image": plan.image,
        "Hostname": "localhost",
        "User": f"{plan.uid}:{plan.gid}",
        "Env": [f"{name}={value}" for name, value in sorted(env.items())],
        "Labels": dict(plan.labels),
        "Healthcheck": {"Test": ["NONE"]},
        "StopSignal": "SIGTERM",
        "HostConfig": {
            **_isolation(options),
            **_limits(plan, options),
            **_disks(plan, identity, options),
            "DeviceRequests": _devices(plan),
        },
    }


def _check(plan: ContainerPlan) -> None:
    if min(plan.uid, plan.gid) < FIRST_UID:
        raise UnsafePlan(f"{plan.name} would run as {plan.uid}:{plan.gid}")  # noqa: EM102
    if min(plan.memory_bytes, plan.cpus, plan.pids) <= 0:
        # The engine reads 0 as "no limit".
        raise UnsafePlan(f"{plan.name} would run without limits")  # noqa: EM102


def _isolation(options: EngineOptions) -> dict[str, Any]:
    return {
        "NetworkMode": "none",
        "IpcMode": "private",
        "ReadonlyRootfs": True,
        "Privileged": False,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges", f"seccomp={profile()}"],
        "MaskedPaths": list(MASKED),
        "Init": True,
        "Runtime": options.runtime,
        "RestartPolicy": {"Name": "no"},
    }


def _limits(plan: ContainerPlan, options: EngineOptions) -> dict[str, Any]:
    return {
        "Memory": plan.memory_bytes,
        # Memory and swap together: equal means no swap.
        "MemorySwap": plan.memory_bytes,
        "OomKillDisable": False,
        "NanoCpus": round(plan.cpus * CPU_UNIT),
        "PidsLimit": plan.pids,
        "ShmSize": options.shm_bytes,
        "Ulimits": [
            {"Name": "nofile", "Soft": options.open_files, "Hard": options.open_files},
            {"Name": "core", "Soft": 0, "Hard": 0},
        ],
        "LogConfig": {
            "Type": "json-file",
            "Config": {"max-size": str(options.log_bytes), "max-file": str(options.log_files)},
        },
    }


def _disks(plan: ContainerPlan, identity: Identity, options: EngineOptions) -> dict[str, Any]:
    execution = "exec" if options.tmp_exec else "noexec"
    mounts = [
        _bind(plan.scope_dir, SCOPE_DIR, read_only=False),
        _bind(identity.passwd, "/etc/passwd", read_only=True),
        _bind(identity.group, "/etc/group", read_only=True),
        *(_bind(source, target, read_only=True) for source, target in plan.data),
    ]
    return {
        "Mounts": mounts,
        "Tmpfs": {"/tmp": f"rw,nosuid,nodev,{execution},size={options.tmp_bytes}"},  # noqa: S108
    }


def _bind(source: Path, target: str, *, read_only: bool) -> dict[str, Any]:
    return {
        "Type": "bind",
        "Source": str(source),
        "Target": target,
        "ReadOnly": read_only,
        "BindOptions": {"Propagation": "rprivate"},
    }


def _devices(plan: ContainerPlan) -> list[dict[str, Any]]:
    if not plan.gpu:
        return []
    return [{"Driver": "", "Count": -1, "Capabilities": [["gpu"]]}]
