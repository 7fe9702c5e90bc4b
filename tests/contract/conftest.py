from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from control.engine.docker import DockerDriver
from control.engine.process import ProcessDriver
from tests.docker.fixtures import engine, run_id
from tests.docker.harness import World, stub_image
from tests.fakes.engine import FakeEngine
from tests.fakes.engine import World as FakeWorld

__all__ = ["engine", "run_id"]

REPOSITORY = Path(__file__).parents[2]
REAL_KINDS = [pytest.param("docker", marks=pytest.mark.docker), "process"]
KINDS = ["fake", *REAL_KINDS]


def process_world(folder: Path, run_id: str) -> World:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "tests.agents.stub"]

    def make() -> ProcessDriver:
        return ProcessDriver(
            folder / "processes", command, folder / "samples", environment=environment
        )

    return World(make, "none", folder, run_id, uid=os.getuid())


def fake_world(folder: Path, run_id: str) -> World:
    shared = FakeWorld()
    make = partial(FakeEngine, shared, agent_factory=None)
    return World(make, "none", folder, run_id, uid=os.getuid())


def make_world(kind: str, request: pytest.FixtureRequest, folder: Path, run_id: str) -> World:
    if kind == "fake":
        return fake_world(folder, run_id)
    if kind == "process":
        return process_world(folder, run_id)
    image = stub_image(request.getfixturevalue("engine"), run_id)
    return World(lambda: DockerDriver(folder / "identity"), image, folder, run_id)


async def clean(world: World) -> None:
    """Also where the test has closed its driver."""
    await world.driver.close()
    world.driver = world.make_driver()
    for status in await world.driver.list(world.installation):
        await world.driver.remove(status.id)
    await world.driver.close()


@pytest.fixture(params=KINDS)
async def world(
    request: pytest.FixtureRequest, tmp_path: Path, run_id: str
) -> AsyncIterator[World]:
    """Every driver in turn."""
    world = make_world(request.param, request, tmp_path, run_id)
    yield world
    await clean(world)


@pytest.fixture(params=REAL_KINDS)
async def real_world(
    request: pytest.FixtureRequest, tmp_path: Path, run_id: str
) -> AsyncIterator[World]:
    """Every driver whose agents are processes."""
    world = make_world(request.param, request, tmp_path, run_id)
    yield world
    await clean(world)
