"""The registry: the one owner of scopes and their states, and all that routes may ask of them."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from control.agent_client import AgentClient
from control.engine.driver import Berths, EngineDriver, Usage
from control.engine.host import Host
from control.errors import (
    AgentUnreachable,
    EngineUnavailable,
    ScopeDead,
    ScopeNotFound,
    ScopePaused,
    ShuttingDown,
)
from control.scopes.admission import HOLDING, Admission, Occupancy
from control.scopes.backing import Backing, Connect, connect_agent
from control.scopes.capacity import Rules
from control.scopes.disks import DiskWatch
from control.scopes.drain import Drain
from control.scopes.entry import Entry, Quotas, usual_quota
from control.scopes.inquiry import find_out
from control.scopes.lifecycle import Lifecycle
from control.scopes.limits import Limits, ScopeLimits, ScopeWish
from control.scopes.pool import Berthing, Pool
from control.scopes.reaper import Reaper
from control.scopes.reconcile import Reconciler
from control.scopes.roster import Live, Roster
from control.scopes.scope import Scope, ScopeState
from control.scopes.signs import Signs
from control.scopes.stages import Stage, Stages, Told
from control.scopes.tasks import Tasks, keep, together
from control.scopes.wait import Clock, Deadline, WallClock
from control.scopes.watch import Watch
from control.store.scopes import ScopeStore

STOP_GRACE_S: Final = 10.0


class ScopeRegistry:
    """Opens, finds, wakes and closes scopes.

    The mutable state is the roster's; a scope's own state changes only under its lock. What is
    begun here runs to its end, whatever becomes of the request that asked for it.
    """

    def __init__(  # noqa: PLR0913 - what scopes rest on, each by its name
        self,
        driver: EngineDriver,
        berths: Berths,
        store: ScopeStore,
        limits: ScopeLimits,
        *,
        clock: Clock | None = None,
        connect: Connect = connect_agent,
        quotas: Quotas = usual_quota,
        host: Host | None = None,
        rules: Rules | None = None,
    ) -> None:
        backing = Backing(
            driver=driver,
            berths=berths,
            store=store,
            limits=limits,
            clock=clock or WallClock(),
            connect=connect,
        )
        self._backing = backing
        self._roster = Roster()
        self._lifecycle = Lifecycle(backing, self._roster)
        signs = Signs(backing.clock)
        self._reconciler = Reconciler(backing, self._roster, self._lifecycle, signs)
        self._berthing = Berthing(backing, self._roster)
        self.drain = Drain(backing.clock)
        self._entry = Entry(self._roster, limits, quotas, self.drain)
        self._admission = Admission(backing, self._roster, host, rules or Rules(), self.drain)
        why_not = self._admission.why_not_spare
        self._pool = Pool(backing, self._roster, self._lifecycle, self._berthing, why_not)
        self._reaper = Reaper(backing, self._roster, self._lifecycle)
        self._watch = Watch(backing, self._roster, self._reconciler, signs, self._pool.wanted.set)
        self._disks = DiskWatch(backing, self._roster, self._lifecycle)
        self._moves = Tasks()
        self._background = Tasks()
        self._is_stopping = False

    # ------------------------------------------------------------ life

    async def start(self) -> None:
        """Take up what the store and the engine hold, and begin to look after it."""
        await self.take_up()
        for keeper in (self._watch, self._reaper, self._pool, self._disks, self._admission):
            self._background.spawn(keep(keeper.run, self._backing.clock))

    async def take_up(self) -> None:
        """Know the scopes of the store, and make the engine's world match them."""
        await self._admission.learn()
        now = self._backing.clock.now()
        for scope in self._backing.store.load():
            # The clock may have been set back while nobody looked: nothing was used tomorrow.
            scope.clock_was_set(0.0, now)
            self._roster.add(Live(scope))
        try:
            await self._reconciler.everything(watched=False)
        except EngineUnavailable as error:
            self._watch.problem = error.message

    async def reap(self) -> None:
        """Do now what is due by the clock."""
        await self._reaper.reap()

    async def fill_pool(self) -> None:
        """Make now what the pool lacks."""
        await self._pool.fill()

    async def stop(self) -> None:
        """Let what was begun come to its end, then let go; containers keep running."""
        self._is_stopping = True
        await self._background.end(0.0)
        await self._moves.end(STOP_GRACE_S)
        self._reaper.write_last_used()
        for live in self._roster.all():
            if live.agent is not None:
                await live.agent.close()

    @property
    def engine_problem(self) -> str | None:
        """Why the engine cannot be used now; None when it can."""
        return self._watch.problem

    # ------------------------------------------------------------ scopes

    async def open(self, owner: str, wish: ScopeWish, told: Told | None = None) -> Scope:
        """A new scope, ready when it returns; `told` hears of each stage as it begins.

        Raises BadName, BadParameter, ScopeExists, QuotaExceeded, NoCapacity, Draining.
        """
        if self._is_stopping:
            raise ShuttingDown
        name, limits = self._entry.check(owner, wish)
        # No await from the check of the name until the roster has it: so of two, one wins.
        live = self._pool.take(limits)
        leaving: list[Live] = []
        if live is None:
            leaving = self._admission.admit(limits)
            live = self._berthing.new(limits, owner, name)
        else:
            self._roster.give(live, owner, name)
        self._set_times(live.scope, limits)
        live.stages = Stages(self._backing.clock.elapsed, told)
        await self._moves.run_on(self._open(live, leaving))
        return live.scope

    async def close(self, owner: str, name: str) -> None:
        """Gone when it returns: container, disk, name. Raises ScopeNotFound."""
        await self._close(self._roster.get(owner, name))

    async def close_by_id(self, sandbox_id: str) -> None:
        """The same for an admin; raises SandboxNotFound."""
        await self._close(self._roster.by_id(sandbox_id))

    async def close_all_of(self, owner: str) -> None:
        """Every scope of this owner is gone when it returns."""
        await together(*(self._close_quietly(live) for live in self._roster.of(owner)))

    async def restart(self, owner: str, name: str) -> Scope:
        """New container, Spark and namespace; files and tables are kept. Raises ScopeNotFound."""
        live = self._roster.get(owner, name)
        await self._moves.run_on(self._restart(live))
        return live.scope

    def get(self, owner: str, name: str) -> Scope:
        """The owner's scope; raises ScopeNotFound."""
        return self._roster.get(owner, name).scope

    def list(self, owner: str) -> list[Scope]:
        """The owner's scopes, oldest first."""
        return [live.scope for live in self._roster.of(owner)]

    def list_all(self) -> builtins.list[Scope]:
        """Everybody's scopes, oldest first."""
        return [live.scope for live in self._roster.scopes()]

    def everything(self) -> builtins.list[Scope]:
        """Everybody's scopes, and the sandboxes of the pool."""
        return [live.scope for live in self._roster.all()]

    def now(self) -> float:
        """The time of day that the scopes' moments are measured by."""
        return self._backing.clock.now()

    def pool_size(self) -> int:
        """How many sandboxes wait in the pool, ready."""
        return sum(live.scope.is_running for live in self._roster.pooled())

    def pool_held_back(self) -> str | None:
        """Why the pool has fewer sandboxes than it should, if it waits for room."""
        return self._pool.held_back

    def occupancy(self) -> Occupancy | None:
        """How much memory is promised, and how much may be."""
        return self._admission.occupancy()

    # ------------------------------------------------------------ work

    @asynccontextmanager
    async def use(self, owner: str, name: str) -> AsyncIterator[AgentClient]:
        """The scope's agent, for work that counts as in flight; wakes a stopped scope.

        Raises ScopeNotFound, ScopeDead, ScopePaused, or why it could not be woken.
        """
        live = self._roster.get(owner, name)
        with self._in_flight(live):
            async with self._truthful(live):
                yield await self._agent(live)

    @asynccontextmanager
    async def command(
        self, owner: str, name: str, deadline: Deadline | None = None
    ) -> AsyncIterator[AgentClient]:
        """Like `use`, one at a time in order of arrival; what waiting took is off `deadline`.

        Raises TooManyCommands, or DeadlineExceeded while waiting.
        """
        live = self._roster.get(owner, name)
        with self._in_flight(live):
            async with live.queue.turn(name, deadline), self._truthful(live):
                yield await self._agent(live)

    def peek(self, owner: str, name: str) -> AgentClient | None:
        """The scope's agent for a look that is no work: it wakes and keeps awake nothing."""
        live = self._roster.get(owner, name)
        return live.agent if live.scope.is_running else None

    async def logs(self, owner: str, name: str, tail: int) -> str:
        """The last lines that the scope's container wrote; empty where there is none."""
        container_id = self.get(owner, name).container_id
        return "" if container_id is None else await self._backing.driver.logs(container_id, tail)

    async def usage(self, owner: str, name: str) -> Usage:
        """What the scope's container uses now; all None where there is none."""
        container_id = self.get(owner, name).container_id
        return Usage() if container_id is None else await self._backing.driver.usage(container_id)

    async def disk_used_bytes(self, owner: str, name: str) -> int | None:
        """How much of its disk the scope uses; None where that cannot be said."""
        return await self._backing.berths.used_bytes(self.get(owner, name).sandbox_id)

    def waiting_commands(self, owner: str, name: str) -> int:
        """How many commands wait for their turn."""
        return self._roster.get(owner, name).queue.waiting

    # ------------------------------------------------------------ within

    def _set_times(self, scope: Scope, limits: Limits) -> None:
        self._reaper.notice_clock()
        now = self._backing.clock.now()
        scope.limits = limits
        scope.created = scope.last_used = now
        scope.ends = None if limits.ttl_s is None else now + limits.ttl_s
        self._reaper.expect(scope.ends)

    async def _open(self, live: Live, leaving: builtins.list[Live]) -> None:
        try:
            async with live.lock:
                await self._make_room(live, leaving)
                if live.scope.is_running:
                    await self._lifecycle.claim(live)
                else:
                    await self._lifecycle.open(live)
        finally:
            live.stages = None
            self._pool.wanted.set()
        self._reaper.expect(live.scope.idle_until())

    async def _make_room(self, live: Live, leaving: builtins.list[Live]) -> None:
        if leaving and live.stages is not None:
            live.stages.begin(Stage.ROOM)
        try:
            await self._pool.give_way(leaving)
        except EngineUnavailable:
            # Nothing of it is made, nor in the store: so nobody has the name.
            self._roster.drop(live)
            raise

    async def _close(self, live: Live) -> None:
        # An earlier close that failed left no lock: then this is the next try.
        if live.leaving.is_set() and live.lock.locked():
            raise ScopeNotFound(live.scope.name)
        live.leaving.set()
        await self._moves.run_on(self._closed(live))

    async def _closed(self, live: Live) -> None:
        async with live.lock:
            # An open that was given up for us has left nothing to close.
            if self._roster.has(live.scope.sandbox_id):
                await self._lifecycle.close(live)
        self._pool.wanted.set()

    async def _close_quietly(self, live: Live) -> None:
        try:
            await self._close(live)
        except ScopeNotFound:
            return

    async def _restart(self, live: Live) -> None:
        async with live.lock:
            if live.scope.intent is not None:
                await self._lifecycle.finish(live)
            self._check_here(live)
            if live.scope.state in HOLDING:
                # Its room stays its own: nobody else runs between the two.
                await self._lifecycle.halt(live, "restart")
                await self._lifecycle.wake(live)
            else:
                await self._wake(live)

    @contextmanager
    def _in_flight(self, live: Live) -> Iterator[None]:
        self._reaper.notice_clock()
        live.scope.begin_work()
        try:
            yield
        finally:
            live.scope.end_work(self._backing.clock.now())
            self._reaper.expect(live.scope.idle_until())

    @asynccontextmanager
    async def _truthful(self, live: Live) -> AsyncIterator[None]:
        """An agent that is gone for good makes its scope dead, and the error says why."""
        try:
            yield
        except AgentUnreachable as error:
            await self._moves.run_on(find_out(live, self._reconciler))
            if live.scope.state is ScopeState.DEAD:
                raise ScopeDead(live.scope.name, live.scope.reason or "") from error
            raise

    async def _agent(self, live: Live) -> AgentClient:
        self._check_here(live)
        if not (live.scope.is_running and live.agent is not None):
            await self._moves.run_on(self._bring(live))
        if live.agent is None:
            raise ScopeNotFound(live.scope.name)
        return live.agent

    async def _bring(self, live: Live) -> None:
        """Make the agent askable: adopt, wake, or say why not."""
        async with live.lock:
            scope = live.scope
            if scope.intent is not None or (scope.is_running and live.agent is None):
                await self._reconciler.settle_locked(live)
            self._check_here(live)
            if scope.state is ScopeState.DEAD:
                raise ScopeDead(scope.name, scope.reason or "")
            if scope.state is ScopeState.PAUSED:
                raise ScopePaused(scope.name)
            if scope.state is ScopeState.STOPPED:
                await self._wake(live)

    async def _wake(self, live: Live) -> None:
        # Nobody takes the room between the look that finds it and the first step into it.
        while leaving := self._admission.admit(live.scope.limits):
            await self._pool.give_way(leaving)
            self._check_here(live)
        await self._lifecycle.wake(live)

    def _check_here(self, live: Live) -> None:
        if live.leaving.is_set() or not self._roster.has(live.scope.sandbox_id):
            raise ScopeNotFound(live.scope.name)
