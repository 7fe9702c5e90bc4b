"""Deferred and async requests, and the numbers in their handles: statements only, no rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import delete, insert, select, update

from control.store.database import Database
from control.store.schema import query_jobs, query_numbers

BLOCK: Final = 100
"""So many numbers are reserved at once; a restart leaves out the rest of them."""
ROW_ID: Final = 1

_insert: Final = insert(query_jobs).prefix_with("OR REPLACE")


class JobStore:
    """Records by job number. The mutable state is what is left of the reserved numbers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._next = 0
        self._end = 0

    def number(self) -> int:
        """A number that no job ever had, also after a power cut."""
        if self._next == self._end:
            self._reserve()
        self._next += 1
        return self._next - 1

    def save(self, number: int, record: str) -> None:
        """Write the record as it is now."""
        with self._database.begin_quick() as connection:
            connection.execute(_insert, {"number": number, "record": record})

    def forget(self, numbers: Iterable[int]) -> None:
        """Remove these records; those that are not there are no error."""
        with self._database.begin_quick() as connection:
            for number in numbers:
                connection.execute(delete(query_jobs).where(query_jobs.c.number == number))

    def load(self) -> list[str]:
        """Every record, oldest first."""
        statement = select(query_jobs.c.record).order_by(query_jobs.c.number)
        with self._database.begin() as connection:
            return [str(record) for record in connection.execute(statement).scalars()]

    def _reserve(self) -> None:
        with self._database.begin() as connection:
            found = connection.execute(select(query_numbers.c.next)).scalar_one_or_none()
            begin = 1 if found is None else int(found)
            row = {"next": begin + BLOCK}
            if found is None:
                connection.execute(insert(query_numbers), {"id": ROW_ID, **row})
            else:
                connection.execute(update(query_numbers).values(row))
        self._next, self._end = begin, begin + BLOCK
