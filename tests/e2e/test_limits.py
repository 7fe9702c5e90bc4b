"""Every limit of a scope and of a request on the shipped image: a clear error, and on it goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.e2e.server import ADMIN_PASSWORD, Server, User

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(300)]

SCOPE = "small"
DISK = "96MiB"
SETTINGS = {
    "GEOSCOPE_POOL_SIZE": "0",
    "GEOSCOPE_SCOPE_MEMORY": "1500MiB",
    "GEOSCOPE_SCOPE_CPUS": "2",
    "GEOSCOPE_SCOPE_PIDS": "300",
    "GEOSCOPE_SCOPE_OPEN_FILES": "2048",
    "GEOSCOPE_SCOPE_DISK": DISK,
    "GEOSCOPE_MAX_OUTPUT": "64KiB",
    "GEOSCOPE_MAX_RESULT_BYTES": "256KiB",
    "GEOSCOPE_MAX_PIXELS": "10000",
    "GEOSCOPE_MAX_BODY": "64KiB",
    "GEOSCOPE_COMMAND_TIMEOUT_S": "20",
    "GEOSCOPE_QUERY_TIMEOUT_S": "20",
}
BALLOON = "held = []\nwhile True:\n    held.append(b'x' * 10**7)"
FILL = """
import errno
with open({path!r}, "wb", buffering=0) as file:
    try:
        while True:
            file.write(b"x" * 10**6)
    except OSError as error:
        why = errno.errorcode[error.errno]
why
"""
MANY_FILES = """
import errno, os
os.makedirs("many", exist_ok=True)
count = 0
try:
    while True:
        open(f"many/{count}", "w").close()
        count += 1
except OSError as error:
    why = errno.errorcode[error.errno]
why
"""
MANY_OPEN = "held = []\nwhile True:\n    held.append(open('/dev/null'))"
MANY_THREADS = """
import threading
waiting = threading.Event()
try:
    while True:
        threading.Thread(target=waiting.wait, daemon=True).start()
except RuntimeError as error:
    why = str(error)
finally:
    waiting.set()
why
"""


@pytest.fixture(scope="module")
def limited(
    engine: docker.DockerClient, agent_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("state"), SETTINGS)
    made.start()
    yield made
    made.destroy(engine)


@pytest.fixture(scope="module")
def owner(limited: Server) -> User:
    """Who has the scope of these tests."""
    user = User.log_in(limited, "admin", ADMIN_PASSWORD)
    user.post("/scope", scope=SCOPE)
    return user


@pytest.fixture(autouse=True)
def goes_on(owner: User) -> Iterator[None]:
    """After every limit Python and SQL answer."""
    yield
    assert run(owner, "1 + 1")["result"] == 2
    assert query(owner, "select 1 as n")["result"] == [1]


def run(user: User, code: str, **more: Any) -> Any:
    return user.post("/command", scope=SCOPE, command=code, **more)


def query(user: User, sql: str) -> Any:
    return user.post("/query", scope=SCOPE, sql=sql)


def fails(user: User, status: int, path: str, **body: Any) -> tuple[str, Any]:
    members = user.fails(status, path, scope=SCOPE, **body)
    return members["type"], members


def put(user: User, path: str, size: int) -> Any:
    answer = user.ask("PUT", f"/scope/{SCOPE}/files/{path}", data=b"x" * size)
    return answer.status_code, answer.json()["type"] if answer.status_code != 200 else ""


def test_a_balloon_takes_the_kernel_only(owner: User) -> None:
    owner.post("/createtable", scope=SCOPE, tables=[{"name": "kept", "sql": "select 7 as n"}])

    kind, members = fails(owner, 400, "/command", command=BALLOON)

    assert kind in ("kernel_died", "python_error")
    assert "memory" in members["message"].lower() or members["ename"] == "MemoryError"
    assert query(owner, "select n from kept")["result"] == [7]


def test_processes_are_bounded(owner: User) -> None:
    assert "can't start new thread" in run(owner, MANY_THREADS)["result"]


def test_open_files_are_bounded(owner: User) -> None:
    kind, members = fails(owner, 400, "/command", command=MANY_OPEN)

    assert (kind, members["ename"]) == ("python_error", "OSError")
    assert "Too many open files" in members["evalue"]
    run(owner, "held.clear()")


def test_a_full_disk_is_told_everywhere_and_recovers(owner: User) -> None:
    owner.post("/createtable", scope=SCOPE, tables=[{"name": "kept", "sql": "select 7 as n"}])
    table = {"name": "more", "sql": "select id from range(1000000)"}

    why = run(owner, FILL.format(path="/scope/files/big"))["result"]
    refused = [
        put(owner, "more", 1_000_000),
        (507, fails(owner, 507, "/createtable", tables=[table])[0]),
    ]
    # Spark may want a little room for a query, too: then it is told as well.
    reading = owner.ask("POST", "/query", {"scope": SCOPE, "sql": "select n from kept"})
    run(owner, "import os\nos.remove('big')")

    assert why == "ENOSPC"
    assert refused == [(507, "disk_full")] * 2
    assert reading.status_code in (200, 507), reading.text
    assert query(owner, "select n from kept")["result"] == [7]
    assert put(owner, "more", 1_000_000) == (200, "")
    owner.post("/createtable", scope=SCOPE, tables=[table])
    assert query(owner, "select count(*) from more")["result"] == [1_000_000]


@pytest.mark.parametrize("folder", ["spool", "cache", "catalog", "tables"])
def test_no_folder_of_the_scope_is_outside_its_disk(owner: User, folder: str) -> None:
    path = f"/scope/{folder}/big"

    why = run(owner, FILL.format(path=path))["result"]
    run(owner, f"import os\nos.remove({path!r})")

    assert why == "ENOSPC"


def test_files_are_bounded_in_number(owner: User) -> None:
    why = run(owner, MANY_FILES)["result"]
    refused = put(owner, "one-more", 1)
    run(owner, "import shutil\nshutil.rmtree('many')")

    assert why == "ENOSPC"
    assert refused == (507, "disk_full")
    assert put(owner, "one-more", 1) == (200, "")


def test_output_is_cut(owner: User) -> None:
    reply = run(owner, "for _ in range(1000):\n    print('x' * 1000)\n7")

    assert (reply["result"], reply["truncated"]) == (7, True)
    assert len(reply["stdout"]) <= 64 * 1024


def test_a_result_is_bounded(owner: User) -> None:
    kind, members = fails(owner, 413, "/query", sql="select id from range(1000000)")

    assert kind == "result_too_large"
    assert "262144" in members["message"]


def test_a_picture_is_bounded(owner: User) -> None:
    params = {"width": 101, "height": 100, "bounding_box": [0, 0, 1, 1]}
    kind, members = fails(owner, 400, "/pointmap", sql="select 1 as x, 1 as y", params=params)

    assert kind == "bad_parameter"
    assert "10000" in members["message"]


def test_a_body_is_bounded(owner: User) -> None:
    kind, _ = fails(owner, 413, "/command", command="#" * 70_000)

    assert kind == "body_too_large"


def test_run_time_is_bounded(owner: User) -> None:
    forever = (
        "select count(*) from range(100000000) a cross join range(1000000) b "
        "where hash(a.id, b.id) = 1"
    )
    command, _ = fails(owner, 504, "/command", command="while True: pass", timeout=1)
    sql, _ = fails(owner, 504, "/query", sql=forever, timeout=2)

    assert (command, sql) == ("timeout", "timeout")


def test_what_the_engine_was_told(
    limited: Server, owner: User, engine: docker.DockerClient
) -> None:
    (container,) = limited.containers(engine)
    host = container.attrs["HostConfig"]
    log = host["LogConfig"]["Config"]

    assert host["Memory"] == host["MemorySwap"] == 1500 * 1024**2
    assert (host["NanoCpus"], host["PidsLimit"]) == (2 * 10**9, 300)
    assert {(u["Name"], u["Hard"]) for u in host["Ulimits"]} >= {("nofile", 2048), ("core", 0)}
    assert int(log["max-size"]) * int(log["max-file"]) == 10 * 1024**2
    assert Path(container.attrs["LogPath"]).exists()
