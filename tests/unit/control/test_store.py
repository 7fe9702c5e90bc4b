"""The store: one control plane, nothing overwritten, statements that do what they say."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from control.errors import (
    StoreDamaged,
    StoreLocked,
    StoreTooNew,
    StoreUnavailable,
    UserExists,
    UserNotFound,
)
from control.scopes.limits import Limits, Quota
from control.scopes.scope import Intent, Scope, ScopeState
from control.store import schema
from control.store.accounts import AccountStore
from control.store.database import LOCK_NAME, STORE_NAME, Database
from control.store.scopes import ScopeStore


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "state", durable=False)
    yield database
    database.close()


@pytest.fixture
def accounts(database: Database) -> AccountStore:
    return AccountStore(database)


@pytest.fixture
def scopes(database: Database) -> ScopeStore:
    return ScopeStore(database)


def make_scope(
    sandbox_id: str = "a", uid: int = 1, name: str = "taxi", owner: str = "ann"
) -> Scope:
    return Scope(
        sandbox_id=sandbox_id,
        uid=uid,
        owner=owner,
        name=name,
        state=ScopeState.IDLE,
        reason="because",
        created=1.0,
        last_used=2.0,
        since=3.0,
        ends=4.0,
        limits=Limits(cpus=1.5, ttl_s=3.0),
        from_pool=True,
        container_id="c",
        intent=Intent.STOP,
    )


# ------------------------------------------------------------ the file


def test_it_is_the_same_installation_the_next_time(tmp_path: Path) -> None:
    first = Database.open(tmp_path)
    first.close()
    second = Database.open(tmp_path)
    second.close()

    assert first.installation == second.installation


def test_a_second_control_plane_is_refused(database: Database) -> None:
    with pytest.raises(StoreLocked, match="another control plane uses"):
        Database.open(database.path.parent)


def test_the_lock_goes_with_its_holder_and_not_with_a_file(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).write_text("")
    Database.open(tmp_path).close()
    Database.open(tmp_path).close()


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 500])
def test_a_damaged_store_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / STORE_NAME).write_bytes(content)
    with pytest.raises(StoreDamaged, match="nothing was changed"):
        Database.open(tmp_path)

    assert (tmp_path / STORE_NAME).read_bytes() == content


def test_a_store_with_a_hole_is_refused(tmp_path: Path) -> None:
    Database.open(tmp_path).close()
    path = tmp_path / STORE_NAME
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    path.write_bytes(content)
    with pytest.raises(StoreDamaged):
        Database.open(tmp_path)

    assert path.read_bytes() == content


def test_a_store_without_a_table_is_refused(tmp_path: Path) -> None:
    Database.open(tmp_path).close()
    _execute(tmp_path / STORE_NAME, "DROP TABLE accounts")
    with pytest.raises(StoreDamaged, match="accounts"):
        Database.open(tmp_path)


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    Database.open(tmp_path).close()
    _execute(tmp_path / STORE_NAME, "UPDATE installation SET schema_version = 99")
    with pytest.raises(StoreTooNew, match="schema 99"):
        Database.open(tmp_path)


def test_disks_without_a_store_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "berths" / "x").mkdir(parents=True)
    with pytest.raises(StoreDamaged, match="missing"):
        Database.open(tmp_path)

    assert not (tmp_path / STORE_NAME).exists()


def test_a_hidden_file_beside_the_disks_is_none(tmp_path: Path) -> None:
    (tmp_path / "berths" / ".probe").mkdir(parents=True)
    Database.open(tmp_path).close()


def test_a_start_that_was_cut_short_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "geoscope.new").write_bytes(b"half")
    Database.open(tmp_path).close()

    assert sorted(p.name for p in tmp_path.iterdir()) == [STORE_NAME, LOCK_NAME]


def test_a_refused_store_is_not_locked(tmp_path: Path) -> None:
    (tmp_path / STORE_NAME).write_bytes(b"x" * 4096)
    for _ in range(2):
        with pytest.raises(StoreDamaged):
            Database.open(tmp_path)


def test_a_store_that_cannot_be_written_says_why(database: Database) -> None:
    database.check_writable()
    other = sqlite3.connect(database.path)
    other.execute("BEGIN EXCLUSIVE")
    with database.begin() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=1")
    with pytest.raises(StoreUnavailable, match="locked"):
        database.check_writable()
    other.close()


def test_it_remembers_which_drivers_held_scopes(database: Database) -> None:
    assert database.drivers() == set()
    database.note_driver("docker")
    database.note_driver("docker")

    assert database.drivers() == {"docker"}


# ------------------------------------------------------------ scopes


def test_a_scope_comes_back_as_it_was(scopes: ScopeStore) -> None:
    scopes.save(make_scope())

    assert scopes.load() == [make_scope()]


def test_busy_is_not_kept(scopes: ScopeStore) -> None:
    scope = make_scope()
    scope.move(ScopeState.BUSY)
    scopes.save(scope)

    assert scopes.load()[0].state is ScopeState.IDLE


def test_a_name_is_once_per_owner_and_the_pool_has_none(scopes: ScopeStore) -> None:
    scopes.save(make_scope("a", 1))
    scopes.save(make_scope("b", 2, owner="bob"))
    scopes.save(make_scope("c", 3, owner="", name=""))
    scopes.save(make_scope("d", 4, owner="", name=""))
    with pytest.raises(IntegrityError):
        scopes.save(make_scope("e", 5))

    assert len(scopes.load()) == 4


def test_a_uid_is_once(scopes: ScopeStore) -> None:
    scopes.save(make_scope("a", 1))
    with pytest.raises(IntegrityError):
        scopes.save(make_scope("b", 1, name="other"))
    scopes.forget(make_scope("a", 1))
    scopes.save(make_scope("b", 1))


def test_last_use_is_written_for_many_at_once(scopes: ScopeStore) -> None:
    scopes.save(make_scope("a", 1, "x"))
    scopes.save(make_scope("b", 2, "y"))
    scopes.touch({"a": 10.0, "b": 11.0, "gone": 12.0})

    assert {s.sandbox_id: s.last_used for s in scopes.load()} == {"a": 10.0, "b": 11.0}


# ------------------------------------------------------------ accounts


def test_an_account_is_found_by_its_name(accounts: AccountStore) -> None:
    added = accounts.add("ann", "hash", "user")

    assert accounts.get("ann") == added == accounts.list()[0]
    assert (added.role, added.token_epoch, added.quota) == ("user", 0, Quota())
    assert accounts.find("bob") is None
    assert accounts.count("admin") == 0


def test_a_name_is_added_once(accounts: AccountStore) -> None:
    accounts.add("ann", "hash", "user")
    with pytest.raises(UserExists):
        accounts.add("ann", "other", "admin")

    assert accounts.get("ann").password_hash == "hash"


def test_a_new_password_ends_its_tokens_and_a_rehash_does_not(accounts: AccountStore) -> None:
    accounts.add("ann", "old", "user")
    accounts.rehash("ann", "stronger")
    assert (accounts.get("ann").password_hash, accounts.get("ann").token_epoch) == ("stronger", 0)
    accounts.set_password_hash("ann", "new")
    assert (accounts.get("ann").password_hash, accounts.get("ann").token_epoch) == ("new", 1)
    accounts.end_tokens("ann")
    assert accounts.get("ann").token_epoch == 2


def test_a_namesake_does_not_inherit_tokens(accounts: AccountStore) -> None:
    accounts.add("ann", "old", "user")
    accounts.end_tokens("ann")
    for epoch in (2, 3):
        accounts.remove("ann")
        assert accounts.add("ann", "new", "user").token_epoch == epoch


def test_who_is_not_there_cannot_be_changed(accounts: AccountStore) -> None:
    for change in (
        lambda: accounts.remove("ann"),
        lambda: accounts.set_role("ann", "admin"),
        lambda: accounts.set_password_hash("ann", "x"),
        lambda: accounts.set_quota("ann", Quota()),
        lambda: accounts.get("ann"),
    ):
        with pytest.raises(UserNotFound):
            change()


def test_a_quota_is_kept_and_the_unknown_have_the_usual(accounts: AccountStore) -> None:
    accounts.add("ann", "hash", "user")
    accounts.set_quota("ann", Quota(scopes=3, cpus=1.5))

    assert accounts.quota("ann") == Quota(scopes=3, cpus=1.5)
    assert accounts.quota("nobody") == Quota()


def test_a_name_is_a_value_and_never_sql(accounts: AccountStore) -> None:
    accounts.add("ann", "hash", "user")

    assert accounts.find("x' OR '1'='1") is None


def test_a_revoked_token_stays_so_until_it_would_have_expired(accounts: AccountStore) -> None:
    accounts.revoke("old", 1.0)
    accounts.revoke("new", 4e9)
    accounts.revoke("new", 4e9)

    assert accounts.is_revoked("new")
    assert not accounts.is_revoked("old")


def test_signing_keys_of_an_older_version_are_handed_over_once(accounts: AccountStore) -> None:
    with accounts._database.begin() as connection:
        for secret in ("older", "newer"):
            connection.execute(schema.signing_keys.insert(), {"secret": secret, "created": 0.0})

    assert accounts.old_signing_keys() == ["newer", "older"]
    accounts.forget_signing_keys()
    assert accounts.old_signing_keys() == []


def _execute(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
