"""Hearing of the end of jobs: one long poll for each scope that has open ones."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import Final, Protocol

from control.errors import (
    AgentFailed,
    AgentMisbehaved,
    GeoscopeError,
    ScopeDead,
    ScopeNotFound,
)
from control.logs import get_logger
from control.scopes.registry import ScopeRegistry
from control.scopes.scope import ScopeState
from wire.messages import Jobs, WatchJobs

log = get_logger(__name__)

WAIT_S: Final = 30.0
GRACE_S: Final = 20.0
FIRST_PAUSE_S: Final = 0.02
LONGEST_PAUSE_S: Final = 5.0
PATIENCE: Final = 20
"""So often an agent may answer nonsense in a row before its jobs are given up."""
MAX_BOOT_LENGTH: Final = 100


@dataclass(frozen=True)
class Place:
    """A scope as a job knows it: another scope of the same name is another place."""

    owner: str
    scope: str
    sandbox_id: str


class Listener(Protocol):
    """Whoever has open jobs."""

    def open_at(self, place: Place) -> frozenset[str]:
        """The request ids of the jobs that have not ended there."""
        ...

    def told(self, place: Place, known: frozenset[str], jobs: Jobs) -> bool:
        """An agent told, when the jobs in `known` were its own; gives whether it was news."""
        ...

    def lost(self, place: Place, why: str) -> None:
        """The jobs there will never end."""
        ...


class Gone(Exception):
    """The place is no more what it was, and says why."""


class Watching:
    """The polls. The mutable state is the tasks, and how far each agent has told, by place."""

    def __init__(self, registry: ScopeRegistry, listener: Listener) -> None:
        self._registry = registry
        self._listener = listener
        self._tasks: dict[Place, asyncio.Task[None]] = {}
        self._told: dict[Place, tuple[str, int]] = {}
        self._doubted: set[Place] = set()
        """Where a job is in neither list, so that the next look must not wait."""

    def follow(self, place: Place) -> None:
        """Listen until no job is open there."""
        if place not in self._tasks:
            task = asyncio.create_task(self._follow(place))
            self._tasks[place] = task
            task.add_done_callback(_note_failure)

    async def stop(self) -> None:
        """Hear no more; the agents go on."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, place: Place) -> None:
        pause_s, nonsense = 0.0, 0
        try:
            # No await between the last look for open jobs and the end: a new one starts anew.
            while known := self._listener.open_at(place):
                await asyncio.sleep(pause_s)
                pause_s = min(max(2 * pause_s, FIRST_PAUSE_S), LONGEST_PAUSE_S)
                try:
                    began = time.monotonic()
                    is_news = await self._listen(place, known)
                    if is_news or time.monotonic() - began > WAIT_S / 2:
                        pause_s, nonsense = 0.0, 0
                except (AgentMisbehaved, AgentFailed) as error:
                    nonsense += 1
                    log.warning("jobs not told", type=error.type)
                    if nonsense >= PATIENCE:
                        self._listener.lost(place, error.message)
                except Gone as error:
                    self._told.pop(place, None)
                    self._listener.lost(place, str(error))
                except GeoscopeError as error:
                    log.info("jobs not told, asked again", type=error.type)
                except Exception:
                    # Also a bug of ours, or a store that is full, must not leave jobs unheard.
                    log.exception("jobs not told, asked again")
        finally:
            del self._tasks[place]
            self._doubted.discard(place)

    async def _listen(self, place: Place, known: frozenset[str]) -> bool:
        self._check(place)
        boot, after = self._told.get(place, ("", 0))
        wait_s = 0.0 if place in self._doubted else WAIT_S
        request = WatchJobs(boot=boot, after=after, wait_s=wait_s)
        try:
            async with self._registry.use(place.owner, place.scope) as client:
                jobs = await client.call(request, WAIT_S + GRACE_S)
        except (ScopeNotFound, ScopeDead):
            self._check(place)
            raise
        self._told[place] = (jobs.boot[:MAX_BOOT_LENGTH], jobs.seq)
        self._doubted.discard(place)
        if known - {job.work_id for job in jobs.ended} - set(jobs.open):
            self._doubted.add(place)
        return self._listener.told(place, known, jobs)

    def _check(self, place: Place) -> None:
        """Whether the scope can still run jobs; raises Gone."""
        try:
            scope = self._registry.get(place.owner, place.scope)
        except ScopeNotFound as error:
            raise Gone("the scope was deleted") from error  # noqa: EM101
        if scope.sandbox_id != place.sandbox_id:
            raise Gone("the scope was deleted")  # noqa: EM101
        if scope.state in (ScopeState.DEAD, ScopeState.STOPPED):
            why = f"the scope is {scope.state} ({scope.reason})"
            raise Gone(why)


def _note_failure(task: asyncio.Task[None]) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        if (error := task.exception()) is not None:
            log.error("watching jobs failed", exc_info=error)
