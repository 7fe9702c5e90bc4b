from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import docker
import pytest
import requests

from tests.docker.fixtures import engine, run_id
from tests.docker.harness import behaving_image, describe, stub_image
from tests.e2e.conftest import IMAGE, PASSWORD
from tests.e2e.server import ADMIN_PASSWORD, Server, User
from tests.failures.harness import Neighbour, Place

__all__ = ["engine", "run_id"]

COUNT = "count = globals().get('count', 0) + 1\ncount"
Placing = Callable[..., Any]


@contextmanager
def placed(
    state_dir: Path, engine: docker.DockerClient, settings: dict[str, str]
) -> Iterator[Place]:
    """A control plane with two users, one of whom is the neighbour."""
    server = Server(
        state_dir, {"GEOSCOPE_POOL_SIZE": "0", "GEOSCOPE_LOG_LEVEL": "warning", **settings}
    )
    server.start()
    try:
        admin = User.log_in(server, "admin", ADMIN_PASSWORD)
        for name in ("ann", "ben"):
            admin.post("/admin/users", username=name, password=PASSWORD)
        ann, ben = (User.log_in(server, name, PASSWORD) for name in ("ann", "ben"))
        ben.post("/scope", scope="next")
        place = Place(server, engine, ann, Neighbour(ben, "next", COUNT))
        place.neighbour.start()
        yield place
        place.neighbour.stop()
    finally:
        server.destroy(engine)


@pytest.fixture(scope="session")
def stub(engine: docker.DockerClient, run_id: str) -> str:
    return stub_image(engine, run_id)


@pytest.fixture(scope="session")
def answering(engine: docker.DockerClient, stub: str) -> str:
    """An image whose agents serve commands, and are there at once."""
    return behaving_image(engine, stub, "answering")


@pytest.fixture(scope="session")
def real_place(
    engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    if not engine.images.list(IMAGE):
        pytest.fail(f"{IMAGE} is missing: make image")
    with placed(tmp_path_factory.mktemp("real") / "state", engine, {}) as place:
        yield place


@pytest.fixture(scope="session")
def quick_place(
    engine: docker.DockerClient, answering: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    settings = {"GEOSCOPE_IMAGE": answering}
    with placed(tmp_path_factory.mktemp("quick") / "state", engine, settings) as place:
        yield place


@pytest.fixture
def real(real_place: Place) -> Iterator[Place]:
    """The shipped image; what a test did harmed nobody else and left nothing."""
    yield from watched(real_place)


@pytest.fixture
def quick(quick_place: Place) -> Iterator[Place]:
    """The same with stub agents, where it does not matter what they do."""
    yield from watched(quick_place)


def watched(place: Place) -> Iterator[Place]:
    """The place for one test, during which its neighbour works."""
    place.neighbour.wake()
    yield place
    place.check()
    place.neighbour.rest()


@pytest.fixture
def name() -> str:
    """A scope's name that no other test has."""
    return f"s{secrets.token_hex(3)}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    """A failed test shows the server's last lines and its containers."""
    report = yield
    for value in getattr(item, "funcargs", {}).values():
        if report.failed and isinstance(value, Place):
            report.sections.append(("server", "".join(value.server.output[-60:])))
            # The engine of some tests may be away.
            with suppress(requests.RequestException):
                for container in value.server.containers(value.engine):
                    report.sections.append(("container", describe(container)))
    return report
