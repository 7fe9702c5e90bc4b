"""What must hold when things end: the control plane, a container, a scope's idle time."""

from __future__ import annotations

from typing import Any

import docker
import pytest

from tests.e2e.conftest import PASSWORD
from tests.e2e.server import ADMIN_PASSWORD, Server, User, until

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(300)]

SAMPLE = {"name": "trips", "format": "csv", "path": "/samples/nyc_taxi.csv"}


def owner(server: Server) -> User:
    """The admin, who is a user like any other."""
    return User.log_in(server, "admin", ADMIN_PASSWORD)


def freezes(container: Any) -> bool:
    """Whether it could be paused now: cgroup v1 refuses to freeze a process that is being made."""
    try:
        container.pause()
    except docker.errors.APIError:
        return False
    return True


def test_killed_control_plane_adopts_its_scopes(
    own_server: Server, engine: docker.DockerClient, run_id: str
) -> None:
    user = owner(own_server)
    user.post("/scope", scope="kept")
    user.post("/loadfile", scope="kept", tables=[SAMPLE])
    user.post("/command", scope="kept", command="survivor = 6 * 7")
    (before,) = own_server.containers(engine)
    stranger = engine.containers.create(
        "geoscope-sandbox:latest",
        labels={"geoscope.run": run_id, "geoscope.installation": "another"},
    )

    own_server.kill()
    own_server.start()

    (after,) = own_server.containers(engine)
    value = user.post("/command", scope="kept", command="survivor")["result"]
    stranger.reload()
    assert after.id == before.id
    assert after.attrs["State"]["StartedAt"] == before.attrs["State"]["StartedAt"]
    assert value == 42
    assert user.post("/query", scope="kept", sql="select count(*) from trips")["result"][0] > 1000
    assert stranger.status == "created"


def test_half_made_container_is_removed_at_the_next_start(
    own_server: Server, engine: docker.DockerClient
) -> None:
    installation = own_server.installation
    own_server.kill()
    engine.containers.create(
        "geoscope-sandbox:latest",
        labels={"geoscope.installation": installation, "geoscope.sandbox": "0" * 32},
    )

    own_server.start()

    until(lambda: own_server.containers(engine), lambda seen: not seen)


def test_restart_and_idle_stop_keep_files_and_tables(
    own_server: Server, engine: docker.DockerClient
) -> None:
    user = owner(own_server)
    user.post("/scope", scope="sleepy", idle_timeout=2)
    user.post("/loadfile", scope="sleepy", tables=[SAMPLE])
    user.post("/query", scope="sleepy", sql="create table own as select 1 as n")
    user.post("/query", scope="sleepy", sql="create temp view gone as select 1 as n")
    user.post("/command", scope="sleepy", command="x = 1")

    stopped = until(lambda: user.state("sleepy"), lambda seen: seen[0] == "stopped")
    no_container = list(own_server.containers(engine))
    own = user.post("/query", scope="sleepy", sql="select n from own")["result"]
    trips = user.post("/query", scope="sleepy", sql="select count(*) from trips")["result"]
    lost = user.fails(400, "/command", scope="sleepy", command="x")
    view = user.fails(400, "/query", scope="sleepy", sql="select * from gone")
    user.post("/scope/sleepy/restart")
    again = user.post("/query", scope="sleepy", sql="select n from own")["result"]

    assert stopped == ("stopped", "idle")
    assert no_container == []
    assert own == again == [1]
    assert trips[0] > 1000
    assert lost["ename"] == "NameError"
    assert "gone" in view["message"]


def test_operator_pauses_kills_and_removes(own_server: Server, engine: docker.DockerClient) -> None:
    user = owner(own_server)
    user.post("/scope", scope="watched")
    (container,) = own_server.containers(engine)

    until(lambda: freezes(container), bool)
    paused = until(lambda: user.state("watched"), lambda seen: seen[0] == "paused")
    container.unpause()
    until(lambda: user.state("watched"), lambda seen: seen[0] == "idle")
    container.kill()
    dead = until(lambda: user.state("watched"), lambda seen: seen[0] == "dead")
    user.post("/scope/watched/restart")

    assert paused[1]
    assert dead[1] == "killed by an operator"
    assert user.post("/query", scope="watched", sql="select 1")["result"] == [1]


def test_deleted_scope_leaves_nothing(own_server: Server, engine: docker.DockerClient) -> None:
    user = owner(own_server)
    user.post("/scope", scope="brief")
    user.delete("/scope/brief")

    left = [berth.name for berth in (own_server.state_dir / "berths").glob("[!.]*")]
    again = user.ask("DELETE", "/scope/brief")

    assert own_server.containers(engine) == []
    assert left == []
    assert again.status_code == 404


def test_two_tenants_see_nothing_of_each_other(own_server: Server) -> None:
    admin = owner(own_server)
    for name in ("ann", "ben"):
        admin.post("/admin/users", username=name, password=PASSWORD)
    ann, ben = (User.log_in(own_server, name, PASSWORD) for name in ("ann", "ben"))
    ann.post("/scope", scope="same")
    ben.post("/scope", scope="same")
    ann.post("/command", scope="same", command="secret = 'of ann'\nopen('note', 'w').write(secret)")

    lost = ben.fails(400, "/command", scope="same", command="secret")
    reach = (
        "import os, glob, socket\n"
        "found = [p for p in glob.glob('/scope/files/*') + glob.glob('/**/note')]\n"
        "try:\n"
        "    socket.create_connection(('1.1.1.1', 53), 2)\n"
        "    net = 'reached'\n"
        "except OSError as error:\n"
        "    net = type(error).__name__\n"
        "(found, net, os.getuid(), os.path.exists('/var/run/docker.sock'))"
    )
    found, net, uid, has_engine = ben.post("/command", scope="same", command=reach)["result"]
    own_uid = ann.post("/command", scope="same", command="import os\nos.getuid()")["result"]
    foreign = ben.ask("GET", "/scope/ann-only")
    absent = ben.ask("GET", "/scope/never-was")
    ann_view = {scope["scope"] for scope in ann.get("/scope")["scopes"]}

    assert lost["ename"] == "NameError"
    assert (found, has_engine) == ([], False)
    assert net != "reached"
    assert uid != own_uid
    assert uid >= 200_000
    assert foreign.status_code == absent.status_code == 404
    assert ann_view == {"same"}


def test_full_disk_is_a_reason_and_deleting_recovers(own_server: Server) -> None:
    user = owner(own_server)
    own_server.stop()
    own_server.settings["GEOSCOPE_SCOPE_DISK"] = "64MiB"
    own_server.start()
    user.post("/scope", scope="small")
    block = b"x" * (96 * 1024**2)

    full = user.ask("PUT", "/scope/small/files/big", data=block)
    listed = user.get("/scope/small/files/")["files"]
    fits = user.ask("PUT", "/scope/small/files/ok", data=block[: 1024**2])

    assert full.status_code in (413, 507)
    assert listed == []
    assert fits.status_code == 200
