"""The audit: what anybody can repeat is one row a minute, and no request fails for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from control.audit import MAX_APART, ROUND_S, Audit
from control.errors import NoCapacity, QuotaExceeded, ScopeNotFound
from control.requester import NOBODY, Requester, now_asks
from control.store.database import Database
from control.store.events import EventStore, Wanted
from tests.fakes.scopes import FakeClock, eventually


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


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def audit(store: EventStore, clock: FakeClock) -> Audit:
    return Audit(store, most=1000, ttl_s=3600.0, clock=clock)


def asks(user: str = "ann", address: str = "192.0.2.1", request_id: str = "r") -> None:
    now_asks(Requester(user=user, address=address, request_id=request_id))


def test_a_flood_of_refusals_is_two_rows(audit: Audit, store: EventStore) -> None:
    for number in range(500):
        asks(request_id=f"r{number}")
        audit.refused(QuotaExceeded("scopes", 2, 1), "POST /scope")
    audit.write_repeated()
    audit.write_repeated()

    last, first = store.page(Wanted())

    assert (first.event, first.reason) == ("refused", "quota_exceeded: POST /scope")
    assert (first.request_id, first.times, first.actor) == ("r0", 1, "ann")
    assert (last.request_id, last.times) == ("several", 499)


def test_a_flood_from_everywhere_is_bounded(audit: Audit, store: EventStore) -> None:
    for number in range(MAX_APART + 300):
        asks(address=f"2001:db8::{number:x}")
        audit.refused(QuotaExceeded("scopes", 2, 1), "POST /scope")
    audit.write_repeated()

    events = store.page(Wanted(limit=1000))

    assert len(events) == MAX_APART + 2
    assert sum(event.times for event in events) == MAX_APART + 300


def test_each_is_told_apart_from_another(audit: Audit, store: EventStore) -> None:
    asks("ann")
    audit.refused(QuotaExceeded("scopes", 2, 1), "POST /scope")
    audit.refused(NoCapacity("full"), "POST /scope")
    asks("bob")
    audit.refused(QuotaExceeded("scopes", 2, 1), "POST /scope")

    assert len(store.page(Wanted())) == 3


def test_what_is_no_refusal_is_not_written(audit: Audit, store: EventStore) -> None:
    audit.refused(ScopeNotFound("taxi"), "GET /scope/<scope>")

    assert store.page(Wanted()) == []


async def test_it_writes_and_forgets_as_time_passes(
    audit: Audit, store: EventStore, clock: FakeClock
) -> None:
    asks()
    audit.start()
    audit.note_often("login", owner="ann")
    audit.note_often("login", owner="ann")
    clock.advance(0.0)
    await eventually(lambda: store.count() == 1)
    clock.advance(ROUND_S)
    await eventually(lambda: store.count() == 2)
    clock.advance(3601.0)
    await eventually(lambda: store.count() == 0)
    audit.note_often("login", owner="ann")
    audit.note_often("login", owner="ann")
    await audit.stop()

    assert store.count() == 2


def test_a_store_that_cannot_be_written_loses_events_and_says_how_many(
    audit: Audit, database: Database
) -> None:
    other = sqlite3.connect(database.path)
    other.execute("BEGIN EXCLUSIVE")
    with database.begin_quick() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=1")
    audit.note("user_added", owner="ann")
    other.close()
    audit.note("user_added", owner="bob")

    assert audit.lost == 1
