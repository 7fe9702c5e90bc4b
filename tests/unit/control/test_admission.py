"""Who may come in: refusals with their numbers, a pool that gives way, promises that are kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from control.errors import EngineUnavailable, NoCapacity
from control.scopes.capacity import START_BYTES, Rules
from control.scopes.limits import GIB, Limits, ScopeWish
from control.scopes.registry import ScopeRegistry
from control.scopes.scope import ScopeState
from tests.fakes.scopes import FakeHost, House, eventually, usual_limits

SMALL = Limits(memory_bytes=2 * GIB)
POOL = usual_limits(pool_size=1, each=SMALL)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A host of 5 GiB, of which 4 may be promised."""
    return House(tmp_path, room=FakeHost(5 * GIB), rules=Rules(reserve_bytes=GIB))


def states(registry: ScopeRegistry) -> dict[str, ScopeState]:
    return {scope.name: scope.state for scope in registry.list_all()}


async def test_one_too_many_is_refused_with_the_numbers_and_leaves_nothing(house: House) -> None:
    async with house.registry() as registry:
        for name in ("a", "b"):
            await registry.open("ann", ScopeWish(name=name))
        with pytest.raises(NoCapacity, match=r"2\.00 GiB asked, 4\.00 GiB promised to others"):
            await registry.open("ann", ScopeWish(name="c"))

        assert set(states(registry)) == {"a", "b"}
        assert len(house.world.disks) == 2
        await registry.close("ann", "a")
        await registry.open("ann", ScopeWish(name="c"))


async def test_of_many_at_once_only_those_come_in_that_fit(house: House) -> None:
    async with house.registry() as registry:
        opens = (registry.open("ann", ScopeWish(name=f"s{n}")) for n in range(6))
        found = await asyncio.gather(*opens, return_exceptions=True)

        assert sorted(type(one).__name__ for one in found) == ["NoCapacity"] * 4 + ["Scope"] * 2
        assert len(house.world.containers) == 2


async def test_what_is_not_there_now_is_refused_whatever_is_promised(house: House) -> None:
    house.room = FakeHost(5 * GIB, available_bytes=GIB + START_BYTES - 1)
    async with house.registry() as registry:
        with pytest.raises(NoCapacity, match=r"needed to start, 1\.59 GiB available now"):
            await registry.open("ann", ScopeWish())
        house.room.available_bytes = GIB + START_BYTES
        await registry.open("ann", ScopeWish())


async def test_a_full_disk_is_refused(house: House) -> None:
    house.room = FakeHost(5 * GIB, disk_free_bytes=1)
    async with house.registry() as registry:
        with pytest.raises(NoCapacity, match=r"the disk of the state directory has 0\.00 GiB left"):
            await registry.open("ann", ScopeWish())


async def test_the_pool_gives_way_to_who_needs_the_room(house: House) -> None:
    async with house.registry(POOL) as registry:
        await eventually(lambda: registry.pool_size() == 1)
        scope = await registry.open("ann", ScopeWish(memory_bytes=GIB + 1))
        other = await registry.open("bob", ScopeWish(memory_bytes=GIB + 1))

        assert not scope.from_pool
        assert not other.from_pool
        assert registry.pool_size() == 0
        assert len(house.world.containers) == len(house.world.disks) == 2
        assert registry.pool_held_back() is not None
        await registry.close("ann", scope.name)
        await eventually(lambda: registry.pool_size() == 1)


async def test_the_last_of_the_pool_is_claimed_and_not_closed(house: House) -> None:
    async with house.registry(POOL) as registry:
        await eventually(lambda: registry.pool_size() == 1)
        first = await registry.open("ann", ScopeWish())
        await eventually(lambda: registry.pool_size() == 1)
        second = await registry.open("ann", ScopeWish())

        assert first.from_pool
        assert second.from_pool
        with pytest.raises(NoCapacity):
            await registry.open("ann", ScopeWish())


async def test_a_pool_without_room_waits_and_is_no_failure(house: House) -> None:
    house.room = FakeHost(2 * GIB)
    async with house.registry(POOL) as registry:
        await eventually(lambda: registry.pool_held_back() is not None)
        assert registry.pool_size() == 0

        house.room.memory_bytes = 5 * GIB
        house.clock.advance(15)
        await eventually(lambda: registry.pool_size() == 1)
        assert registry.pool_held_back() is None


async def test_the_pool_is_not_filled_while_the_server_drains(house: House) -> None:
    async with house.registry(POOL) as registry:
        await eventually(lambda: registry.pool_size() == 1)
        registry.drain.begin()
        await registry.close_by_id(registry.everything()[0].sandbox_id)
        await eventually(lambda: registry.pool_held_back() == "the server is draining")

        assert registry.pool_size() == 0


async def test_a_stopped_scope_without_room_stays_stopped_and_whole(house: House) -> None:
    async with house.registry() as registry:
        for name in ("a", "b"):
            await registry.open("ann", ScopeWish(name=name, idle_timeout_s=5))
        house.clock.advance(5)
        await registry.reap()
        for name in ("c", "d"):
            await registry.open("ann", ScopeWish(name=name))

        with pytest.raises(NoCapacity):
            async with registry.use("ann", "a"):
                pass
        with pytest.raises(NoCapacity):
            await registry.restart("ann", "b")

        assert states(registry)["a"] is states(registry)["b"] is ScopeState.STOPPED
        await registry.close("ann", "c")
        async with registry.use("ann", "a"):
            assert states(registry)["a"] is ScopeState.BUSY


async def test_a_running_scope_restarts_on_a_full_host(house: House) -> None:
    async with house.registry() as registry:
        for name in ("a", "b"):
            await registry.open("ann", ScopeWish(name=name))
        await registry.restart("ann", "a")

        assert states(registry) == {"a": ScopeState.IDLE, "b": ScopeState.IDLE}


async def test_waking_makes_the_pool_give_way(house: House) -> None:
    async with house.registry(POOL) as registry:
        await eventually(lambda: registry.pool_size() == 1)
        for name in ("a", "b"):
            await registry.open("ann", ScopeWish(name=name, idle_timeout_s=5))
            await eventually(
                lambda: registry.pool_held_back() is not None or bool(registry.pool_size())
            )
        house.clock.advance(5)
        await registry.reap()
        await registry.fill_pool()
        assert registry.pool_size() == 1
        for name in ("a", "b"):
            async with registry.use("ann", name):
                pass

        assert registry.pool_size() == 0
        assert len(house.world.containers) == 2


async def test_the_engines_machine_counts_where_it_is_another(house: House) -> None:
    house.world.memory_bytes = 3 * GIB
    async with house.registry() as registry:
        await registry.open("ann", ScopeWish())
        with pytest.raises(NoCapacity, match=r"the host has 3\.00 GiB"):
            await registry.open("ann", ScopeWish())


async def test_an_engine_that_is_away_does_not_stop_the_start(house: House) -> None:
    house.world.go_down()
    async with house.registry() as registry:
        with pytest.raises(EngineUnavailable):
            await registry.open("ann", ScopeWish())
        occupancy = registry.occupancy()

        assert occupancy is not None
        assert occupancy.promisable == 4 * GIB


async def test_an_engine_that_goes_while_the_pool_gives_way_leaves_no_name_behind(
    house: House,
) -> None:
    async with house.registry(POOL) as registry:
        await eventually(lambda: registry.pool_size() == 1)
        await registry.open("ann", ScopeWish(memory_bytes=GIB + 1, name="a"))
        house.world.go_down()
        with pytest.raises(EngineUnavailable):
            await registry.open("bob", ScopeWish(memory_bytes=GIB + 1, name="b"))

        assert set(states(registry)) == {"a"}
        house.world.come_up()
        house.clock.advance(60)
        await eventually(lambda: registry.engine_problem is None)
        await registry.open("bob", ScopeWish(memory_bytes=GIB + 1, name="b"))


async def test_of_two_who_need_the_pools_room_both_get_theirs(house: House) -> None:
    house.room = FakeHost(9 * GIB)
    async with house.registry(usual_limits(pool_size=2, each=SMALL)) as registry:
        await eventually(lambda: registry.pool_size() == 2)
        wish = ScopeWish(memory_bytes=GIB * 2 - 1)
        opens = (
            registry.open("ann", ScopeWish(name=f"s{n}", memory_bytes=wish.memory_bytes))
            for n in range(4)
        )
        await asyncio.gather(*opens)

        assert len(registry.list("ann")) == 4
        assert registry.pool_size() == 0
        assert len(house.world.containers) == 4
