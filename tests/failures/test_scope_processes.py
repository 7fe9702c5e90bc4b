"""Agent, JVM, kernel and first process of a scope are killed: the reason is right, files stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from control.scopes.endings import NOT_BY_ENGINE
from tests.e2e.server import until
from tests.failures.harness import Asking, Place, kill_process, pids_of
from wire.protocol import EXIT_REASONS, ExitCode

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(240)]

WAIT = "open('begun', 'w')\nimport time\ntime.sleep(60)"


@pytest.fixture(scope="module")
def scope(real_place: Place) -> Iterator[str]:
    """A scope of the shipped image with a file, a table and a name in its namespace."""
    with real_place.scope("mortal"):
        real_place.user.post("/command", scope="mortal", command="open('note', 'w').write('kept')")
        real_place.user.post("/query", scope="mortal", sql="create table own as select 1 as n")
        yield "mortal"


def agent(container: Any) -> list[int]:
    return pids_of(container, "sandbox.agent")[-1:]


def jvm(container: Any) -> list[int]:
    return pids_of(container, "java")


def first(container: Any) -> list[int]:
    return [container.attrs["State"]["Pid"]]


def kernel(container: Any) -> list[int]:
    return pids_of(container, "kernel_boot")


DEATHS: dict[str, tuple[Callable[[Any], list[int]], str]] = {
    "agent": (agent, NOT_BY_ENGINE),
    "JVM": (jvm, EXIT_REASONS[ExitCode.JVM_KILLED]),
    "first process": (first, NOT_BY_ENGINE),
}


@pytest.mark.parametrize("process", DEATHS)
def test_a_death_is_told_and_restart_keeps_files_and_tables(
    real: Place, scope: str, process: str
) -> None:
    find, reason = DEATHS[process]
    note = real.disk(scope) / "files" / "begun"
    note.unlink(missing_ok=True)
    asking = Asking(lambda: real.user.ask("POST", "/command", {"scope": scope, "command": WAIT}))
    until(note.exists, bool)
    [pid] = find(real.container(scope))
    kill_process(pid)

    answer = asking.outcome()
    assert isinstance(answer, requests.Response)
    assert (answer.status_code, answer.json()["type"]) == (409, "scope_dead"), answer.text
    assert reason in answer.json()["message"]
    assert real.user.state(scope) == ("dead", reason)
    assert reason in real.user.fails(409, "/query", scope=scope, sql="select 1")["message"]
    real.user.post(f"/scope/{scope}/restart")
    assert real.user.post("/query", scope=scope, sql="select n from own")["result"] == [1]
    assert real.user.ask("GET", f"/scope/{scope}/files/note").text == "kept"


def test_a_dead_kernel_costs_its_namespace_only(real: Place, scope: str) -> None:
    files = real.disk(scope) / "files"
    (files / "begun").unlink(missing_ok=True)
    real.user.post("/command", scope=scope, command="name = 1")
    asking = Asking(lambda: real.user.ask("POST", "/command", {"scope": scope, "command": WAIT}))
    until((files / "begun").exists, bool)
    [pid] = kernel(real.container(scope))
    kill_process(pid)

    told = asking.outcome().json()
    assert (told["code"], told["type"]) == (400, "kernel_died"), told
    assert (told["exit_code"], told["namespace_lost"]) == (137, True)
    assert real.user.fails(400, "/command", scope=scope, command="name")["ename"] == "NameError"
    assert real.user.post("/query", scope=scope, sql="select n from own")["result"] == [1]
    assert real.user.state(scope) == ("idle", "")
