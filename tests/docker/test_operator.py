"""`ps`, `top` and `logs` while no server runs: from labels, names and the store."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from control.engine.driver import SCOPE_LABEL, USER_LABEL
from control.scopes.limits import Limits
from control.scopes.scope import Scope, ScopeState
from control.store.database import Database
from control.store.scopes import ScopeStore
from tests.conftest import ROOT
from tests.docker.harness import World

pytestmark = pytest.mark.docker


@pytest.fixture
def database(world: World, tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "state", durable=False)
    world.installation = database.installation
    yield database
    database.close()


def environment(tmp_path: Path) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if "GEOSCOPE" not in name}
    return {**plain, "GEOSCOPE_STATE_DIR": str(tmp_path / "state")}


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "control", *arguments],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def run_labelled(world: World, user: str, scope: str) -> str:
    plan = world.plan()
    labels = {**plan.labels, USER_LABEL: user, SCOPE_LABEL: scope}
    return await world.run(labels=labels)


def stored(database: Database, sandbox_id: str, name: str, **facts: object) -> None:
    now = time.time()
    values = {
        "sandbox_id": sandbox_id,
        "uid": 1,
        "owner": "ann",
        "name": name,
        "state": ScopeState.IDLE,
        "created": now - 100,
        "last_used": now - 10,
        "since": now,
        "limits": Limits(),
        **facts,
    }
    ScopeStore(database).save(Scope(**values))  # type: ignore[arg-type]


async def test_ps_needs_labels_only(world: World, database: Database, tmp_path: Path) -> None:
    id = await run_labelled(world, "ann", "taxi")
    found = json.loads(run(tmp_path, "ps", "--json").stdout)
    people = run(tmp_path, "ps")

    [scope] = found["scopes"]
    assert (scope["user"], scope["scope"], scope["state"]) == ("ann", "taxi", "running")
    assert scope["container"] == id
    assert scope["memory_bytes"] > 0
    assert "no password" in people.stderr
    assert id[:12] in people.stdout


async def test_ps_asks_the_store_for_names_and_for_who_sleeps(
    world: World, database: Database, tmp_path: Path
) -> None:
    await world.run()
    stored(database, world.plan().sandbox_id, "claimed")
    stored(database, "f" * 32, "asleep", uid=2, state=ScopeState.STOPPED, reason="idle")
    scopes = json.loads(run(tmp_path, "ps", "--json").stdout)["scopes"]

    by_name = {scope["scope"]: scope for scope in scopes}
    assert set(by_name) == {"claimed", "asleep"}
    assert (by_name["asleep"]["state"], by_name["asleep"]["container"]) == ("stopped", None)
    assert by_name["claimed"]["last_used"] > by_name["claimed"]["created"]


async def test_top_shows_it_once(world: World, database: Database, tmp_path: Path) -> None:
    await run_labelled(world, "ann", "taxi")
    done = run(tmp_path, "top", "--once", "--interval", "0.5")

    assert done.returncode == 0, done.stderr
    assert "1 running" in done.stdout
    assert "CPU" in done.stdout
    assert "taxi" in done.stdout


async def test_logs_are_written_and_followed_to_the_end(
    world: World, database: Database, tmp_path: Path
) -> None:
    id = await run_labelled(world, "ann", "taxi")
    said = await world.driver.logs(id, 10)
    while not said:
        await asyncio.sleep(0.05)
        said = await world.driver.logs(id, 10)
    follower = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "control",
        "logs",
        "ann/taxi",
        "--follow",
        cwd=ROOT,
        env=environment(tmp_path),
        stdout=asyncio.subprocess.PIPE,
    )
    assert follower.stdout is not None
    async with asyncio.timeout(30):
        first = await follower.stdout.readline()
        await world.driver.stop(id, 1)
        await follower.stdout.read()
        code = await follower.wait()
    whole = run(tmp_path, "logs", "ann/taxi")

    assert first.decode() == said.splitlines(keepends=True)[0]
    assert code == 0
    assert whole.stdout.startswith(said)


async def test_a_scope_that_is_not_there_is_said(
    world: World, database: Database, tmp_path: Path
) -> None:
    stored(database, "f" * 32, "asleep", state=ScopeState.STOPPED, reason="idle")

    assert "no scope taxi of ann" in run(tmp_path, "logs", "ann/taxi").stderr
    assert "it is stopped, idle" in run(tmp_path, "logs", "ann/asleep").stderr
    assert "not USER/SCOPE" in run(tmp_path, "logs", "taxi").stderr
