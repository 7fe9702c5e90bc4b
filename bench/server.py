"""A control plane of the benchmark's own: a free port, a state folder that goes with it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import docker
import requests
from docker.errors import DockerException
from geoscope import Client, NotFound

ROOT = Path(__file__).resolve().parent.parent
START_DEADLINE_S = 60.0
STOP_DEADLINE_S = 60.0
PREFIX = "GEOSCOPE_"


class NotStarted(RuntimeError):
    """The control plane ended, or did not answer in time; its output tells why."""

    def __init__(self, output: Path, code: int | None) -> None:
        slow = f"did not answer within {START_DEADLINE_S:.0f} s"
        why = slow if code is None else f"ended with {code}"
        super().__init__(f"the control plane {why}:\n{output.read_text()[-4000:]}")


@dataclass(frozen=True)
class Plane:
    """A control plane of ours: its admin's client, and its process."""

    client: Client
    process: subprocess.Popen[bytes]
    password: str


@contextmanager
def control_plane() -> Iterator[Client]:
    """A client of a fresh server without a pool; scopes, process and files are gone after it."""
    with running() as plane:
        yield plane.client


@contextmanager
def running(**settings: str) -> Iterator[Plane]:
    """The same with these settings besides, and with its process to look at."""
    password = secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="geoscope-bench-") as folder:
        url = f"http://127.0.0.1:{_free_port()}"
        output = Path(folder) / "control.log"
        process = _start(url, Path(folder) / "state", password, output, settings)
        try:
            _await_health(url, process, output)
            with Client(url, username="admin", password=password) as client:
                try:
                    yield Plane(client, process, password)
                finally:
                    _close_scopes(client)
        finally:
            _stop(process)
            _remove_left(Path(folder))


def _remove_left(folder: Path) -> None:
    """What a stopped server leaves on purpose: its pool's containers, and their disks' mounts."""
    with suppress(DockerException):
        for container in docker.from_env().containers.list(all=True):
            sources = [str(mount.get("Source", "")) for mount in container.attrs["Mounts"]]
            if any(source.startswith(f"{folder}/") for source in sources):
                container.remove(force=True, v=True)
    for line in Path("/proc/mounts").read_text().splitlines():
        place = line.split()[1]
        if place.startswith(f"{folder}/"):
            subprocess.run(["umount", "--lazy", place], check=True, timeout=STOP_DEADLINE_S)


def _start(
    url: str, state: Path, password: str, output: Path, settings: dict[str, str]
) -> subprocess.Popen[bytes]:
    ours = {
        "PORT": url.rpartition(":")[2],
        "STATE_DIR": str(state),
        "ADMIN_PASSWORD": password,
        "POOL_SIZE": "0",
        "REQUESTS_PER_MINUTE": "1000000",
        **{
            key: os.environ[PREFIX + key]
            for key in ("DRIVER", "IMAGE")
            if PREFIX + key in os.environ
        },
        **settings,
    }
    env = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
    with output.open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "control"],
            cwd=ROOT,
            env=env | {PREFIX + key: value for key, value in ours.items()},
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _await_health(url: str, process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NotStarted(output, code=process.returncode)
        try:
            requests.get(f"{url}/health", timeout=1)
        except requests.RequestException:
            time.sleep(0.05)
        else:
            return
    raise NotStarted(output, code=None)


def _close_scopes(client: Client) -> None:
    for scope in client.admin.scopes():
        try:
            client.admin.close_scope(scope["id"])
        except NotFound:
            continue


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_DEADLINE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_DEADLINE_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
