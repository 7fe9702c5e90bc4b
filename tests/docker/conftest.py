from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from control.engine.docker import DockerDriver
from tests.docker.fixtures import engine, run_id
from tests.docker.harness import World, containers_of, describe, stub_image

__all__ = ["engine", "run_id"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    """A failed test shows state, limits and last lines of its containers."""
    report = yield
    arguments = getattr(item, "funcargs", {})
    if report.when == "call" and report.failed and "engine" in arguments:
        for container in containers_of(arguments["engine"], arguments["run_id"]):
            report.sections.append(("container", describe(container)))
    return report


@pytest.fixture(scope="session")
def image(engine: docker.DockerClient, run_id: str) -> str:
    return stub_image(engine, run_id)


@pytest.fixture(autouse=True)
def no_leaks(
    request: pytest.FixtureRequest, engine: docker.DockerClient, run_id: str
) -> Iterator[None]:
    """Set up first, so it looks when everything of the test has been cleaned up."""
    before = {container.id for container in containers_of(engine, run_id)}
    yield
    left = [each for each in containers_of(engine, run_id) if each.id not in before]
    assert not left, f"{request.node.name} left {[each.name for each in left]}"


@pytest.fixture
async def world(no_leaks: None, tmp_path: Path, image: str, run_id: str) -> AsyncIterator[World]:
    world = World(lambda: DockerDriver(tmp_path / "identity"), image, tmp_path, run_id)
    yield world
    for status in await world.driver.list(world.installation):
        await world.driver.remove(status.id)
    await world.driver.close()
