"""Opening scopes on a host that has room for two: from the pool, cold, and not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
import requests

from control.engine.host import memory
from tests.e2e.server import ADMIN_PASSWORD, Server, User, until

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(300)]

GIB = 1024**3
RESERVE = GIB
START = ["disk", "container", "agent", "jvm", "spark", "session", "catalog"]


@pytest.fixture
def small(engine: docker.DockerClient, agent_image: str, tmp_path: Path) -> Iterator[Server]:
    """A control plane that may promise two scopes of 1 GiB, whatever this machine has."""
    total, _ = memory()
    settings = {
        "GEOSCOPE_POOL_SIZE": "1",
        "GEOSCOPE_SCOPE_MEMORY": "1GiB",
        "GEOSCOPE_HOST_MEMORY_RESERVE": str(RESERVE),
        "GEOSCOPE_MEMORY_OVERCOMMIT": f"{2.5 * GIB / (total - RESERVE):.4f}",
    }
    made = Server(tmp_path / "state", settings)
    made.start()
    yield made
    made.destroy(engine)


def metric(server: Server, name: str) -> float:
    """The value of a metric without labels."""
    lines = requests.get(f"{server.url}/metrics", timeout=10).text.splitlines()
    [found] = [line.split()[1] for line in lines if line.startswith(f"geoscope_{name} ")]
    return float(found)


def opening(user: User, **body: Any) -> tuple[list[str], str, dict[str, Any]]:
    """The stages that were told, and name and members of the last event."""
    reply = user.ask("POST", "/scope", body, headers={"Accept": "text/event-stream"})
    assert reply.status_code == 200, reply.text
    events = [block.split("\n") for block in reply.text.strip().split("\n\n")]
    told = [
        (name.removeprefix("event: "), json.loads(found.removeprefix("data: ")))
        for name, found in events
    ]
    return [m["stage"] for name, m in told if name == "state"], *told[-1]


def test_the_pool_serves_gives_way_and_a_full_host_refuses(
    small: Server, engine: docker.DockerClient
) -> None:
    user = User.log_in(small, "admin", ADMIN_PASSWORD)
    until(lambda: metric(small, "pool_ready"), lambda ready: ready == 1, 120)
    stages, name, first = opening(user, scope="first", ttl=600)
    assert (stages, name, first["from_pool"]) == (["claim"], "scope", True)
    assert 590 < first["ends_in_s"] <= 600
    until(lambda: metric(small, "pool_ready"), lambda ready: ready == 1, 120)

    stages, name, second = opening(user, scope="second", cpus=1)
    assert (stages[0], name, second["from_pool"]) == ("room", "scope", False)
    # What is over between two looks at the agent is not told.
    assert [stage for stage in START if stage in stages] == stages[1:]
    assert {"disk", "container", "agent"} <= set(stages)
    assert user.get("/scope/second")["opened"] == second["opened"]
    assert user.post("/command", scope="second", command="6 * 7")["result"] == 42

    refused = user.fails(503, "/scope", scope="third")
    assert refused["type"] == "no_capacity"
    assert "1.00 GiB asked, 2.00 GiB promised to others" in refused["message"]
    assert len(small.containers(engine)) == 2
    assert metric(small, "pool_held_back") == 1
    assert metric(small, "memory_promised_bytes") == 2 * GIB
    user.delete("/scope/first")
    until(lambda: metric(small, "pool_ready"), lambda ready: ready == 1, 120)
