"""A client leaves in the middle of a request: what is its own ends, what is to stay goes on."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from tests.e2e.server import until
from tests.failures.harness import Place

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(240)]

CRAWL = """
def crawl(value):
    import time
    time.sleep(0.1)
    return value
spark.udf.register("crawl", crawl, "long")
"""
ENDLESS = "select crawl(id) as id from range(0, 100000)"
POINTS = "select ST_Point(crawl(id) / 1000, 1.0) as point from range(0, 100000)"
BOX = {"width": 64, "height": 64, "bounding_box": [0, 0, 1, 1], "coordinate_system": "EPSG:4326"}
A_WHILE = "select count(*) as n from range(0, 1400000000) where id % 7 = 3"


@pytest.fixture(scope="module")
def scope(real_place: Place) -> Iterator[str]:
    with real_place.scope("left"):
        real_place.user.post("/command", scope="left", command=CRAWL)
        yield "left"


def send(place: Place, method: str, path: str, body: bytes, length: int = 0) -> socket.socket:
    """A request whose answer is not waited for; close it to leave."""
    address = urlsplit(place.server.url)
    connection = socket.create_connection((str(address.hostname), int(address.port or 0)), 30)
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: Token {place.user.token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length or len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    return connection


def leave(place: Place, path: str, body: dict[str, Any], begun: Callable[[], bool]) -> None:
    """Ask, wait until it is begun, and go."""
    with send(place, "POST", path, msgspec.json.encode(body)):
        until(begun, bool)


OWN: dict[str, tuple[str, dict[str, Any]]] = {
    "query": ("/query", {"sql": ENDLESS}),
    "map": ("/pointmap", {"sql": POINTS, "params": {**BOX, "point_size": 1}}),
    "statement": ("/query/service", {"statement": ENDLESS, "dialect": "spark"}),
}


@pytest.mark.parametrize("kind", OWN)
def test_what_only_its_client_wanted_is_cancelled(real: Place, scope: str, kind: str) -> None:
    path, body = OWN[kind]
    leave(real, path, {"scope": scope, **body}, lambda: not real.idle_jobs(scope))

    until(lambda: real.idle_jobs(scope), bool)
    until(lambda: real.user.state(scope), lambda seen: seen == ("idle", ""))


STAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "createtable": ("/createtable", {"tables": [{"name": "made", "sql": A_WHILE}]}),
    "loadfile": ("/loadfile", {"tables": [{"name": "made", "sql": A_WHILE}]}),
}


@pytest.mark.parametrize("kind", ["createtable", "loadfile"])
def test_what_changes_something_runs_on(real: Place, scope: str, kind: str) -> None:
    path, body = STAYS[kind]
    leave(real, path, {"scope": scope, **body}, lambda: not real.idle_jobs(scope))

    wanted = {"scope": scope, "sql": "select n from made"}
    made = until(lambda: real.user.ask("POST", "/query", wanted).json(), lambda r: r["code"] == 200)
    assert made["result"] == [200_000_000]
    real.user.post("/query", scope=scope, sql="drop table made")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_command_runs_to_its_end(real: Place, scope: str, stream: bool) -> None:
    files = real.disk(scope) / "files"
    code = "import time\nopen('begun', 'w')\ntime.sleep(1)\nopen('done', 'w')"
    body = {"scope": scope, "command": code, "stream": stream}
    leave(real, "/command", body, (files / "begun").exists)

    until((files / "done").exists, bool)
    for name in ("begun", "done"):
        (files / name).unlink()
    until(lambda: real.user.state(scope), lambda seen: seen == ("idle", ""))


def test_a_broken_upload_leaves_the_old_file(real: Place, scope: str) -> None:
    path = f"/scope/{scope}/files/kept"
    real.user.ask("PUT", path, data=b"old")
    before = set((real.disk(scope) / "files").iterdir())
    with send(real, "PUT", path, b"new" * 1000, length=10**6):
        until(lambda: real.user.state(scope)[0], lambda state: state == "busy")

    until(lambda: set((real.disk(scope) / "files").iterdir()), lambda seen: seen == before)
    until(lambda: real.user.state(scope), lambda seen: seen == ("idle", ""))
    assert real.user.ask("GET", path).content == b"old"


def test_an_open_and_a_delete_run_on(quick: Place, name: str) -> None:
    with send(quick, "POST", "/scope", msgspec.json.encode({"scope": name})):
        until(lambda: quick.row(name), lambda row: row is not None)
    until(lambda: quick.user.state(name), lambda seen: seen == ("idle", ""))
    with send(quick, "DELETE", f"/scope/{name}", b""):
        until(lambda: quick.row(name), lambda row: row is None or row["intent"] == "close")

    until(lambda: quick.row(name), lambda row: row is None)
