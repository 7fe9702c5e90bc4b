"""Deferred and async requests after their reply: kept, told of, read, swept."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from control.logs import get_logger
from control.query_service import cancelling, records
from control.query_service.records import UNLIMITED, Record, Result
from control.query_service.under_way import Directory, UnderWay
from control.query_service.watching import Place, Watching
from control.scopes.registry import ScopeRegistry
from control.scopes.tasks import Tasks, keep
from control.scopes.wait import Clock, Jumps, WallClock
from control.store.query_jobs import JobStore
from wire.messages import Job, Jobs, Problem

log = get_logger(__name__)

SWEEP_S: Final = 60.0
MAX_KEPT: Final = 10_000
"""So many ended requests are kept for one user; beyond, the oldest go."""
MAX_EARLY: Final = 1_000
MAX_WORK_ID: Final = 64


class JobBoard:
    """All of them. The mutable state is the dicts; every change is in the store too.

    A status is answered from here, so that asking for it costs no agent anything.
    """

    def __init__(
        self,
        store: JobStore,
        registry: ScopeRegistry,
        directory: Directory,
        clock: Clock | None = None,
    ) -> None:
        self._store = store
        self._registry = registry
        self._directory = directory
        self._clock = clock or WallClock()
        self._jumps = Jumps(self._clock)
        self._watching = Watching(registry, self)
        self._by_number: dict[int, Record] = {}
        self._by_owner: dict[str, dict[int, Record]] = {}
        self._open: dict[Place, dict[str, Record]] = {}
        self._early: OrderedDict[tuple[Place, str], Job] = OrderedDict()
        """Ends that were told before the answer that the job was taken: polls overtake it."""
        self._tasks = Tasks()

    async def start(self) -> None:
        """Take up what the store holds; open jobs are listened for again."""
        for record in self._stored():
            self._put(record)
            if record.is_open:
                self._directory.add(self._entry(record))
                self._watching.follow(place_of(record))
        self._tasks.spawn(keep(self._sweep_for_ever, self._clock))

    async def stop(self) -> None:
        """Hear no more; jobs go on in their agents."""
        await self._tasks.end(0.0)
        await self._watching.stop()

    def number(self) -> int:
        """The number of a new one."""
        return self._store.number()

    def now(self) -> float:
        """Seconds since the epoch; where the clock was set, the records have moved with it."""
        jump_s = self._jumps.taken()
        if jump_s:
            for record in self._by_number.values():
                record.clock_was_set(jump_s)
                self.save(record)
        return self._clock.now()

    def add(self, record: Record, entry: UnderWay | None = None) -> None:
        """One more; `entry` is how an open one is listed."""
        early = self._early.pop((place_of(record), record.request_id), None)
        if early is not None and record.is_open:
            record.end(early, self.now())
        self._put(record)
        self.save(record)
        self._make_room(record.owner)
        if record.is_open:
            self._directory.add(entry or self._entry(record))
            self._watching.follow(place_of(record))

    def find(self, owner: str, number: int) -> Record | None:
        """The owner's request with this number, unless its time is over."""
        record = self._by_number.get(number)
        if record is None or record.owner != owner:
            return None
        expires = record.expires()
        if expires is not None and expires <= self.now():
            return None
        return record

    def take_read(self, record: Record, result: Result) -> bool:
        """Count one read; gives whether it is the last one."""
        if record.max_reads == UNLIMITED:
            return False
        result.reads += 1
        is_last = result.reads >= record.max_reads
        if is_last:
            record.results.remove(result)
        self.save(record)
        return is_last

    def give_back(self, record: Record, result: Result) -> None:
        """A read of which nothing was sent counts not."""
        if record.max_reads == UNLIMITED:
            return
        result.reads -= 1
        if result not in record.results:
            record.results.append(result)
        if record.number in self._by_number:
            self.save(record)

    def save(self, record: Record) -> None:
        """Write it as it is now."""
        self._store.save(record.number, records.encode(record))

    def drop(self, record: Record) -> None:
        """Forget a request that has ended."""
        self._drop([record])

    def sweep(self) -> None:
        """Forget whatever has outlived its time."""
        now = self.now()
        ended = [(record, record.expires()) for record in self._by_number.values()]
        self._drop([r for r, expires in ended if expires is not None and expires <= now])

    # ------------------------------------------------------------ what agents tell

    def open_at(self, place: Place) -> frozenset[str]:
        """The request ids of the jobs that have not ended there."""
        return frozenset(self._open.get(place, ()))

    def told(self, place: Place, known: frozenset[str], jobs: Jobs) -> bool:
        """Note what ended; what its agent knows nothing of any more is lost."""
        is_news = False
        for job in jobs.ended:
            is_news |= self._end(place, job)
        left = self._open.get(place, {})
        if jobs.ended:
            # There may be more than an answer holds; what is missing is asked for once more.
            return is_news
        missing = [left[key] for key in known - frozenset(jobs.open) if key in left]
        self._fail(missing, "the scope was started anew meanwhile")
        return bool(missing)

    def lost(self, place: Place, why: str) -> None:
        """The jobs there will never end."""
        self._fail(list(self._open.get(place, {}).values()), why)

    def _end(self, place: Place, job: Job) -> bool:
        if job.state in ("queued", "running"):
            return False
        record = self._open.get(place, {}).get(job.work_id)
        if record is None:
            self._note_early(place, job)
            return False
        record.end(job, self.now())
        self._closed(record)
        return True

    def _note_early(self, place: Place, job: Job) -> None:
        if len(job.work_id) <= MAX_WORK_ID:
            self._early[place, job.work_id] = records.trimmed(job)
        if len(self._early) > MAX_EARLY:
            self._early.popitem(last=False)

    def _fail(self, lost: Iterable[Record], why: str) -> None:
        for record in lost:
            problem = Problem(text=f"JobLost: {why}", kind="agent")
            record.fail(problem, self.now())
            self._closed(record)

    def _closed(self, record: Record) -> None:
        place = place_of(record)
        open_there = self._open[place]
        open_there.pop(record.request_id, None)
        if not open_there:
            del self._open[place]
        self._directory.drop(record.request_id)
        self.save(record)

    # ------------------------------------------------------------ within

    def _stored(self) -> Iterator[Record]:
        for text in self._store.load():
            try:
                yield records.decode(text)
            except msgspec.DecodeError as error:
                log.error("job not understood, left out", why=str(error))

    def _put(self, record: Record) -> None:
        self._by_number[record.number] = record
        self._by_owner.setdefault(record.owner, {})[record.number] = record
        if record.is_open:
            self._open.setdefault(place_of(record), {})[record.request_id] = record

    def _drop(self, dropped: list[Record]) -> None:
        for record in dropped:
            self._by_number.pop(record.number, None)
            owned = self._by_owner.get(record.owner, {})
            owned.pop(record.number, None)
            if not owned:
                self._by_owner.pop(record.owner, None)
        if dropped:
            self._store.forget(record.number for record in dropped)

    def _make_room(self, owner: str) -> None:
        owned = self._by_owner.get(owner, {})
        if len(owned) > MAX_KEPT:
            oldest = next((record for record in owned.values() if not record.is_open), None)
            if oldest is not None:
                self._drop([oldest])

    def _entry(self, record: Record) -> UnderWay:
        """How a job is listed of which only the store has told."""
        return UnderWay(
            request_id=record.request_id,
            user=record.owner,
            client_context_id=record.client_context_id,
            statement="",
            cancel=lambda: self.cancel(record),
            began=record.created,
            category="query",
            job=record.number,
        )

    async def cancel(self, record: Record) -> bool:
        """Tell its agent to stop it; gives whether there was anything to stop."""
        client = self._registry.peek(record.owner, record.scope)
        return client is not None and await cancelling.cancel(client, record.request_id)

    async def _sweep_for_ever(self) -> None:
        while True:
            await self._clock.wait(asyncio.Event(), SWEEP_S)
            self.sweep()


def place_of(record: Record) -> Place:
    """Where it runs, or ran."""
    return Place(record.owner, record.scope, record.sandbox_id)
