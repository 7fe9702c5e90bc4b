"""Backup and restore of the store: of one moment, private, and never over a running server."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from control.__main__ import app
from control.errors import StoreDamaged, StoreLocked, StoreTooNew
from control.scopes.limits import Limits
from control.scopes.scope import Scope, ScopeState
from control.store.accounts import AccountStore
from control.store.copies import NoCopy, back_up, restore
from control.store.database import STORE_NAME, Database
from control.store.events import Event, EventStore
from control.store.glance import glance
from control.store.scopes import ScopeStore


def make_store(state_dir: Path, *users: str) -> str:
    database = Database.open(state_dir, durable=False)
    for user in users:
        AccountStore(database).add(user, "hash", "user")
    database.close()
    return database.installation


def users(state_dir: Path) -> list[str]:
    database = Database.open(state_dir, durable=False)
    found = [account.username for account in AccountStore(database).list()]
    database.close()
    return found


def add_scope(database: Database, sandbox_id: str) -> None:
    scope = Scope(
        sandbox_id=sandbox_id,
        uid=1,
        owner="ann",
        name="taxi",
        state=ScopeState.STOPPED,
        created=1.0,
        last_used=1.0,
        since=1.0,
        limits=Limits(),
    )
    ScopeStore(database).save(scope)


def test_a_copy_is_private_and_whole(tmp_path: Path) -> None:
    installation = make_store(tmp_path / "state", "ann", "bob")
    held = back_up(tmp_path / "state", tmp_path / "copy.db")

    assert held.installation == installation
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "state"]


def test_a_copy_is_of_one_moment_while_a_server_writes(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "state", durable=False)
    store = EventStore(database)
    for number in range(2000):
        store.add(Event(at=float(number), event="login", owner="o" * 500))
    done = threading.Event()
    copies: list[Path] = []

    def copy() -> None:
        for number in range(3):
            copies.append(tmp_path / f"{number}.db")
            back_up(tmp_path / "state", copies[-1])
        done.set()

    thread = threading.Thread(target=copy)
    thread.start()
    written = 2000
    while not done.is_set():
        store.add(Event(at=float(written), event="login", owner="o" * 500))
        written += 1
    thread.join()
    database.close()

    for path in copies:
        connection = sqlite3.connect(path)
        [count, last] = connection.execute("SELECT count(*), max(at) FROM events").fetchone()
        connection.close()
        assert 2000 <= count == last + 1 <= written


def test_restored_it_is_as_it_was_and_the_other_is_kept(tmp_path: Path) -> None:
    state = tmp_path / "state"
    make_store(state, "ann")
    back_up(state, tmp_path / "copy.db")
    make_store(state, "bob")
    done = restore(state, tmp_path / "copy.db")

    assert users(state) == ["ann"]
    assert done.kept is not None
    assert done.kept.is_file()
    assert (state / STORE_NAME).stat().st_mode & 0o777 == 0o600


def test_a_store_that_was_lost_or_damaged_is_brought_back(tmp_path: Path) -> None:
    state = tmp_path / "state"
    make_store(state, "ann")
    back_up(state, tmp_path / "copy.db")
    (state / STORE_NAME).write_bytes(b"broken" * 1000)
    restore(state, tmp_path / "copy.db")
    damaged = users(state)
    (state / STORE_NAME).unlink()
    done = restore(state, tmp_path / "copy.db")

    assert damaged == users(state) == ["ann"]
    assert done.kept is None


def test_not_over_a_running_server(tmp_path: Path) -> None:
    make_store(tmp_path / "state", "ann")
    back_up(tmp_path / "state", tmp_path / "copy.db")
    database = Database.open(tmp_path / "state", durable=False)
    for force in (False, True):
        with pytest.raises(StoreLocked):
            restore(tmp_path / "state", tmp_path / "copy.db", force=force)
    AccountStore(database).add("late", "hash", "user")
    database.close()

    assert users(tmp_path / "state") == ["ann", "late"]


def test_not_where_newer_scopes_would_lose_their_disks(tmp_path: Path) -> None:
    state = tmp_path / "state"
    make_store(state)
    back_up(state, tmp_path / "old.db")
    database = Database.open(state, durable=False)
    add_scope(database, "a" * 32)
    database.close()
    (state / "berths" / ("a" * 32)).mkdir(parents=True)
    back_up(state, tmp_path / "new.db")

    with pytest.raises(NoCopy, match="1 disks"):
        restore(state, tmp_path / "old.db")
    restore(state, tmp_path / "new.db")
    restore(state, tmp_path / "old.db", force=True)

    seen = glance(state)
    assert seen is not None
    assert seen.scopes == []


def test_not_from_another_installation_or_version_or_from_rubbish(tmp_path: Path) -> None:
    for name in ("a", "b"):
        make_store(tmp_path / name, name)
        back_up(tmp_path / name, tmp_path / f"{name}.db")
    newer = sqlite3.connect(tmp_path / "b.db")
    newer.execute("UPDATE installation SET schema_version = 99")
    newer.commit()
    newer.close()
    (tmp_path / "rubbish").write_bytes(b"no store" * 1000)

    with pytest.raises(NoCopy, match="installation"):
        restore(tmp_path / "b", tmp_path / "a.db")
    with pytest.raises(StoreTooNew):
        restore(tmp_path / "b", tmp_path / "b.db")
    with pytest.raises(StoreDamaged):
        restore(tmp_path / "b", tmp_path / "rubbish")
    with pytest.raises(NoCopy, match="no file"):
        restore(tmp_path / "b", tmp_path / "absent")
    assert users(tmp_path / "b") == ["b"]


def test_a_copy_of_an_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    state = tmp_path / "state"
    make_store(state, "ann")
    back_up(state, tmp_path / "copy.db")
    older = sqlite3.connect(tmp_path / "copy.db")
    older.execute("UPDATE installation SET schema_version = 1")
    older.commit()
    older.close()
    restore(state, tmp_path / "copy.db")

    assert users(state) == ["ann"]


def test_the_commands_say_what_they_did_and_why_not(tmp_path: Path) -> None:
    env = {"GEOSCOPE_STATE_DIR": str(tmp_path / "state")}
    copy = str(tmp_path / "copy.db")
    installation = make_store(tmp_path / "state", "ann")
    made = CliRunner().invoke(app, ["backup", copy], env=env)
    again = CliRunner().invoke(app, ["backup", copy], env=env)
    forced = CliRunner().invoke(app, ["backup", copy, "--force"], env=env)
    database = Database.open(tmp_path / "state", durable=False)
    refused = CliRunner().invoke(app, ["restore", copy], env=env)
    database.close()
    restored = CliRunner().invoke(app, ["restore", copy], env=env)

    assert (made.exit_code, forced.exit_code, restored.exit_code) == (0, 0, 0)
    assert installation in made.stdout
    assert (again.exit_code, refused.exit_code) == (1, 1)
    assert "exists already" in again.stderr
    assert "another control plane" in refused.stderr
    assert "the store that was there" in restored.stdout
