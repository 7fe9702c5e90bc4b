"""An operator does to a scope's container what plain docker lets them do: legal moves, all told."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import docker
import pytest

from control.scopes.endings import BY_OPERATOR, KILLED, PAUSED, REMOVED
from tests.e2e.server import until
from tests.failures.harness import Asking, Place

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]


@pytest.fixture
def scope(quick: Place, name: str) -> Iterator[str]:
    """A scope with a file in it."""
    with quick.scope(name):
        (quick.disk(name) / "files" / "note").write_text("kept")
        yield name


def paused(container: Any) -> bool:
    """Pause it, unless the kernel cannot freeze it just now."""
    with contextlib.suppress(docker.errors.APIError):
        container.pause()
    container.reload()
    return str(container.status) == "paused"


ENDS: dict[str, tuple[Callable[[Any], Any], tuple[str, str]]] = {
    "docker kill": (lambda c: c.kill(), ("dead", KILLED)),
    "docker kill -s TERM": (lambda c: c.kill("SIGTERM"), ("stopped", BY_OPERATOR)),
    "docker stop": (lambda c: c.stop(timeout=5), ("stopped", BY_OPERATOR)),
    "docker rm -f": (lambda c: c.remove(force=True), ("stopped", REMOVED)),
}


@pytest.mark.parametrize("act", ENDS)
def test_an_end_is_told_and_the_next_start_has_the_files(
    quick: Place, scope: str, act: str
) -> None:
    end, told = ENDS[act]
    end(quick.container(scope))

    until(lambda: quick.user.state(scope), lambda seen: seen == told)
    quick.user.post(f"/scope/{scope}/restart")
    assert quick.user.post("/command", scope=scope, command="1")["result"] == 1
    assert quick.user.state(scope) == ("idle", "")
    assert (quick.disk(scope) / "files" / "note").read_text() == "kept"


def test_a_dead_scope_says_why_until_it_is_restarted(quick: Place, scope: str) -> None:
    quick.container(scope).kill()
    until(lambda: quick.user.state(scope), lambda seen: seen[0] == "dead")

    refused = quick.user.fails(409, "/command", scope=scope, command="1")

    assert KILLED in refused["message"]


def test_a_stopped_or_removed_one_is_woken_by_the_next_request(quick: Place, scope: str) -> None:
    for end in ("docker stop", "docker rm -f"):
        ENDS[end][0](quick.container(scope))
        until(lambda: quick.user.state(scope)[0], lambda state: state == "stopped")

        assert quick.user.post("/command", scope=scope, command="1")["result"] == 1


def test_a_paused_one_says_so_and_goes_on(quick: Place, scope: str) -> None:
    quick.user.post("/command", scope=scope, command="1")
    container = quick.container(scope)
    until(lambda: paused(container), bool)

    assert until(lambda: quick.user.state(scope), lambda seen: seen[0] == "paused")[1] == PAUSED
    assert PAUSED in quick.user.fails(409, "/command", scope=scope, command="1")["message"]
    container.unpause()
    until(lambda: quick.user.state(scope), lambda seen: seen == ("idle", ""))
    assert quick.user.post("/command", scope=scope, command="1")["result"] == 2


def test_a_request_under_way_waits_through_a_pause(quick: Place, scope: str) -> None:
    container = quick.container(scope)
    until(lambda: paused(container), bool)
    asking = Asking(lambda: quick.user.ask("GET", f"/scope/{scope}"))
    container.unpause()

    assert asking.outcome().status_code == 200


def test_a_paused_one_can_be_deleted(quick: Place, name: str) -> None:
    quick.user.post("/scope", scope=name)
    container = quick.container(name)
    until(lambda: paused(container), bool)
    until(lambda: quick.user.state(name)[0], lambda state: state == "paused")
    quick.user.delete(f"/scope/{name}")

    assert quick.row(name) is None


def test_one_that_is_restarted_serves_anew(quick: Place, scope: str) -> None:
    quick.user.post("/command", scope=scope, command="1")
    container = quick.container(scope)
    before = container.id
    container.restart(timeout=5)

    # Its namespace is new: the count begins again.
    until(lambda: quick.user.state(scope)[0], lambda state: state == "idle")
    answer = until(
        lambda: quick.user.ask("POST", "/command", {"scope": scope, "command": "1"}).json(),
        lambda seen: seen["code"] == 200,
    )
    assert answer["result"] == 1
    assert quick.container(scope).id == before
    assert (quick.disk(scope) / "files" / "note").read_text() == "kept"


def test_one_that_was_stopped_may_be_started_by_the_operator(quick: Place, scope: str) -> None:
    container = quick.container(scope)
    container.stop(timeout=5)
    until(lambda: quick.user.state(scope)[0], lambda state: state == "stopped")
    container.start()

    until(lambda: quick.user.state(scope), lambda seen: seen == ("idle", ""))
    assert quick.container(scope).id == container.id


def test_all_of_it_is_in_the_events(quick: Place, scope: str) -> None:
    quick.container(scope).kill()
    until(lambda: quick.user.state(scope)[0], lambda state: state == "dead")
    admin = quick.admin()
    events = admin.get(f"/admin/events?user={quick.user.name}")["events"]
    told = [(each["event"], each["reason"]) for each in events if each["scope"] == scope]

    assert ("died", KILLED) in told
