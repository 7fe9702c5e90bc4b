"""The doctor on a real engine: limits that hold, and what is left behind is found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import docker
import pytest

from control.engine.driver import ContainerState
from control.engine.trial import TRIAL_LABEL, try_limits
from control.engine.view import EngineView
from control.errors import EngineError
from control.store.database import Database
from tests.conftest import ROOT
from tests.docker.harness import World

pytestmark = pytest.mark.docker


def run(state_dir: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "GEOSCOPE" not in name}
    environment |= {"GEOSCOPE_STATE_DIR": str(state_dir), **settings}
    return subprocess.run(
        [sys.executable, "-m", "control", "doctor", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {finding["subject"]: finding for finding in json.loads(done.stdout)["findings"]}


@pytest.mark.e2e
def test_limits_are_tried_with_the_shipped_image(
    engine: docker.DockerClient, tmp_path: Path
) -> None:
    found = findings(run(tmp_path / "state", "--json"))

    tried = ("image", "protocol", "memory limit", "process limit")
    assert {name: found[name]["mark"] for name in tried} == dict.fromkeys(tried, "good")
    assert engine.containers.list(all=True, filters={"label": TRIAL_LABEL}) == []


def test_an_image_without_our_agent_is_said(engine: docker.DockerClient, image: str) -> None:
    view = EngineView()
    with pytest.raises(EngineError, match="could not"):
        try_limits(view, image, 265_000, "runc")
    view.close()

    assert engine.containers.list(all=True, filters={"label": TRIAL_LABEL}) == []


async def test_a_container_of_no_scope_is_found(world: World, tmp_path: Path) -> None:
    database = Database.open(tmp_path / "state", durable=False)
    world.installation = database.installation
    database.close()
    await world.run()
    found = findings(run(tmp_path / "state", "--json", GEOSCOPE_IMAGE="nobody/has:this"))

    assert world.plan().name in found["leftovers"]["found"]
    assert found["image"]["mark"] == "bad"


async def test_a_view_sees_what_the_driver_made(world: World) -> None:
    id = await world.run()
    view = EngineView()
    [seen] = view.containers(f"geoscope.installation={world.installation}")
    usage = view.usage(id)
    await world.driver.remove(id)
    gone = view.usage(id)
    view.close()

    assert (seen.id, seen.state) == (id, ContainerState.RUNNING)
    assert (usage.memory_bytes or 0) > 0
    assert gone.memory_bytes is None
