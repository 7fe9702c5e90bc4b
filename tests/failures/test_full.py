"""A scope's disk, inodes or memory are full, or the host's disk: told there, felt only there."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
import pytest
import requests

from tests.e2e.server import until
from tests.failures.conftest import placed
from tests.failures.harness import Place

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]

MIB = 1024**2
FILL = """
with open('ballast', 'wb', buffering=0) as file:
    for size in (1 << 20, 1 << 12, 1):
        try:
            while file.write(bytes(size)):
                pass
        except OSError as error:
            full = error
raise full
"""
MANY = "for number in range(10**6):\n    open(f'many/{number}', 'w').close()"
BALLOON = "held = []\nwhile True:\n    held.append(bytearray(1 << 24))"
WIDE = "select id, id * 2 as a, cast(id as string) as b from range(0, 4000000)"


# ------------------------------------------------------------ a scope's own


@pytest.fixture(scope="module")
def small(real_place: Place) -> Iterator[str]:
    """A scope of the shipped image with little disk and memory."""
    with real_place.scope("small", disk="96MiB", memory="1536MiB"):
        real_place.user.post("/query", scope="small", sql="create table own as select 1 as n")
        yield "small"


@pytest.fixture
def full(real: Place, small: str) -> Iterator[str]:
    """Its disk has no byte left; what it is given back at the end."""
    told = real.user.fails(400, "/command", scope=small, command=FILL)
    assert "No space left" in told["message"]
    yield small
    real.user.delete(f"/scope/{small}/files/ballast")
    real.user.post("/createtable", scope=small, tables=[{"name": "after", "sql": "select 1 as n"}])
    real.user.post("/query", scope=small, sql="drop table after")


def asked(place: Place, path: str, **body: Any) -> tuple[int, str]:
    """Status and type of an answer that must be an error."""
    answer = place.user.ask("POST", path, body)
    return answer.status_code, answer.json()["type"]


@pytest.mark.e2e
def test_a_full_disk_fails_what_needs_it_and_nothing_else(real: Place, full: str) -> None:
    upload = real.user.ask("PUT", f"/scope/{full}/files/more", data=b"x" * MIB)
    table = asked(real, "/createtable", scope=full, tables=[{"name": "t", "sql": WIDE}])
    spool = asked(real, "/query", scope=full, sql=WIDE, format="values")

    assert (upload.status_code, upload.json()["type"]) == (507, "disk_full")
    assert table == (507, "disk_full")
    assert spool == (507, "disk_full")
    assert real.user.post("/command", scope=full, command="1 + 1")["result"] == 2
    assert real.user.post("/query", scope=full, sql="select n from own")["result"] == [1]
    assert real.user.state(full) == ("idle", "")
    listed = {each["name"] for each in real.user.get(f"/scope/{full}/files/")["files"]}
    assert "more" not in listed


@pytest.mark.e2e
def test_inodes_run_out_in_that_scope_only(real: Place, small: str) -> None:
    real.user.post("/command", scope=small, command="import os\nos.mkdir('many')")
    told = real.user.fails(400, "/command", scope=small, command=MANY)
    upload = real.user.ask("PUT", f"/scope/{small}/files/one", data=b"x")
    clear = "import shutil\nshutil.rmtree('many')"
    real.user.post("/command", scope=small, command=clear)

    assert "No space left" in told["message"]
    assert (upload.status_code, upload.json()["type"]) == (507, "disk_full")
    assert real.user.ask("PUT", f"/scope/{small}/files/one", data=b"x").status_code == 200


@pytest.mark.e2e
def test_memory_runs_out_in_that_statement_only(real: Place, small: str) -> None:
    told = real.user.fails(400, "/command", scope=small, command=BALLOON)

    assert told["ename"] == "MemoryError" or told["out_of_memory"] is True, told
    assert real.user.post("/query", scope=small, sql="select n from own")["result"] == [1]
    assert real.user.state(small) == ("idle", "")


# ------------------------------------------------------------ the host's


@pytest.fixture
def narrow(
    engine: docker.DockerClient, answering: str, tmp_path: Path
) -> Iterator[tuple[Place, Path]]:
    """A control plane whose state has a file system of its own, and a file that may fill it."""
    image, disk = tmp_path / "image", tmp_path / "disk"
    disk.mkdir()
    with image.open("wb") as file:
        file.truncate(3 * 1024 * MIB)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, disk], check=True)
    try:
        settings = {"GEOSCOPE_IMAGE": answering, "GEOSCOPE_SCOPE_DISK": "64MiB"}
        with placed(disk / "state", engine, settings) as place, place.scope("ours"):
            yield place, disk / "ballast"
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def fill(path: Path) -> None:
    """Take every block that is left on its file system, without writing them."""
    taken = 0
    with path.open("wb") as file:
        for size in (64 * MIB, MIB, 4096):
            with suppress(OSError):
                while True:
                    os.posix_fallocate(file.fileno(), taken, size)
                    taken += size


def ready(place: Place) -> requests.Response:
    return requests.get(f"{place.server.url}/ready", timeout=30)


def test_a_host_whose_disk_is_full_says_so_and_goes_on(narrow: tuple[Place, Path]) -> None:
    place, ballast = narrow
    fill(ballast)
    told = ready(place)
    refused = place.user.ask("POST", "/scope", {"scope": "new"})
    used = place.user.ask("POST", "/command", {"scope": "ours", "command": "1"})
    until(lambda: deleted(place), bool)
    before = place.neighbour.answers
    until(lambda: place.neighbour.answers, lambda answers: answers > before + 3)
    ballast.unlink()

    assert told.status_code == 503
    assert "its disk is full" in told.json()["checks"]["store"]["detail"]
    assert (refused.status_code, refused.json()["type"]) == (503, "no_capacity")
    assert used.status_code == 200
    assert place.server.process is not None
    assert place.server.process.poll() is None
    until(lambda: ready(place).status_code, lambda code: code == 200)
    until(lambda: place.user.ask("DELETE", "/scope/ours").status_code, lambda code: code != 503)
    assert place.row("ours") is None
    place.user.post("/scope", scope="ours")
    place.check()


def deleted(place: Place) -> bool:
    """Ask for it: gone, or told that the store cannot note it; never half of it."""
    answer = place.user.ask("DELETE", "/scope/ours")
    if answer.status_code == 503:
        assert answer.json()["type"] == "store_unavailable", answer.text
    return answer.status_code in (200, 503)
