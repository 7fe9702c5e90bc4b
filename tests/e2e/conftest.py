from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.docker.fixtures import engine, run_id
from tests.docker.harness import describe
from tests.e2e.server import ADMIN_PASSWORD, Server, User

__all__ = ["engine", "run_id"]

IMAGE = "geoscope-sandbox:latest"
PASSWORD = "a-user-of-tests"


@pytest.fixture(scope="session")
def agent_image(engine: docker.DockerClient) -> str:
    """The shipped image, which `make image` builds."""
    if not engine.images.list(IMAGE):
        pytest.fail(f"{IMAGE} is missing: make image")
    return IMAGE


@pytest.fixture(scope="session")
def server(
    engine: docker.DockerClient, agent_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One control plane for the stories that do not kill it."""
    made = Server(tmp_path_factory.mktemp("state"), {"GEOSCOPE_POOL_SIZE": "0"})
    made.start()
    yield made
    made.destroy(engine)


@pytest.fixture
def own_server(engine: docker.DockerClient, agent_image: str, tmp_path: Path) -> Iterator[Server]:
    """A control plane that a test may do anything to."""
    made = Server(tmp_path / "state", {"GEOSCOPE_POOL_SIZE": "0"})
    made.start()
    yield made
    made.destroy(engine)


@pytest.fixture(scope="session")
def admin(server: Server) -> User:
    return User.log_in(server, "admin", ADMIN_PASSWORD)


@pytest.fixture(scope="session")
def new_user(server: Server, admin: User) -> Callable[[str], User]:
    """A user of that name, with random letters added."""

    def make(name: str) -> User:
        name = f"{name}-{secrets.token_hex(3)}"
        admin.post("/admin/users", username=name, password=PASSWORD)
        return User.log_in(server, name, PASSWORD)

    return make


@pytest.fixture(scope="session")
def alice(new_user: Callable[[str], User]) -> User:
    return new_user("alice")


@pytest.fixture(scope="session")
def taxi(alice: User) -> Iterator[str]:
    """A scope of alice's, for stories that leave it as they found it."""
    alice.post("/scope", scope="taxi")
    yield "taxi"
    alice.delete("/scope/taxi")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    """A failed test shows the server's last lines and its containers."""
    report = yield
    arguments = getattr(item, "funcargs", {})
    for name in ("server", "own_server"):
        made = arguments.get(name)
        if report.failed and isinstance(made, Server):
            report.sections.append((name, "".join(made.output[-60:])))
            containers = made.containers(docker.from_env())
            for container in containers:
                report.sections.append(("container", describe(container)))
    return report
