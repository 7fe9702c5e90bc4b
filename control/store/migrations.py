"""The steps from each version of the store to the next; all of them, or none, at a start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, update

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


STEPS: Final[dict[int, Callable[[Connection], None]]] = {1: _add_query_jobs}
"""By the version that a step begins with."""
