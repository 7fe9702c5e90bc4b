"""The engine and this run's mark, for every folder of tests that needs them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import docker
import pytest
from docker.errors import DockerException

from tests.docker.harness import containers_of


@pytest.fixture(scope="session")
def run_id() -> str:
    """What every container of this run is labelled with."""
    return secrets.token_hex(4)


@pytest.fixture(scope="session")
def engine(run_id: str) -> Iterator[docker.DockerClient]:
    """The real engine; what this run left there is removed at the end."""
    try:
        client = docker.from_env(timeout=120)
        client.ping()
    except DockerException as error:
        pytest.fail(f"no engine answers: {error}")
    yield client
    for container in containers_of(client, run_id):
        container.remove(force=True, v=True)
    client.close()
