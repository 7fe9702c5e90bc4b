"""An engine that maps its containers' users to others of the host: scopes work on their disks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from control.engine.user_mapping import first_host_uid
from tests.e2e.server import ROOT
from tests.failures.conftest import answering, placed, stub
from tests.failures.harness import Place
from tests.failures.private_engine import private_engine

__all__ = ["answering", "stub"]

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

INSIDE = range(20_000, 60_001)
"""Users that the mapping has: most have 65,536."""


@dataclass
class Mapped:
    """A control plane over such an engine, and where its users begin on the host."""

    place: Place
    first: int
    environment: dict[str, str]


@pytest.fixture(scope="module")
def mapped(
    engine: docker.DockerClient, answering: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapped]:
    folder = tmp_path_factory.mktemp("mapped")
    for ranges in ("/etc/subuid", "/etc/subgid"):
        # The engine writes its user's range there, and ends where there is no such file.
        Path(ranges).touch()
    with (
        private_engine(answering, engine, "--userns-remap=default") as own,
        closing(own.client()) as client,
    ):
        settings = {
            "GEOSCOPE_IMAGE": answering,
            "GEOSCOPE_UID_RANGE": f"{INSIDE[0]}-{INSIDE[-1]}",
            "DOCKER_HOST": own.address,
        }
        with placed(folder / "state", client, settings) as place:
            yield Mapped(place, first_host_uid(client.info()), settings)


def test_a_scope_works_as_a_user_that_the_host_does_not_have(mapped: Mapped) -> None:
    place = mapped.place
    with place.scope("ours"):
        answer = place.user.post("/command", scope="ours", command="1")
        row = place.row("ours")
        assert row is not None
        owner = (place.disk("ours") / "files").stat().st_uid
        users = {int(line[0]) for line in top(place)}

        assert answer["result"] == 1
        assert mapped.first > 0
        assert row["uid"] in INSIDE
        assert users == {owner} == {mapped.first + row["uid"]}
    place.check()


def top(place: Place) -> list[list[str]]:
    """User and process of all that runs in the scope, as the host numbers them."""
    found: list[list[str]] = place.container("ours").top(ps_args="-eo uid,pid")["Processes"]
    return found


def test_the_doctor_says_so(mapped: Mapped) -> None:
    state_dir = str(mapped.place.server.state_dir)
    environment = {**mapped.environment, "GEOSCOPE_STATE_DIR": state_dir, "PATH": "/usr/bin:/bin"}
    line = [sys.executable, "-m", "control", "doctor"]
    done = subprocess.run(
        line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )

    assert f"a container's are mapped to the host's from {mapped.first} on" in done.stdout
