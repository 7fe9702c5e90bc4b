from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from control.engine.driver import ContainerPlan
from control.engine.hardening import (
    MASKED,
    EngineOptions,
    Identity,
    UnsafePlan,
    container_config,
    group_text,
    passwd_text,
)
from control.engine.seccomp import profile
from wire.settings import AgentSettings

IDENTITY = Identity(passwd=Path("/state/etc/passwd"), group=Path("/state/etc/group"))
PLAN = ContainerPlan(
    name="gs-ann-trips",
    sandbox_id="s1",
    uid=20_001,
    gid=20_001,
    labels={"geoscope.installation": "i", "geoscope.sandbox": "s1"},
    image="geoscope-sandbox:1",
    memory_bytes=2 * 1024**3,
    cpus=1.5,
    pids=512,
    scope_dir=Path("/state/berths/s1/disk"),
    data=((Path("/srv/maps"), "/data/maps"),),
    agent=AgentSettings(scope_dir="elsewhere", sandbox_id="s1", cpus=2),
)
PRIVATE = {"Propagation": "rprivate"}

PROPERTIES = {
    "Image": "geoscope-sandbox:1",
    "Hostname": "localhost",
    "User": "20001:20001",
    "Labels": {"geoscope.installation": "i", "geoscope.sandbox": "s1"},
    "Healthcheck.Test": ["NONE"],
    "StopSignal": "SIGTERM",
    "HostConfig.NetworkMode": "none",
    "HostConfig.IpcMode": "private",
    "HostConfig.ReadonlyRootfs": True,
    "HostConfig.Privileged": False,
    "HostConfig.CapDrop": ["ALL"],
    "HostConfig.SecurityOpt": ["no-new-privileges", f"seccomp={profile()}"],
    "HostConfig.MaskedPaths": list(MASKED),
    "HostConfig.Init": True,
    "HostConfig.Runtime": "runc",
    "HostConfig.RestartPolicy.Name": "no",
    "HostConfig.Memory": 2 * 1024**3,
    "HostConfig.MemorySwap": 2 * 1024**3,
    "HostConfig.OomKillDisable": False,
    "HostConfig.NanoCpus": 1_500_000_000,
    "HostConfig.PidsLimit": 512,
    "HostConfig.ShmSize": 64 * 1024**2,
    "HostConfig.Ulimits": [
        {"Name": "nofile", "Soft": 16_384, "Hard": 16_384},
        {"Name": "core", "Soft": 0, "Hard": 0},
    ],
    "HostConfig.LogConfig.Type": "json-file",
    "HostConfig.LogConfig.Config": {"max-size": "5242880", "max-file": "2"},
    "HostConfig.Tmpfs": {"/tmp": "rw,nosuid,nodev,noexec,size=67108864"},
    "HostConfig.DeviceRequests": [],
    "HostConfig.Mounts": [
        {
            "Type": "bind",
            "Source": source,
            "Target": target,
            "ReadOnly": read_only,
            "BindOptions": PRIVATE,
        }
        for source, target, read_only in [
            ("/state/berths/s1/disk", "/scope", False),
            ("/state/etc/passwd", "/etc/passwd", True),
            ("/state/etc/group", "/etc/group", True),
            ("/srv/maps", "/data/maps", True),
        ]
    ],
}

ENVIRONMENT = {
    "GEOSCOPE_AGENT_SCOPE_DIR": "/scope",
    "GEOSCOPE_AGENT_SAMPLES_DIR": "/samples",
    "GEOSCOPE_AGENT_SANDBOX_ID": "s1",
    "SPARK_LOCAL_IP": "127.0.0.1",
    "HOME": "/scope/home",
    "XDG_CACHE_HOME": "/scope/cache",
    "MPLCONFIGDIR": "/scope/home/.matplotlib",
    "IPYTHONDIR": "/scope/home/.ipython",
    "JUPYTER_RUNTIME_DIR": "/scope/home/.local/share/jupyter/runtime",
    "OMP_NUM_THREADS": "2",
    "OPENBLAS_NUM_THREADS": "2",
    "NUMBA_NUM_THREADS": "2",
}


def config(plan: ContainerPlan = PLAN, **options: Any) -> dict[str, Any]:
    return container_config(plan, IDENTITY, EngineOptions(**options))


def at(value: dict[str, Any], path: str) -> Any:
    for key in path.split("."):
        value = value[key]
    return value


@pytest.mark.parametrize(("path", "expected"), PROPERTIES.items())
def test_each_property_is_set(path: str, expected: Any) -> None:
    assert expected == at(config(), path)


def test_nothing_else_is_set() -> None:
    expected = {path.split(".")[1] for path in PROPERTIES if path.startswith("HostConfig.")}

    assert expected == set(config()["HostConfig"])


@pytest.mark.parametrize(("name", "expected"), ENVIRONMENT.items())
def test_the_agent_is_told(name: str, expected: str) -> None:
    assert f"{name}={expected}" in config()["Env"]


def test_a_gpu_is_asked_for_only_when_planned() -> None:
    wanted = config(replace(PLAN, gpu=True))["HostConfig"]["DeviceRequests"]

    assert wanted[0]["Capabilities"] == [["gpu"]]


def test_options_of_the_installation_reach_the_engine() -> None:
    host = config(runtime="runsc", tmp_exec=True, tmp_bytes=1)["HostConfig"]

    assert host["Runtime"] == "runsc"
    assert host["Tmpfs"] == {"/tmp": "rw,nosuid,nodev,exec,size=1"}


@pytest.mark.parametrize(
    "harm",
    [
        {"uid": 0},
        {"gid": 0},
        {"uid": 999},
        {"memory_bytes": 0},
        {"cpus": 0.0},
        {"pids": 0},
        {"pids": -1},
    ],
)
def test_a_plan_without_bounds_is_refused(harm: dict[str, Any]) -> None:
    with pytest.raises(UnsafePlan, match="gs-ann-trips"):
        config(replace(PLAN, **harm))


def test_the_scope_has_a_name_a_group_and_a_home() -> None:
    assert passwd_text(20_001, 20_002).splitlines() == [
        "root:x:0:0:root:/root:/usr/sbin/nologin",
        "scope:x:20001:20002:scope:/scope/home:/bin/sh",
    ]
    assert group_text(20_002).splitlines() == ["root:x:0:", "scope:x:20002:"]
