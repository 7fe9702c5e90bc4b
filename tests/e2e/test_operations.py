"""What an operator does to a server with scopes running: upgrade, back up, restore, look."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.e2e.server import ADMIN_PASSWORD, ROOT, Server, User

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(300)]

NEWER = "9.9.0"
ADDED_SINCE = ("actor", "address", "request_id", "times")
"""Columns of `events` that the older version's store did not have."""


def control(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One of the operator's commands, with the server's own settings."""
    plain = {name: value for name, value in os.environ.items() if "GEOSCOPE" not in name}
    ours = {"GEOSCOPE_STATE_DIR": str(server.state_dir), **server.settings}
    return subprocess.run(
        [sys.executable, "-m", "control", *arguments],
        cwd=ROOT,
        env={**plain, **ours},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def as_admin(server: Server) -> tuple[str, ...]:
    """The options with which a command asks the running server."""
    return ("--url", server.url, "--password", ADMIN_PASSWORD)


def make_older(state_dir: Path) -> None:
    """Leave the store as the version before events had requesters would have left it."""
    store = sqlite3.connect(state_dir / "geoscope.db")
    store.execute("DROP TRIGGER events_stay")
    for name in ("events_by_kind", "events_by_owner", "events_by_actor"):
        store.execute(f"DROP INDEX {name}")
    for name in ADDED_SINCE:
        store.execute(f"ALTER TABLE events DROP COLUMN {name}")
    store.execute("UPDATE installation SET schema_version = 2")
    store.commit()
    store.close()


def newer_version(folder: Path) -> dict[str, str]:
    """The environment in which Python finds our distribution with a newer version's name."""
    facts = folder / f"geoscope-{NEWER}.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: geoscope\nVersion: {NEWER}\n")
    # Safe: not from the folder that it is started in, where the installed version's facts lie.
    return {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}


def started_at(container: Any) -> str:
    """When the engine started it."""
    return str(container.attrs["State"]["StartedAt"])


def test_an_upgrade_keeps_scopes_and_their_namespaces(
    own_server: Server, engine: docker.DockerClient, tmp_path: Path
) -> None:
    user = User.log_in(own_server, "admin", ADMIN_PASSWORD)
    user.post("/scope", scope="kept")
    user.post("/command", scope="kept", command="answer = 6 * 7")
    [before] = own_server.containers(engine)
    old_version = user.get("/health")["version"]

    assert own_server.stop() == 0
    make_older(own_server.state_dir)
    own_server.settings |= newer_version(tmp_path)
    own_server.start()
    user.server = own_server
    [after] = own_server.containers(engine)
    kept = user.post("/command", scope="kept", command="answer")["result"]
    events = user.get("/admin/events")["events"]
    user.post("/scope", scope="new")
    labels = {c.labels["geoscope.scope"]: c.labels for c in own_server.containers(engine)}

    assert kept == 42
    assert (after.id, started_at(after)) == (before.id, started_at(before))
    assert user.get("/health")["version"] == labels["new"]["geoscope.version"] == NEWER
    assert labels["kept"]["geoscope.version"] == old_version
    assert [e["event"] for e in events if e["scope"] == "kept"] == ["adopted", "opened"]


def test_a_backup_of_a_running_server_comes_back(
    own_server: Server, engine: docker.DockerClient, tmp_path: Path
) -> None:
    user = User.log_in(own_server, "admin", ADMIN_PASSWORD)
    user.post("/scope", scope="kept")
    user.post("/command", scope="kept", command="answer = 6 * 7")
    copy = tmp_path / "copy.db"

    made = control(own_server, "backup", str(copy))
    refused = control(own_server, "restore", str(copy), "--force")
    user.post("/admin/users", username="later", password="a-user-of-tests")
    own_server.kill()
    (own_server.state_dir / "geoscope.db").write_bytes(b"damaged" * 1000)
    restored = control(own_server, "restore", str(copy))
    own_server.start()
    users = [account["username"] for account in user.get("/admin/users")["users"]]

    assert made.returncode == 0, made.stderr
    assert "1 scopes" in made.stdout
    assert (refused.returncode, restored.returncode) == (1, 0), restored.stderr
    assert "another control plane" in refused.stderr
    assert users == ["admin"]
    assert user.post("/command", scope="kept", command="answer")["result"] == 42


def test_an_operator_sees_the_same_with_the_server_up_and_down(
    own_server: Server, engine: docker.DockerClient
) -> None:
    user = User.log_in(own_server, "admin", ADMIN_PASSWORD)
    user.post("/scope", scope="taxi")
    [container] = own_server.containers(engine)

    asked = json.loads(control(own_server, "ps", "--json", *as_admin(own_server)).stdout)
    top = control(own_server, "top", "--once", "--interval", "0.5", *as_admin(own_server))
    metrics = user.ask("GET", "/metrics").text
    own_server.stop()
    looked = json.loads(control(own_server, "ps", "--json").stdout)
    logs = control(own_server, "logs", "admin/taxi")
    well = control(own_server, "doctor")

    for seen, state in ((asked, "idle"), (looked, "running")):
        [scope] = seen["scopes"]
        assert (scope["user"], scope["scope"], scope["state"]) == ("admin", "taxi", state)
        assert scope["container"] == container.id
        assert scope["memory_bytes"] > 100 * 1024**2
    assert "taxi" in top.stdout
    assert 'geoscope_scopes{state="idle"} 1.0' in metrics
    assert logs.returncode == 0
    assert "ready: Spark" in logs.stdout
    assert well.returncode == 0, well.stdout


def test_the_doctor_attacks_a_running_server_and_reports(own_server: Server) -> None:
    attack = ("doctor", "--attack", "--json", *as_admin(own_server))
    done = control(own_server, *attack, "--goal", "tokens", "--goal", "roles")
    played = json.loads(done.stdout)["attacks"]
    wrong = control(own_server, *attack, "--goal", "peace")

    assert {(each["goal"], each["outcome"]) for each in played} == {
        ("forge a token", "stopped"),
        ("climb roles", "stopped"),
    }
    assert len(played) > 20
    assert all(each["stopped_by"] and each["seen"] for each in played)
    assert done.returncode == 0
    assert wrong.returncode != 0
    assert "no attack has the goal 'peace'; there are neighbours, engine" in wrong.stderr
    admin = User.log_in(own_server, "admin", ADMIN_PASSWORD)
    assert [account["username"] for account in admin.get("/admin/users")["users"]] == ["admin"]
