"""What happened, and who asked for it: rows that are added, read, and at last forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, delete, func, insert, or_, select

from control.requester import requester
from control.store.database import Database
from control.store.schema import events

TRIMMED_TO: Final = 0.95
"""The share that is kept of a log that is too long: counting every row takes a while."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One row; `at` in seconds since the epoch. Never code, rows or secrets."""

    at: float
    event: str
    owner: str = ""
    """Whose scope or account it is about."""
    name: str = ""
    """The scope's."""
    sandbox_id: str = ""
    reason: str | None = None
    times: int = 1
    """How many of the same it stands for."""
    number: int = 0
    """Grows from row to row; 0: not yet in the store."""
    actor: str = ""
    """The user who asked; empty: nobody known, or the control plane itself."""
    address: str = ""
    request_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which events: before that number, about or by that user, of that kind."""

    limit: int = 100
    before: int | None = None
    user: str | None = None
    event: str | None = None


class EventStore:
    """The events. `told` hears the kind of each one that is written here."""

    def __init__(self, database: Database, told: Callable[[str], None] | None = None) -> None:
        self._database = database
        self._told = told or (lambda _: None)

    def add(self, event: Event) -> None:
        """One more; it may be lost in a power cut, and is never waited for."""
        with self._database.begin_quick() as connection:
            add_event(connection, event)
        self._told(event.event)

    def page(self, wanted: Wanted) -> list[Event]:
        """The newest of those that are wanted, newest first."""
        with self._database.begin() as connection:
            rows = connection.execute(_select(wanted)).all()
        return [_event(row) for row in rows]

    def trim(self, most: int, since: float) -> None:
        """Forget what is older than `since`, and where more than `most` are left, the oldest of
        whom and what there is most: who fills the log pushes out what he filled it with.
        """
        with self._database.begin_quick() as connection:
            connection.execute(delete(events).where(events.c.at < since))
            kept = int(connection.execute(select(func.count()).select_from(events)).scalar_one())
            if kept > most:
                _forget_the_most_frequent(connection, int(most * TRIMMED_TO))

    def count(self) -> int:
        """How many are kept."""
        with self._database.begin() as connection:
            return int(connection.execute(select(func.count()).select_from(events)).scalar_one())


def add_event(connection: Connection, event: Event) -> None:
    """Write the row within an open transaction, and who asked for it."""
    asks = requester()
    row = asdict(event)
    del row["number"]
    row["actor"] = event.actor or asks.user
    row["address"] = event.address or asks.address
    row["request_id"] = event.request_id or asks.request_id
    connection.execute(insert(events), row)


def even_share(counts: Sequence[int], total: int) -> int:
    """The most that each may keep of what it has, so that all together keep at most `total`."""
    left = total
    for place, count in enumerate(sorted(counts)):
        share = left // (len(counts) - place)
        if count > share:
            return share
        left -= count
    return max(counts, default=0)


def _forget_the_most_frequent(connection: Connection, most: int) -> None:
    kinds = (events.c.actor, events.c.event)
    grouped = select(*kinds, func.count()).group_by(*kinds)
    counts = {(actor, kind): int(count) for actor, kind, count in connection.execute(grouped)}
    share = even_share(list(counts.values()), most)
    for (actor, kind), count in counts.items():
        if count > share:
            of_these = select(events.c.id).where(events.c.actor == actor, events.c.event == kind)
            oldest = of_these.order_by(events.c.id).limit(count - share)
            connection.execute(delete(events).where(events.c.id.in_(oldest)))


def _select(wanted: Wanted) -> Select[Any]:
    statement = select(events).order_by(events.c.id.desc()).limit(wanted.limit)
    if wanted.before is not None:
        statement = statement.where(events.c.id < wanted.before)
    if wanted.user is not None:
        about = or_(events.c.owner == wanted.user, events.c.actor == wanted.user)
        statement = statement.where(about)
    if wanted.event is not None:
        statement = statement.where(events.c.event == wanted.event)
    return statement


def _event(row: Row[Any]) -> Event:
    values = row._asdict()
    values["number"] = values.pop("id")
    return Event(**values)
