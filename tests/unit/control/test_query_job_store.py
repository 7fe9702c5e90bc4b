"""Job numbers are never given twice, records survive, an older store gets the tables."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from control.store import schema
from control.store.accounts import AccountStore
from control.store.database import STORE_NAME, Database
from control.store.query_jobs import BLOCK, JobStore


def numbers(folder: Path, count: int) -> list[int]:
    """Some numbers of one life of a control plane, which ends without a word."""
    database = Database.open(folder, durable=False)
    try:
        store = JobStore(database)
        return [store.number() for _ in range(count)]
    finally:
        database.close()


def test_numbers_begin_at_one_and_grow(tmp_path: Path) -> None:
    assert numbers(tmp_path, BLOCK + 2) == list(range(1, BLOCK + 3))


def test_no_number_is_given_twice(tmp_path: Path) -> None:
    lives = [numbers(tmp_path, 3) for _ in range(3)]

    assert lives == [[1, 2, 3], [101, 102, 103], [201, 202, 203]]


def test_a_life_without_jobs_reserves_nothing(tmp_path: Path) -> None:
    numbers(tmp_path, 0)

    assert numbers(tmp_path, 1) == [1]


def test_records_survive_and_the_last_one_counts(tmp_path: Path) -> None:
    database = Database.open(tmp_path, durable=False)
    store = JobStore(database)
    for number, record in ((2, "b"), (1, "a"), (3, "c"), (2, "B")):
        store.save(number, record)
    store.forget([3, 99])
    database.close()

    database = Database.open(tmp_path, durable=False)
    assert JobStore(database).load() == ["a", "B"]
    database.close()


def older(folder: Path) -> None:
    """A store as the version before had it, with one account."""
    database = Database.open(folder, durable=False)
    AccountStore(database).add("ann", "hash", "admin")
    database.close()
    with sqlite3.connect(folder / STORE_NAME) as connection:
        connection.execute("DROP TABLE query_jobs")
        connection.execute("DROP TABLE query_numbers")
        connection.execute("UPDATE installation SET schema_version = 1")
    connection.close()


def test_an_older_store_is_brought_up_to_date(tmp_path: Path) -> None:
    older(tmp_path)

    for _ in range(2):
        database = Database.open(tmp_path, durable=False)
        store = JobStore(database)
        store.save(store.number(), "a")
        assert AccountStore(database).get("ann").role == "admin"
        database.close()

    with sqlite3.connect(tmp_path / STORE_NAME) as connection:
        found = connection.execute("SELECT schema_version FROM installation").fetchone()
    connection.close()
    assert found == (schema.SCHEMA_VERSION,)


def test_a_step_that_was_cut_short_is_done_again(tmp_path: Path) -> None:
    older(tmp_path)
    with sqlite3.connect(tmp_path / STORE_NAME) as connection:
        connection.execute("CREATE TABLE query_jobs (number INTEGER PRIMARY KEY, record TEXT)")
    connection.close()

    assert numbers(tmp_path, 1) == [1]
