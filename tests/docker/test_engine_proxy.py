"""The documented proxy before the engine: a scope's whole life goes through, and nothing else."""

from __future__ import annotations

import asyncio
import copy
import json
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import APIError

from control.engine.docker import DockerDriver
from control.engine.driver import ContainerState
from control.engine.hardening import EngineOptions, Identity, container_config
from tests.conftest import ROOT
from tests.docker.harness import World, until

pytestmark = pytest.mark.docker

HEX = "0" * 64


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[str]:
    """The address of a running proxy for a state directory at `tmp_path`."""
    path = tmp_path / "engine.sock"
    process = subprocess.Popen(
        [ROOT / "scripts" / "engine_proxy.sh", str(path), str(tmp_path)],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _await(path, process)
        yield f"unix://{path}"
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _await(path: Path, process: subprocess.Popen[str]) -> None:
    # Where the package is missing the script installs it first.
    for _ in range(1200):
        assert process.poll() is None, process.stderr and process.stderr.read()
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("the proxy does not listen")


@pytest.fixture
async def proxied(proxy: str, world: World, tmp_path: Path) -> AsyncIterator[World]:
    """The same world, whose driver asks through the proxy."""
    direct = world.driver
    world.driver = DockerDriver(tmp_path / "identity", address=proxy)
    yield world
    await world.driver.close()
    world.driver = direct


async def test_a_scopes_whole_life_goes_through(proxied: World) -> None:
    driver, plan = proxied.driver, proxied.plan()
    events = driver.events(proxied.installation)

    version = await driver.ping()
    has_image = await driver.has_image(plan.image)
    id = await driver.create(plan)
    await driver.start(id)
    running = await until(lambda: driver.usage(id), lambda usage: (usage.memory_bytes or 0) > 0)
    [listed] = await driver.list(proxied.installation)
    await driver.rename(id, f"{plan.name}-renamed")
    logs = await until(lambda: driver.logs(id, 10), bool)
    await driver.stop(id, 2)
    exited = await driver.status(id)
    await driver.remove(id)
    seen: list[str] = []
    async with asyncio.timeout(30):
        while "destroy" not in seen:
            seen.append((await anext(events)).action)
    gone = await driver.status(id)

    assert version.startswith("docker ")
    assert has_image
    assert (listed.id, listed.state) == (id, ContainerState.RUNNING)
    assert running.pids
    assert logs
    assert exited.state is ContainerState.EXITED
    assert gone.state is ContainerState.ABSENT
    assert [action for action in seen if action in ("create", "start", "rename", "destroy")] == [
        "create",
        "start",
        "rename",
        "destroy",
    ]


@pytest.fixture
def raw(proxy: str) -> Iterator[docker.APIClient]:
    client = docker.APIClient(base_url=proxy, version="1.41", timeout=30)
    yield client
    client.close()


CALLS: dict[str, tuple[str, str]] = {
    "exec": ("POST", f"/containers/{HEX}/exec"),
    "exec start": ("POST", f"/exec/{HEX}/start"),
    "attach": ("POST", f"/containers/{HEX}/attach"),
    "archive": ("GET", f"/containers/{HEX}/archive?path=/etc/passwd"),
    "put archive": ("PUT", f"/containers/{HEX}/archive?path=/"),
    "export": ("GET", f"/containers/{HEX}/export"),
    "update": ("POST", f"/containers/{HEX}/update"),
    "kill": ("POST", f"/containers/{HEX}/kill"),
    "a container by its name": ("DELETE", "/containers/postgres"),
    "prune": ("POST", "/containers/prune"),
    "build": ("POST", "/build"),
    "pull": ("POST", "/images/create?fromImage=busybox"),
    "load": ("POST", "/images/load"),
    "tag": ("POST", "/images/geoscope-sandbox/tag"),
    "remove an image": ("DELETE", "/images/geoscope-sandbox:latest"),
    "volumes": ("GET", "/volumes"),
    "networks": ("POST", "/networks/create"),
    "secrets": ("GET", "/secrets"),
    "swarm": ("POST", "/swarm/init"),
    "plugins": ("GET", "/plugins"),
    "another path behind an allowed one": ("POST", "/images/x/json/../../../containers/prune"),
    "the same, encoded": ("POST", "/images/x/%2e%2e/json"),
    "another method": ("PUT", "/containers/create"),
    "a method of nobody": ("PATCH", "/version"),
}


@pytest.mark.parametrize(("method", "path"), CALLS.values(), ids=CALLS)
def test_what_is_not_on_the_list_is_refused(raw: docker.APIClient, method: str, path: str) -> None:
    for prefix in ("", "/v1.41"):
        answer = raw.request(method, f"{raw.base_url}{prefix}{path}")

        assert answer.status_code == 403, answer.text


def host(**more: Any) -> Callable[[dict[str, Any]], None]:
    """Change the host's side of a container's config."""
    return lambda config: config["HostConfig"].update(more)


def mounted(**mount: Any) -> Callable[[dict[str, Any]], None]:
    """One mount more."""
    full = {"Type": "bind", "Target": "/x", "ReadOnly": True, **mount}
    return lambda config: config["HostConfig"]["Mounts"].append(full)


WISHES: dict[str, Callable[[dict[str, Any]], None]] = {
    "privileged": host(Privileged=True),
    "privileged in other letters": host(pRiViLeGeD=True),
    "capabilities": host(CapAdd=["SYS_ADMIN"]),
    "devices": host(Devices=[{"PathOnHost": "/dev/vda", "PathInContainer": "/dev/vda"}]),
    "binds": host(Binds=["/:/host"]),
    "volumes of another": host(VolumesFrom=["postgres"]),
    "the host's processes": host(PidMode="host"),
    "the host's memory": host(IpcMode="host"),
    "the host's names": host(UTSMode="host"),
    "the host's users": host(UsernsMode="host"),
    "the host's network": host(NetworkMode="host"),
    "a network": host(NetworkMode="bridge"),
    "the usual network": lambda config: config["HostConfig"].pop("NetworkMode"),
    "another cgroup": host(CgroupParent="/"),
    "no seccomp": host(SecurityOpt=["seccomp=unconfined"]),
    "another seccomp": host(SecurityOpt=["no-new-privileges", 'seccomp={"defaultAction":"x"}']),
    "the engine's seccomp": host(SecurityOpt=["no-new-privileges"]),
    "no masked paths": host(MaskedPaths=[]),
    "the engine's masked paths": lambda config: config["HostConfig"].pop("MaskedPaths"),
    "fewer masked paths": lambda config: config["HostConfig"]["MaskedPaths"].pop(),
    "another seccomp beside ours": host(securityopt=["seccomp=x"]),
    "other masked paths beside ours": host(maskedPaths=[]),
    "the host's root": mounted(Source="/"),
    "the engine's socket": mounted(Source="/var/run/docker.sock"),
    "a way out of the state directory": mounted(Source="{state}/../../etc"),
    "a neighbour of the state directory": mounted(Source="{state}-other/x"),
    "a volume": mounted(Type="volume", Source="{state}/x"),
    "a driver's mount": mounted(
        Source="{state}/x", VolumeOptions={"DriverConfig": {"Name": "local"}}
    ),
    "a mount that spreads": mounted(Source="{state}/x", BindOptions={"Propagation": "rshared"}),
}


@pytest.mark.parametrize("wish", WISHES.values(), ids=WISHES)
def test_a_container_that_wants_more_than_a_scope_is_refused(
    raw: docker.APIClient, world: World, tmp_path: Path, wish: Callable[[dict[str, Any]], None]
) -> None:
    config = copy.deepcopy(config_of(world, tmp_path))
    wish(config)
    body = _filled(config, str(tmp_path))

    with pytest.raises(APIError) as refused:
        raw.create_container_from_config(body, "gs-hostile")

    assert refused.value.status_code == 403


def test_names_with_escapes_are_refused(
    raw: docker.APIClient, world: World, tmp_path: Path
) -> None:
    config = config_of(world, tmp_path)
    text = json.dumps(config).replace('"Init"', '"Privile\\u0067ed"')
    answer = raw.post(
        f"{raw.base_url}/containers/create",
        data=text,
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 403


def test_the_proxy_knows_how_scopes_are_confined(world: World, tmp_path: Path) -> None:
    page = ROOT / "docs" / "operations" / "engine-proxy.confined"
    host = config_of(world, tmp_path)["HostConfig"]
    sent = {name: host[name] for name in ("SecurityOpt", "MaskedPaths")}

    assert page.read_text() == json.dumps(sent)[1:-1] + "\n"


def config_of(world: World, folder: Path) -> dict[str, Any]:
    """The config that the driver would send, which the proxy lets through."""
    files = [folder / "passwd", folder / "group"]
    for file in files:
        file.touch()
    identity = Identity(passwd=files[0], group=files[1])
    return container_config(world.plan(), identity, EngineOptions())


def test_what_the_driver_sends_is_let_through(
    raw: docker.APIClient, world: World, tmp_path: Path
) -> None:
    id = raw.create_container_from_config(config_of(world, tmp_path), world.plan().name)["Id"]
    raw.remove_container(id, force=True)


def _filled(value: Any, state: str) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, state) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, state) for inner in value]
    return value.replace("{state}", state) if isinstance(value, str) else value


def test_the_engine_itself_would_have_taken_it(
    engine: docker.DockerClient, world: World, tmp_path: Path
) -> None:
    """Without the proxy these wishes are granted: what refuses is the proxy."""
    config = config_of(world, tmp_path)
    host(pRiViLeGeD=True)(config)
    id = engine.api.create_container_from_config(config, world.plan().name)["Id"]
    privileged = engine.api.inspect_container(id)["HostConfig"]["Privileged"]
    engine.api.remove_container(id, force=True)

    assert privileged is True
