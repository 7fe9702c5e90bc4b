"""A whole server behind the documented proxy: its engine is what the proxy lets through."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.e2e.server import ADMIN_PASSWORD, ROOT, Server, User

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(300)]

DEADLINE_S = 120.0


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[str]:
    """The address of a proxy for a state directory below `tmp_path`."""
    path = tmp_path / "engine.sock"
    script = ROOT / "scripts" / "engine_proxy.sh"
    with (tmp_path / "proxy.log").open("w") as log:
        process = subprocess.Popen([script, path, tmp_path / "state"], stderr=log)
        try:
            _await(path, process)
            yield f"unix://{path}"
        finally:
            process.terminate()
            process.wait(30)


def _await(path: Path, process: subprocess.Popen[bytes]) -> None:
    # Where the package is missing the script installs it first.
    ends = time.monotonic() + DEADLINE_S
    while time.monotonic() < ends:
        assert process.poll() is None, (path.parent / "proxy.log").read_text()
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("the proxy does not listen")


@pytest.fixture
def proxied_server(
    proxy: str, engine: docker.DockerClient, agent_image: str, tmp_path: Path
) -> Iterator[Server]:
    made = Server(tmp_path / "state", {"GEOSCOPE_POOL_SIZE": "0", "DOCKER_HOST": proxy})
    made.start()
    yield made
    made.destroy(engine)


def test_scopes_live_and_the_doctor_looks_through_the_proxy(
    proxied_server: Server, engine: docker.DockerClient
) -> None:
    user = User.log_in(proxied_server, "admin", ADMIN_PASSWORD)
    user.post("/scope", scope="taxi")
    value = user.post("/command", scope="taxi", command="6 * 7")["result"]
    user.post("/scope/taxi/restart")
    rows = user.post("/query", scope="taxi", sql="select 1")["result"]
    logs = user.ask("GET", "/scope/taxi/logs")
    facts = user.get("/scope/taxi")
    doctor = subprocess.run(
        [sys.executable, "-m", "control", "doctor", "--json"],
        cwd=ROOT,
        env={**os.environ, "DOCKER_HOST": proxied_server.settings["DOCKER_HOST"]},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    user.delete("/scope/taxi")
    found = {
        finding["subject"]: finding["mark"] for finding in json.loads(doctor.stdout)["findings"]
    }

    assert value == 42
    assert rows == [1]
    assert logs.status_code == 200
    assert facts["memory"]["used"] > 0
    assert user.get("/ready")["checks"]["engine"]["ready"] is True
    assert {name: found[name] for name in ("engine", "image", "memory limit", "process limit")} == {
        "engine": "good",
        "image": "good",
        "memory limit": "good",
        "process limit": "good",
    }
    assert list(proxied_server.containers(engine)) == []
