"""The engine goes away and comes back: the control plane stays up, says so, recovers by itself."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import docker
import pytest
import requests

from control.scopes.endings import ENGINE_WENT
from tests.e2e.server import until
from tests.failures.conftest import placed
from tests.failures.harness import Place
from tests.failures.private_engine import PrivateEngine, private_engine

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

RECOVERY_S = 45


@pytest.fixture(scope="module")
def own_engine(engine: docker.DockerClient, answering: str) -> Iterator[PrivateEngine]:
    with private_engine(answering, engine) as own:
        yield own


@pytest.fixture(scope="module")
def place(
    own_engine: PrivateEngine, answering: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """A control plane whose only engine may be harmed; ann has a scope there."""
    settings = {"GEOSCOPE_IMAGE": answering, "DOCKER_HOST": own_engine.address}
    state_dir = tmp_path_factory.mktemp("own") / "state"
    with (
        closing(own_engine.client()) as client,
        placed(state_dir, client, settings) as place,
        place.scope("ours"),
    ):
        yield place
        own_engine.revive()


def ready(place: Place) -> requests.Response:
    return requests.get(f"{place.server.url}/ready", timeout=30)


def is_alive(place: Place) -> bool:
    return requests.get(f"{place.server.url}/health", timeout=5).status_code == 200


def recovered(place: Place) -> None:
    """It serves again, without anybody doing anything."""
    until(lambda: ready(place).status_code, lambda code: code == 200, RECOVERY_S)


def answer(place: Place) -> Any:
    return place.user.ask("POST", "/command", {"scope": "ours", "command": "1"}).json()


def test_scopes_are_used_while_the_engine_is_away(place: Place, own_engine: PrivateEngine) -> None:
    before = place.container("ours").attrs["State"]["StartedAt"]
    assert own_engine.process is not None
    own_engine.end()
    told = until(lambda: ready(place), lambda seen: seen.status_code == 503)
    refused = place.user.ask("POST", "/scope", {"scope": "new"})
    looked = place.user.ask("GET", "/scope/ours")
    count = place.neighbour.answers
    until(lambda: place.neighbour.answers, lambda answers: answers > count + 3)

    assert "the container engine does not answer" in told.json()["message"]
    assert told.json()["checks"]["engine"]["ready"] is False
    assert (refused.status_code, refused.json()["type"]) == (503, "engine_unavailable")
    assert (looked.status_code, looked.json()["state"]) == (200, "idle")
    assert answer(place)["code"] == 200
    assert is_alive(place)
    own_engine.start(keeps_containers=True)
    recovered(place)
    # A lost event of the engine is made up for by looking at everything anew.
    until(lambda: place.neighbour.answers, lambda answers: answers > count + 6)
    assert place.container("ours").attrs["State"]["StartedAt"] == before
    assert answer(place)["code"] == 200
    place.check()


def test_a_delete_that_the_engine_missed_is_finished_when_it_is_back(
    place: Place, own_engine: PrivateEngine
) -> None:
    place.user.post("/scope", scope="late")
    own_engine.end()
    refused = place.user.ask("DELETE", "/scope/late")
    own_engine.start(keeps_containers=True)

    assert (refused.status_code, refused.json()["type"]) == (503, "engine_unavailable")
    until(lambda: place.row("late"), lambda row: row is None, RECOVERY_S)
    assert place.user.ask("GET", "/scope/late").status_code == 404
    recovered(place)
    place.check()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_scopes_that_end_with_their_engine_say_so_and_wake(
    place: Place, own_engine: PrivateEngine, number: signal.Signals
) -> None:
    note = place.disk("ours") / "files" / "note"
    note.write_text("kept")
    answer(place)
    # From its next start on its containers end with it.
    own_engine.end()
    own_engine.start()
    until(lambda: answer(place)["code"], lambda code: code == 200, RECOVERY_S)
    own_engine.end(number)
    assert is_alive(place)
    until(lambda: ready(place).status_code, lambda code: code == 503)
    own_engine.start()

    recovered(place)
    told = until(lambda: place.user.state("ours"), lambda seen: seen[0] == "stopped", RECOVERY_S)
    assert told[1] == ENGINE_WENT
    until(lambda: answer(place)["code"], lambda code: code == 200, RECOVERY_S)
    assert place.user.state("ours") == ("idle", "")
    assert note.read_text() == "kept"
    place.check_no_leak()
