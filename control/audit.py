"""Who did what to accounts and scopes, and who was refused: rows of the store, never code or rows.

What anybody can repeat at will (log-ins, refusals) is written once a minute for each of them, with
how often; and of a full log goes what there is most of (`EventStore.trim`): nobody may push the
past out of a bounded log.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from control.errors import GeoscopeError, StoreUnavailable
from control.logs import get_logger
from control.requester import requester
from control.scopes.tasks import Tasks, keep
from control.scopes.wait import Clock, WallClock
from control.store.events import Event, EventStore, Wanted

log = get_logger(__name__)

ROUND_S: Final = 60.0
MAX_APART: Final = 200
"""So many are told apart within a minute; the rest is one row for each kind."""
REFUSED: Final = frozenset({401, 403, 429})
REFUSED_TYPES: Final = frozenset({"no_capacity", "draining"})


class Audit:
    """Writes events and forgets the oldest.

    The mutable state is what was repeated in this minute, by everything but its moment, and
    `lost`: how many events could not be written.
    """

    def __init__(
        self, store: EventStore, *, most: int, ttl_s: float, clock: Clock | None = None
    ) -> None:
        self._store = store
        self._most = most
        self._ttl_s = ttl_s
        self._clock = clock or WallClock()
        # Age is counted from here: a clock that is set forward must not erase the log.
        self._began = self._clock.now() - self._clock.elapsed()
        self._repeated: dict[Event, int] = {}
        self._tasks = Tasks()
        self.lost = 0

    def start(self) -> None:
        """Begin to write what was repeated, and to forget, once a minute."""
        self._tasks.spawn(keep(self._run, self._clock))

    async def stop(self) -> None:
        """Write what is still to be written."""
        await self._tasks.end(0.0)
        self.write_repeated()

    def note(self, event: str, *, owner: str = "", reason: str | None = None) -> None:
        """One event of somebody who may do it."""
        self._write(Event(at=self._clock.now(), event=event, owner=owner, reason=reason))

    def note_often(self, event: str, *, owner: str = "", reason: str | None = None) -> None:
        """One event of a kind that anybody can cause at will."""
        asks = requester()
        key = Event(
            at=0.0,
            event=event,
            owner=owner,
            reason=reason,
            actor=asks.user,
            address=asks.address,
        )
        if key not in self._repeated and len(self._repeated) >= MAX_APART:
            key = replace(key, owner="", actor="", address="several")
        if key in self._repeated:
            self._repeated[key] += 1
            return
        self._repeated[key] = 0
        self._write(replace(key, at=self._clock.now()))

    def refused(self, error: GeoscopeError, what: str) -> None:
        """Note that a request was refused, if that is what the error means."""
        if error.status in REFUSED or error.type in REFUSED_TYPES:
            asks = requester()
            self.note_often("refused", owner=asks.user, reason=f"{error.type}: {what}")

    def page(self, wanted: Wanted) -> list[Event]:
        """Those that are wanted, newest first."""
        return self._store.page(wanted)

    def write_repeated(self) -> None:
        """One row for each that came more than once since the last time."""
        repeated, self._repeated = self._repeated, {}
        now = self._clock.now()
        for key, times in repeated.items():
            if times:
                self._write(replace(key, at=now, times=times, request_id="several"))

    def forget_old(self) -> None:
        """Forget what is too old, and what is too much."""
        now = self._began + self._clock.elapsed()
        self._store.trim(self._most, now - self._ttl_s)

    async def _run(self) -> None:
        while True:
            self.write_repeated()
            self.forget_old()
            await self._clock.wait(asyncio.Event(), ROUND_S)

    def _write(self, event: Event) -> None:
        """A request does not fail because the log of it cannot be written: /ready says that."""
        try:
            self._store.add(event)
        except StoreUnavailable as error:
            self.lost += 1
            log.warning("event lost", event_kind=event.event, why=type(error).__name__)
