"""The steps from each version of the store to the next; all of them, or none, at a start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, inspect, update
from sqlalchemy.schema import CreateColumn

from control.store import schema


def migrate(connection: Connection, version: int) -> None:
    """Bring a store of an older version to ours, within the transaction that is open."""
    for step in range(version, schema.SCHEMA_VERSION):
        STEPS[step](connection)
    if version < schema.SCHEMA_VERSION:
        values = {"schema_version": schema.SCHEMA_VERSION}
        connection.execute(update(schema.installation).values(values))


def _add_query_jobs(connection: Connection) -> None:
    # A crash between the two is no harm: DDL of SQLite is not in the transaction.
    schema.query_jobs.create(connection, checkfirst=True)
    schema.query_numbers.create(connection, checkfirst=True)


def _add_requesters(connection: Connection) -> None:
    there = {column["name"] for column in inspect(connection).get_columns("events")}
    for column in schema.events.columns:
        if column.name not in there:
            words = CreateColumn(column).compile(connection)
            connection.exec_driver_sql(f"ALTER TABLE events ADD COLUMN {words}")
    for index in schema.EVENT_INDEXES:
        index.create(connection, checkfirst=True)
    connection.execute(schema.EVENTS_STAY)


STEPS: Final[dict[int, Callable[[Connection], None]]] = {
    1: _add_query_jobs,
    2: _add_requesters,
}
"""By the version that a step begins with."""
