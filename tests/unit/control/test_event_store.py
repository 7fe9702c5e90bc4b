"""Events in the store: who asked, pages, bounds, rows that stay as they are, older stores."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from control.requester import NOBODY, Requester, now_asks
from control.scopes.limits import Limits
from control.scopes.scope import Scope, ScopeState
from control.store.database import STORE_NAME, Database
from control.store.events import Event, EventStore, Wanted, _select, even_share
from control.store.schema import SCHEMA_VERSION
from control.store.scopes import ScopeStore

BEFORE_REQUESTERS = (
    "CREATE TABLE old (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, at FLOAT NOT NULL,"
    " sandbox_id VARCHAR NOT NULL, owner VARCHAR NOT NULL, name VARCHAR NOT NULL,"
    " event VARCHAR NOT NULL, reason TEXT)"
)


@pytest.fixture(autouse=True)
def nobody_asks() -> Iterator[None]:
    """Who asks in a test must not ask in the next one."""
    yield
    now_asks(NOBODY)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path, durable=False)
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> EventStore:
    return EventStore(database)


def make_scope() -> Scope:
    return Scope(
        sandbox_id="a",
        uid=1,
        owner="ann",
        name="taxi",
        state=ScopeState.IDLE,
        created=1.0,
        last_used=2.0,
        since=3.0,
        limits=Limits(),
    )


def test_an_event_carries_who_asked_for_it(database: Database, store: EventStore) -> None:
    now_asks(Requester(user="root", address="192.0.2.7", request_id="r1"))
    ScopeStore(database).save(make_scope(), "opened", 5.0)
    now_asks(Requester())
    ScopeStore(database).forget(make_scope(), "closed", 6.0)

    closed, opened = store.page(Wanted())

    assert (opened.actor, opened.address, opened.request_id) == ("root", "192.0.2.7", "r1")
    assert (opened.owner, opened.name, opened.sandbox_id) == ("ann", "taxi", "a")
    assert (closed.actor, closed.address, closed.request_id) == ("", "", "")


def test_pages_follow_each_other_without_a_gap(store: EventStore) -> None:
    for at in range(10):
        store.add(Event(at=float(at), event="login", owner="ann"))

    first = store.page(Wanted(limit=4))
    second = store.page(Wanted(limit=4, before=first[-1].number))
    store.add(Event(at=11.0, event="login", owner="ann"))
    third = store.page(Wanted(limit=4, before=second[-1].number))

    assert [event.at for event in first + second + third] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]


def test_a_user_is_whom_it_is_about_and_who_did_it(store: EventStore) -> None:
    store.add(Event(at=1.0, event="user_added", owner="ann", actor="root"))
    store.add(Event(at=2.0, event="login", owner="bob", actor="bob"))
    store.add(Event(at=3.0, event="login", owner="ann", actor="ann"))

    assert [e.at for e in store.page(Wanted(user="ann"))] == [3.0, 1.0]
    assert [e.at for e in store.page(Wanted(user="root"))] == [1.0]
    assert [e.at for e in store.page(Wanted(user="ann", event="login"))] == [3.0]
    assert store.page(Wanted(user="x' OR '1'='1")) == []


@pytest.mark.parametrize("wanted", [Wanted(event="closed"), Wanted(user="nobody")])
def test_a_page_is_found_without_looking_at_every_row(database: Database, wanted: Wanted) -> None:
    words = str(_select(wanted).compile(compile_kwargs={"literal_binds": True}))
    with database.begin() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}").all()
    steps = [str(row[-1]) for row in plan]

    assert steps
    assert [step for step in steps if step.startswith("SCAN")] == []


def test_only_so_many_and_only_so_old_are_kept(store: EventStore) -> None:
    for at in (1.0, 50.0, 60.0, 70.0):
        store.add(Event(at=at, event="login"))

    store.trim(most=4, since=0.0)
    untouched = store.count()
    store.trim(most=3, since=0.0)
    newest = [event.at for event in store.page(Wanted())]
    store.trim(most=3, since=65.0)

    assert untouched == 4
    assert newest == [70.0, 60.0]
    assert [event.at for event in store.page(Wanted())] == [70.0]


def test_who_fills_the_log_pushes_out_his_own(store: EventStore) -> None:
    store.add(Event(at=1.0, event="user_changed", owner="ann", actor="root"))
    store.add(Event(at=2.0, event="login", owner="mallory", actor="mallory"))
    for at in range(200):
        store.add(Event(at=10.0 + at, event="opened", owner="mallory", actor="mallory"))
        store.add(Event(at=10.5 + at, event="login_failed"))

    store.trim(most=100, since=0.0)
    kept = [event.at for event in store.page(Wanted(limit=400))]

    assert kept[-2:] == [2.0, 1.0]
    assert len(kept) == 94
    assert min(kept[:-2]) == 164.0


@pytest.mark.parametrize(
    ("counts", "total", "share"),
    [
        ([], 5, 0),
        ([3], 5, 3),
        ([9], 5, 5),
        ([1, 2, 9], 9, 6),
        ([5, 5, 5], 10, 3),
        ([9, 1, 9], 7, 3),
    ],
)
def test_an_even_share_spares_the_small(counts: list[int], total: int, share: int) -> None:
    assert even_share(counts, total) == share
    assert sum(min(count, share) for count in counts) <= total


def test_what_was_written_cannot_be_changed(database: Database, store: EventStore) -> None:
    store.add(Event(at=1.0, event="login_failed", owner="ann"))

    with pytest.raises(IntegrityError, match="only ever added"), database.begin() as connection:
        connection.exec_driver_sql("UPDATE events SET event = 'login'")

    assert store.page(Wanted())[0].event == "login_failed"


@pytest.mark.parametrize("already", [0, 1, 4])
def test_an_older_store_keeps_its_events(tmp_path: Path, already: int) -> None:
    """`already`: how many columns an upgrade that was cut short had added."""
    state = tmp_path / "state"
    Database.open(state, durable=False).close()
    added = ["actor", "address", "request_id", "times"][:already]
    old = sqlite3.connect(state / STORE_NAME)
    old.executescript(
        f"{BEFORE_REQUESTERS}; DROP TABLE events; ALTER TABLE old RENAME TO events;"
        "CREATE INDEX events_by_time ON events (at);"
        "INSERT INTO events VALUES (7, 1.5, 's', 'ann', 'taxi', 'opened', NULL);"
        "UPDATE installation SET schema_version = 2;"
    )
    for name in added:
        kind = "INTEGER NOT NULL DEFAULT '1'" if name == "times" else "VARCHAR NOT NULL DEFAULT ''"
        old.execute(f"ALTER TABLE events ADD COLUMN {name} {kind}")
    old.commit()
    old.close()

    database = Database.open(state, durable=False)
    store = EventStore(database)
    store.add(Event(at=2.0, event="login", owner="ann", actor="ann"))
    events = store.page(Wanted())
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.exec_driver_sql("UPDATE events SET at = 0")
    with database.begin() as connection:
        version = connection.exec_driver_sql("SELECT schema_version FROM installation").scalar()
    database.close()

    assert [(e.number, e.event, e.actor, e.times) for e in events] == [
        (8, "login", "ann", 1),
        (7, "opened", "", 1),
    ]
    assert version == SCHEMA_VERSION
