"""An agent that does not speak a protocol of ours: its scope is dead and says so; nothing leaks."""

from __future__ import annotations

from collections.abc import Iterator

import docker
import pytest

from control.scopes.endings import TOO_OLD
from tests.docker.harness import behaving_image
from tests.failures.harness import Place

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]


@pytest.fixture
def strange(quick: Place, engine: docker.DockerClient, stub: str) -> Iterator[Place]:
    """New containers have agents of another protocol."""
    usual = quick.server.settings["GEOSCOPE_IMAGE"]
    restart_with(quick, behaving_image(engine, stub, "wrong_protocol"))
    yield quick
    restart_with(quick, usual)


def restart_with(place: Place, image: str) -> None:
    place.server.stop()
    place.server.settings["GEOSCOPE_IMAGE"] = image
    place.server.start()


def test_an_agent_that_was_left_behind_by_an_upgrade_is_dead_until_restarted(
    quick: Place, name: str
) -> None:
    with quick.scope(name):
        protocol = quick.disk(name) / "files" / "protocol"
        protocol.write_text("0")
        quick.kill_and_start()
        state, reason = quick.user.state(name)

        assert state == "dead"
        assert TOO_OLD in reason
        assert TOO_OLD in quick.user.fails(409, "/command", scope=name, command="1")["message"]
        # A restart gives it a container of this version.
        protocol.unlink()
        quick.user.post(f"/scope/{name}/restart")
        assert quick.user.post("/command", scope=name, command="1")["result"] == 1


def test_a_scope_whose_image_is_too_old_is_not_opened(strange: Place, name: str) -> None:
    refused = strange.user.ask("POST", "/scope", {"scope": name})

    assert refused.status_code == 502
    assert TOO_OLD in refused.json()["message"]
    assert strange.row(name) is None
    assert strange.user.ask("GET", f"/scope/{name}").status_code == 404
