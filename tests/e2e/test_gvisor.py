"""Scopes under gVisor: a first session, and walls that hold with a kernel of their own."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.e2e.server import ADMIN_PASSWORD, ROOT, Server, User

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(600)]

SAMPLE = {"name": "trips", "format": "csv", "path": "/samples/nyc_taxi.csv"}
PARAMS = {
    "width": 256,
    "height": 224,
    "coordinate_system": "EPSG:4326",
    "bounding_box": [-74.05, 40.65, -73.75, 40.87],
    "point_size": 3,
    "opacity": 0.5,
}
POINTS = "select ST_Point(pickup_longitude, pickup_latitude) as point from trips"
REACH = """
import errno, glob, os, socket
def fails(act):
    try:
        act()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error.errno))
    return "it can"
{
    "network": fails(lambda: socket.create_connection(("1.1.1.1", 53), 2)),
    "root": fails(lambda: open("/opt/geoscope/x", "w")),
    "engine": os.path.exists("/var/run/docker.sock"),
    "uid": os.getuid(),
    "kernel": os.uname().release,
    "notes": glob.glob("/**/note", recursive=False),
    "setuid": fails(lambda: os.setuid(0)),
    "mount": fails(lambda: os.mkdir("/x")),
}
"""


@pytest.fixture(scope="module")
def runsc() -> None:
    """The engine has gVisor's runtime; the first time it is built."""
    done = subprocess.run(
        [ROOT / "scripts" / "gvisor.sh"], capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def server(
    runsc: None,
    engine: docker.DockerClient,
    agent_image: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    settings = {
        "GEOSCOPE_POOL_SIZE": "0",
        "GEOSCOPE_RUNTIME": "runsc",
        "GEOSCOPE_PEER_UID": "any",
    }
    made = Server(tmp_path_factory.mktemp("state"), settings)
    made.start()
    yield made
    made.destroy(engine)


@pytest.fixture(scope="module")
def user(server: Server) -> User:
    """The admin, who is a user like any other, with a scope `taxi`."""
    admin = User.log_in(server, "admin", ADMIN_PASSWORD)
    admin.post("/scope", scope="taxi")
    admin.post("/loadfile", scope="taxi", tables=[SAMPLE])
    return admin


def test_a_first_session(user: User) -> None:
    value = user.post("/command", scope="taxi", command="x = 6 * 7\nx")["result"]
    rows = user.post("/query", scope="taxi", sql="select count(*) from trips")["result"]
    statements = user.ask("POST", "/query/service", {"statement": "select 1;", "scope": "taxi"})
    picture = user.ask(
        "POST",
        "/pointmap",
        {"scope": "taxi", "sql": POINTS, "params": PARAMS},
        headers={"Accept": "image/png"},
    )

    assert value == 42
    assert rows[0] > 1000
    assert statements.json()["status"] == "success"
    assert picture.content.startswith(b"\x89PNG")
    assert int(picture.headers["X-Render-Drawn"]) > 1000


def test_it_is_gvisor_and_ready_says_what_that_costs(
    user: User, server: Server, engine: docker.DockerClient
) -> None:
    [container] = server.containers(engine)
    warnings = " ".join(user.get("/ready")["warnings"])
    is_v1 = engine.info().get("CgroupVersion", "1") == "1"

    assert container.attrs["HostConfig"]["Runtime"] == "runsc"
    assert ("no limit on memory" in warnings) is is_v1


def test_walls_hold(user: User) -> None:
    user.post("/command", scope="taxi", command="open('note', 'w').write('mine')")
    user.post("/scope", scope="other")
    found: dict[str, Any] = user.post("/command", scope="other", command=REACH)["result"]
    user.delete("/scope/other")

    assert found["network"] != "it can"
    assert found["root"] in ("EROFS", "EACCES")
    assert found["setuid"] == "EPERM"
    assert found["mount"] in ("EROFS", "EACCES")
    assert found["engine"] is False
    assert found["notes"] == []
    assert found["uid"] >= 200_000
    assert found["kernel"] != platform.release()


def test_a_killed_control_plane_adopts_them(
    user: User, server: Server, engine: docker.DockerClient
) -> None:
    user.post("/command", scope="taxi", command="survivor = 7")
    [before] = server.containers(engine)
    server.kill()
    server.start()
    [after] = server.containers(engine)

    assert after.id == before.id
    assert user.post("/command", scope="taxi", command="survivor")["result"] == 7


def test_a_closed_scope_leaves_nothing(
    user: User, server: Server, engine: docker.DockerClient
) -> None:
    user.delete("/scope/taxi")
    left = [berth.name for berth in (server.state_dir / "berths").glob("[!.]*")]
    mounts = Path("/proc/mounts").read_text().splitlines()
    mounted = [line for line in mounts if str(server.state_dir) in line]

    assert list(server.containers(engine)) == []
    assert left == mounted == []
