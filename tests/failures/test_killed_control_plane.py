"""SIGKILL of the control plane in the middle of every kind of request, and another one started.

Nothing that was acknowledged is lost, nothing half made stays, what runs in an agent ends there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.statements.job_store import MANIFEST
from sandbox.statements.service import GONE_S
from tests.e2e.server import User, until
from tests.failures.harness import Asking, Place, soon

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]

SLOW_SQL = "select count(*) as n from range(0, 1400000000) where id % 7 = 3"
SLOW_N = 200_000_000
WRITE_ROWS = """
with open('big.csv', 'w') as file:
    file.write('id,x\\n')
    file.writelines(f'{n},{n / 7}\\n' for n in range(2_000_000))
"""
LOAD = {
    "name": "big",
    "format": "csv",
    "path": "big.csv",
    "options": {"header": "True"},
    "schema": [{"id": "int"}, {"x": "double"}],
}
CRAWL = """
def crawl(value):
    import time
    time.sleep(0.1)
    return value
spark.udf.register("crawl", crawl, "long")
"""
ENDLESS = "select crawl(id) as id from range(0, 100000)"


# ------------------------------------------------------------ open and delete


def noted(place: Place, name: str) -> bool:
    row = place.row(name)
    return row is not None and row["intent"] is not None


def mounted(place: Place, name: str) -> bool:
    row = place.row(name)
    return row is not None and place.disk(name).is_mount()


def made(place: Place, name: str) -> bool:
    return bool(containers(place, name))


def started(place: Place, name: str) -> bool:
    return any(each.status == "running" for each in containers(place, name))


def containers(place: Place, name: str) -> list[Any]:
    # The engine lists what it is just making, and does not know it yet when it is asked for it.
    wanted: dict[str, Any] = {"label": f"geoscope.scope={name}"}
    return list(place.engine.containers.list(all=True, filters=wanted, ignore_removed=True))


@pytest.mark.parametrize("moment", [noted, mounted, made, started], ids=lambda m: m.__name__)
def test_an_open_is_whole_or_nothing(
    quick: Place, name: str, moment: Callable[[Place, str], bool]
) -> None:
    asking = Asking(lambda: quick.user.ask("POST", "/scope", {"scope": name}))
    soon(lambda: moment(quick, name))
    quick.kill_and_start()

    acknowledged = isinstance(asking.outcome(), requests.Response)
    found = quick.user.ask("GET", f"/scope/{name}").status_code
    assert found == 200 or not acknowledged
    if found == 200:
        assert quick.user.post("/command", scope=name, command="1")["result"] == 1
        quick.user.delete(f"/scope/{name}")
    assert quick.row(name) is None
    assert containers(quick, name) == []
    if moment is started:
        # Nobody was told that there is such a scope: so the name is free.
        with quick.scope(name):
            assert quick.user.post("/command", scope=name, command="1")["result"] == 1


def closing(place: Place, name: str) -> bool:
    row = place.row(name)
    return row is None or row["intent"] == "close"


def removed(place: Place, name: str) -> bool:
    return not containers(place, name)


def unmounted(place: Place, name: str) -> bool:
    row = place.row(name)
    return row is None or not place.disk(name).is_mount()


@pytest.mark.parametrize("moment", [closing, removed, unmounted], ids=lambda m: m.__name__)
def test_a_delete_that_was_begun_is_finished(
    quick: Place, name: str, moment: Callable[[Place, str], bool]
) -> None:
    quick.user.post("/scope", scope=name)
    asking = Asking(lambda: quick.user.ask("DELETE", f"/scope/{name}"))
    soon(lambda: moment(quick, name))
    quick.kill_and_start()
    asking.outcome()

    assert quick.user.ask("GET", f"/scope/{name}").status_code == 404
    assert quick.row(name) is None


def test_a_second_life_takes_over_everybodys_scopes(quick: Place, name: str) -> None:
    with quick.scope(name):
        before = quick.container(name).attrs["State"]["StartedAt"]
        quick.user.post("/command", scope=name, command="1")
        for _ in range(2):
            quick.kill_and_start()

        assert quick.user.post("/command", scope=name, command="1")["result"] == 2
        assert quick.container(name).attrs["State"]["StartedAt"] == before


# ------------------------------------------------------------ work in an agent


@pytest.fixture(scope="module")
def victim(real_place: Place) -> Iterator[str]:
    """A scope of the shipped image, for all that is done to the control plane only."""
    with real_place.scope("victim"):
        yield "victim"


def begin(place: Place, ask: Callable[[], Any], has_begun: Callable[[], bool]) -> Asking:
    """Ask, kill the control plane once the agent is at it, and start another one."""
    asking = Asking(ask)
    until(has_begun, bool)
    place.kill_and_start()
    return asking


def test_a_command_runs_to_its_end_and_keeps_its_namespace(real: Place, victim: str) -> None:
    code = "open('begun', 'w')\nimport time\ntime.sleep(3)\nkept = 42\nopen('done', 'w')"
    files = real.disk(victim) / "files"
    asking = Asking(lambda: real.user.post("/command", scope=victim, command=code))
    until((files / "begun").exists, bool)
    real.server.kill()
    was_done = (files / "done").exists()
    real.server.start()

    assert not was_done
    assert isinstance(asking.outcome(), requests.RequestException)
    assert real.user.post("/command", scope=victim, command="kept")["result"] == 42
    assert (files / "done").exists()


def test_a_query_ends_and_the_scope_answers_meanwhile(real: Place, victim: str) -> None:
    asking = begin(
        real,
        lambda: real.user.post("/query", scope=victim, sql=SLOW_SQL),
        lambda: not real.idle_jobs(victim),
    )

    assert real.user.post("/query", scope=victim, sql="select 1")["result"] == [1]
    assert isinstance(asking.outcome(), requests.RequestException)
    until(lambda: real.idle_jobs(victim), bool)


def service(user: User, scope: str, statement: str, **more: str) -> requests.Response:
    """A request of the query service in Spark's SQL."""
    url = f"{user.server.url}/query/service"
    form = {"statement": statement, "scope": scope, "dialect": "spark"}
    headers = {"Authorization": f"Token {user.token}"}
    return requests.post(url, {**form, **more}, headers=headers, timeout=120)


def submit(place: Place, scope: str) -> str:
    """The path of the handle of an asynchronous request that takes a while."""
    answer = service(place.user, scope, SLOW_SQL, mode="async").json()
    assert answer["status"] == "running", answer
    return str(answer["handle"]).removeprefix(place.server.url)


def status(place: Place, handle: str) -> Any:
    return place.user.ask("GET", handle).json()


def test_an_async_request_ends_while_nobody_listens(real: Place, victim: str) -> None:
    handle = submit(real, victim)
    disk = real.disk(victim)
    before = manifests(disk)
    assert status(real, handle)["status"] == "running"
    real.server.kill()
    until(lambda: manifests(disk) - before, bool)
    real.server.start()

    ended = until(lambda: status(real, handle), lambda seen: seen["status"] != "running")
    assert ended["status"] == "success", ended
    result = real.user.ask("GET", ended["handle"].removeprefix(real.server.url))
    assert result.json() == [{"n": SLOW_N}]


def manifests(disk: Path) -> set[Path]:
    """What jobs that ended have left on the scope's disk."""
    return set(disk.rglob(MANIFEST))


def test_an_async_request_that_ended_with_its_container_is_told_as_lost(
    real: Place, name: str
) -> None:
    with real.scope(name):
        handle = submit(real, name)
        real.server.kill()
        real.container(name).kill()
        real.server.start()

        ended = until(lambda: status(real, handle), lambda seen: seen["status"] != "running")
        assert ended["status"] == "failed"
        assert "JobLost" in ended["errors"][0]["msg"]
        assert "the scope is dead" in ended["errors"][0]["msg"]
        assert real.user.state(name)[0] == "dead"


def test_a_load_ends_and_its_table_is_whole(real: Place, victim: str) -> None:
    real.user.post("/command", scope=victim, command=WRITE_ROWS)
    asking = begin(
        real,
        lambda: real.user.post("/loadfile", scope=victim, tables=[LOAD]),
        lambda: not real.idle_jobs(victim),
    )

    assert isinstance(asking.outcome(), requests.RequestException)
    assert counted(real, victim, "big") == 2_000_000


def test_a_created_table_is_whole(real: Place, victim: str) -> None:
    sql = "select id, id * 2 as twice from range(0, 6000000)"
    asking = begin(
        real,
        lambda: real.user.post("/createtable", scope=victim, tables=[{"name": "t", "sql": sql}]),
        lambda: not real.idle_jobs(victim),
    )

    assert isinstance(asking.outcome(), requests.RequestException)
    assert counted(real, victim, "t") == 6_000_000


def counted(place: Place, scope: str, table: str) -> int:
    """How many rows a table has, once it is there."""
    body = {"scope": scope, "sql": f"select count(*) from {table}"}
    answer = until(
        lambda: place.user.ask("POST", "/query", body).json(), lambda seen: seen["code"] == 200
    )
    return int(answer["result"][0])


def test_a_stream_that_nobody_reads_any_more_is_cancelled(real: Place, victim: str) -> None:
    real.user.post("/command", scope=victim, command=CRAWL)
    asking = begin(
        real,
        lambda: service(real.user, victim, ENDLESS),
        lambda: not real.idle_jobs(victim),
    )
    began = time.monotonic()

    assert isinstance(asking.outcome(), requests.RequestException)
    assert not real.idle_jobs(victim)
    until(lambda: real.idle_jobs(victim), bool, 3 * GONE_S)
    assert time.monotonic() - began > GONE_S / 2
