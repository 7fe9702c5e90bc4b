"""The store cannot be used: nothing is overwritten, the words say why, nothing is half done."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from control.errors import StartError, StoreUnavailable
from control.scopes.limits import ScopeWish
from control.scopes.registry import ScopeRegistry
from control.scopes.scope import ScopeState
from control.store.database import STORE_NAME, Database
from tests.e2e.server import Server
from tests.fakes.scopes import House, eventually, usual_limits

CANNOT_START = 78
PAGE = 4096
LOG = f"{STORE_NAME}-wal"
INDEX = f"{STORE_NAME}-shm"
TAXI = ScopeWish(name="taxi")
LIVE_AND_BE_KILLED = """
import os, signal, sys
from pathlib import Path
from control.store.accounts import AccountStore
from control.store.database import Database

store = AccountStore(Database.open(Path(sys.argv[1])))
for number in range(40):
    store.add(f"user{number}", "x" * 200, "user")
os.kill(os.getpid(), signal.SIGKILL)
"""


# ------------------------------------------------------------ at a start


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of a control plane that was killed."""
    state = tmp_path_factory.mktemp("killed") / "state"
    ended = subprocess.run([sys.executable, "-c", LIVE_AND_BE_KILLED, state], timeout=60)
    assert ended.returncode == -signal.SIGKILL
    return state


@pytest.fixture
def killed(left_behind: Path, tmp_path: Path) -> Path:
    """The same for this test alone: its last rows are in the log."""
    state = tmp_path / "state"
    shutil.copytree(left_behind, state)
    assert (state / LOG).stat().st_size > PAGE
    return state


@pytest.fixture
def stopped(killed: Path) -> Path:
    """The same after a clean end: all is in the one file."""
    with closing(sqlite3.connect(killed / STORE_NAME)) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return killed


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: 10 * PAGE + 17])


def fill(path: Path) -> None:
    path.write_bytes(os.urandom(10 * PAGE))


def hole(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: 2 * PAGE] + b"\xff" * (2 * PAGE) + content[4 * PAGE :])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def sql(statement: str) -> Callable[[Path], None]:
    def execute(path: Path) -> None:
        with closing(sqlite3.connect(path)) as store, store:
            store.execute(statement)

    return execute


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "truncated": (cut, "malformed"),
    "garbage": (fill, "not a database"),
    "a hole": (hole, "Page"),
    "empty": (empty, "it is empty"),
    "no installation": (sql("DELETE FROM installation"), "no installation row"),
    "no table": (sql("DROP TABLE accounts"), "tables accounts are missing"),
    "a newer schema": (sql("UPDATE installation SET schema_version = 99"), "schema 99"),
    "no schema": (sql("UPDATE installation SET schema_version = 0"), "schema version is 0"),
    "a word for a schema": (sql("UPDATE installation SET schema_version = 'x'"), "is 'x'"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_store_stops_the_start_and_stays_as_it_is(stopped: Path, damage: str) -> None:
    injure, words = DAMAGES[damage]
    injure(stopped / STORE_NAME)
    before = content(stopped)

    said = refused(stopped)

    assert words in said
    assert str(stopped / STORE_NAME) in said
    assert content(stopped) == before


@pytest.mark.parametrize("injure", [cut, fill, hole, empty], ids=lambda injure: injure.__name__)
def test_a_damaged_store_keeps_the_log_that_may_save_it(
    killed: Path, injure: Callable[[Path], None]
) -> None:
    injure(killed / STORE_NAME)
    before = content(killed)

    said = refused(killed)

    assert "nothing was changed" in said
    assert content(killed) == before


def test_a_damaged_log_is_not_taken_for_an_empty_one(killed: Path) -> None:
    fill(killed / LOG)
    before = content(killed)

    said = refused(killed)

    assert f"its log {LOG} is damaged" in said
    assert content(killed) == before


def test_a_log_without_its_store_is_not_played_into_a_new_one(killed: Path) -> None:
    (killed / STORE_NAME).unlink()
    before = content(killed)

    said = refused(killed)

    assert "it is missing" in said
    assert content(killed) == before


def test_what_a_killed_one_wrote_last_is_there(killed: Path) -> None:
    with closing(Database.open(killed)) as database, database.begin() as connection:
        [count] = connection.exec_driver_sql("SELECT count(*) FROM accounts").one()

    assert count == 40


def test_a_store_that_cannot_be_written_stops_the_start(stopped: Path) -> None:
    before = content(stopped)
    with bound_read_only(stopped / STORE_NAME):
        said = refused_process(stopped)

    assert "cannot be written" in said
    assert "readonly" in said
    assert content(stopped) == before


def test_a_read_only_state_directory_stops_the_start(stopped: Path) -> None:
    before = content(stopped)
    with bound_read_only(stopped):
        said = refused_process(stopped)

    assert "Read-only file system" in said
    assert content(stopped) == before


def test_a_second_control_plane_on_the_same_state_is_refused(stopped: Path) -> None:
    with closing(Database.open(stopped)):
        before = content(stopped)

        said = refused_process(stopped)

        assert f"another control plane uses {stopped}" in said
        assert content(stopped) == before


def test_a_store_locked_by_another_program_stops_the_start(stopped: Path) -> None:
    with closing(sqlite3.connect(stopped / STORE_NAME)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("BEGIN EXCLUSIVE")

        said = refused_process(stopped)

    assert "cannot be written: database is locked" in said


def test_a_restart_after_a_refusal_serves(killed: Path) -> None:
    whole = (killed / STORE_NAME).read_bytes()
    cut(killed / STORE_NAME)
    refused_process(killed)
    (killed / STORE_NAME).write_bytes(whole)

    test_what_a_killed_one_wrote_last_is_there(killed)


def refused(state_dir: Path) -> str:
    """What a start says that must come to nothing."""
    with pytest.raises(StartError) as refusal:
        Database.open(state_dir)
    return str(refusal.value)


def refused_process(state_dir: Path) -> str:
    """The same of a process, which must have said nothing else."""
    server = Server(state_dir, {"GEOSCOPE_POOL_SIZE": "0", "DOCKER_HOST": "unix:///nobody.sock"})
    code, said = server.run()
    assert code == CANNOT_START, said
    assert said.startswith("geoscope does not start: ")
    assert said.count("\n") == 1
    return said


def content(state_dir: Path) -> dict[str, bytes]:
    """Every byte of the state; not an empty log, nor its index, which every reader makes anew."""
    files = [path for path in state_dir.rglob("*") if path.is_file() and path.name != INDEX]
    files = [path for path in files if path.name != LOG or path.stat().st_size]
    return {str(path.relative_to(state_dir)): path.read_bytes() for path in files}


@contextmanager
def bound_read_only(path: Path) -> Iterator[None]:
    """The same file or folder, which cannot be written within the block, not even by root."""
    subprocess.run(["mount", "--bind", path, path], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", path], check=True)
        yield
    finally:
        subprocess.run(["umount", path], check=True)


# ------------------------------------------------------------ under way


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@contextmanager
def locked(house: House) -> Iterator[None]:
    """Another program holds the store for longer than anybody waits."""
    with closing(sqlite3.connect(house.folder / STORE_NAME)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


@pytest.fixture
async def registry(house: House) -> ScopeRegistry:  # type: ignore[misc]
    control = house.control(usual_limits(pool_size=1))
    for begin in (control.database.begin, control.database.begin_quick):
        with begin() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout=1")
    await control.registry.start()
    await eventually(lambda: control.registry.pool_size() == 1)
    yield control.registry
    await control.end()


@pytest.mark.parametrize("memory", [None, 1 << 30], ids=["pooled", "cold"])
async def test_what_cannot_be_noted_is_not_begun(
    house: House, registry: ScopeRegistry, memory: int | None
) -> None:
    wish = ScopeWish(name="taxi", memory_bytes=memory)
    before = set(house.world.containers), set(house.world.disks)
    with locked(house), pytest.raises(StoreUnavailable, match="database is locked"):
        await registry.open("ann", wish)

    assert registry.list("ann") == []
    assert (set(house.world.containers), set(house.world.disks)) == before
    assert registry.pool_size() == 1
    assert (await registry.open("ann", wish)).state is ScopeState.IDLE


async def test_a_scope_whose_delete_cannot_be_noted_is_still_there(
    house: House, registry: ScopeRegistry
) -> None:
    await registry.open("ann", TAXI)
    with locked(house), pytest.raises(StoreUnavailable):
        await registry.close("ann", "taxi")

    await registry.close("ann", "taxi")
    assert registry.list("ann") == []
    assert {scope.sandbox_id for scope in registry.everything()} == set(house.world.disks)


async def test_scopes_are_used_while_the_store_is_locked(
    house: House, registry: ScopeRegistry
) -> None:
    scope = await registry.open("ann", TAXI)
    with locked(house):
        async with registry.use("ann", "taxi") as agent:
            assert agent is not None

    assert scope.state is ScopeState.IDLE


async def test_what_was_due_meanwhile_is_done_afterwards(
    house: House, registry: ScopeRegistry
) -> None:
    scope = await registry.open("ann", ScopeWish(name="taxi", idle_timeout_s=10))
    with locked(house):
        house.clock.advance(10)
        with pytest.raises(StoreUnavailable):
            await registry.reap()
    house.clock.advance(60)

    await eventually(lambda: scope.state is ScopeState.STOPPED)
    assert scope.reason == "idle"
