"""The host's clock is set by a day, forward or back: what was promised is kept, to the second."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from control.audit import Audit
from control.query_service.jobs import JobBoard
from control.query_service.records import Record
from control.query_service.under_way import Directory
from control.scopes.endings import KILLED
from control.scopes.limits import ScopeWish
from control.scopes.registry import ScopeRegistry
from control.scopes.scope import ScopeState
from control.scopes.wait import LEAST_JUMP_S, Jumps, WallClock
from control.store.accounts import AccountStore
from control.store.database import Database
from control.store.events import EventStore, Wanted
from control.store.query_jobs import JobStore
from tests.fakes.scopes import FakeClock, House, eventually
from wire.messages import JobResult

DAY_S = 86_400.0
BOTH_WAYS = pytest.mark.parametrize("by_s", [DAY_S, -DAY_S], ids=["forward", "back"])
TAXI = ScopeWish(name="taxi", idle_timeout_s=100, ttl_s=1000)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "house")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "state", durable=False)
    yield database
    database.close()


async def ends_after(house: House, registry: ScopeRegistry, seconds: float) -> None:
    """The scope `taxi` is as it is for that long, and not longer."""
    scope = registry.get("ann", "taxi")
    before = scope.state
    house.clock.advance(seconds - 1)
    await registry.reap()
    assert scope.state is before
    house.clock.advance(1)
    await registry.reap()
    assert scope.state is not before


@BOTH_WAYS
async def test_an_idle_scope_is_stopped_when_it_was_idle_for_its_time(
    house: House, by_s: float
) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
        house.clock.advance(40)
        house.clock.set_by(by_s)
        await registry.reap()

        await ends_after(house, registry, 60)


@BOTH_WAYS
async def test_a_use_after_the_clock_was_set_counts_from_then(house: House, by_s: float) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
        house.clock.set_by(by_s)
        async with registry.use("ann", "taxi"):
            house.clock.advance(0)

        await ends_after(house, registry, 100)


@BOTH_WAYS
async def test_a_scope_opened_after_the_clock_was_set_lives_its_time(
    house: House, by_s: float
) -> None:
    async with house.registry() as registry:
        house.clock.set_by(by_s)
        scope = await registry.open("ann", ScopeWish(name="taxi", ttl_s=1000))

        assert scope.ends == house.clock.now() + 1000
        house.clock.advance(999)
        await registry.reap()
        assert [each.name for each in registry.list("ann")] == ["taxi"]


@BOTH_WAYS
async def test_a_scope_is_deleted_when_it_lived_for_its_time(house: House, by_s: float) -> None:
    async with house.registry() as registry:
        await registry.open("ann", ScopeWish(name="taxi", ttl_s=1000))
        async with registry.use("ann", "taxi"):
            house.clock.advance(500)
            house.clock.set_by(by_s)
            await registry.reap()
            house.clock.advance(499)
            await registry.reap()

            assert [scope.name for scope in registry.list("ann")] == ["taxi"]
        house.clock.advance(1)
        await eventually(lambda: registry.list("ann") == [])


@BOTH_WAYS
async def test_users_see_times_of_the_clock_as_it_is(house: House, by_s: float) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        house.clock.advance(10)
        house.clock.set_by(by_s)
        await registry.reap()

        assert scope.created == scope.last_used == house.clock.now() - 10
        assert scope.ends == house.clock.now() + 990


@BOTH_WAYS
async def test_moved_times_are_in_the_store(house: House, by_s: float) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
        house.clock.set_by(by_s)
        await registry.reap()
    async with house.registry() as registry:
        assert registry.get("ann", "taxi").ends == house.clock.now() + 1000

        await ends_after(house, registry, 100)


async def test_a_clock_set_back_while_nobody_looked_makes_no_scope_live_for_ever(
    house: House,
) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
    house.clock.set_by(-DAY_S)
    async with house.registry() as registry:
        await ends_after(house, registry, 100)


@BOTH_WAYS
async def test_why_a_scope_ended_is_told_right(house: House, by_s: float) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        await eventually(lambda: bool(house.world.listeners))
        container = house.container(registry, "ann", "taxi")
        house.world.tell(container, "kill")
        await eventually(lambda: not house.world.listeners[0][1].qsize())
        house.clock.set_by(by_s)
        await house.world.end(container, 137)
        await eventually(lambda: scope.state is ScopeState.DEAD)

        assert scope.reason == KILLED


@BOTH_WAYS
def test_a_result_is_kept_for_its_time(house: House, database: Database, by_s: float) -> None:
    store, control = JobStore(database), house.control()
    board = JobBoard(store, control.registry, Directory(), house.clock)
    record = Record(
        number=board.number(),
        request_id="r",
        owner="ann",
        sandbox_id="s",
        scope="taxi",
        created=house.clock.now(),
        ttl_s=100.0,
        state="success",
        ended=house.clock.now(),
    )
    record.keep([JobResult(index=0, rows=1, size=2)])
    board.add(record)
    house.clock.advance(40)
    house.clock.set_by(by_s)
    board.sweep()

    house.clock.advance(59)
    assert board.find("ann", record.number) is record
    house.clock.advance(1)
    assert board.find("ann", record.number) is None
    control.database.close()


def test_a_clock_set_forward_erases_no_audit(database: Database) -> None:
    clock = FakeClock()
    audit = Audit(EventStore(database), most=10, ttl_s=3600, clock=clock)
    audit.note("user_added", owner="ann")
    clock.set_by(400 * DAY_S)
    audit.forget_old()
    kept = [event.owner for event in audit.page(Wanted())]
    clock.advance(3601)
    audit.forget_old()

    assert kept == ["ann"]
    assert audit.page(Wanted()) == []


def test_a_clock_that_was_wrong_for_a_month_brings_no_revoked_token_back(
    database: Database,
) -> None:
    store = AccountStore(database)
    store.revoke("old", time.time() - 30 * DAY_S)
    store.revoke("other", time.time() + DAY_S)

    assert store.is_revoked("old")


def test_time_that_passes_is_no_jump() -> None:
    clock = FakeClock()
    jumps = Jumps(clock)
    clock.advance(DAY_S)
    clock.set_by(LEAST_JUMP_S / 2)

    assert jumps.taken() == 0.0


def test_a_jump_is_told_once() -> None:
    clock = FakeClock()
    jumps = Jumps(clock)
    clock.set_by(-DAY_S)
    clock.advance(5)

    assert (jumps.taken(), jumps.taken()) == (-DAY_S, 0.0)


def test_the_hosts_clock_does_not_jump_by_itself() -> None:
    assert Jumps(WallClock()).taken() == 0.0
