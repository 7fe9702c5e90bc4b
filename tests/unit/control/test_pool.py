"""The pool: started ahead, claimed by mapping and name, refilled."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from control.engine.driver import SCOPE_LABEL, USER_LABEL
from control.errors import EngineError
from control.scopes.limits import GIB, ScopeWish
from control.scopes.registry import ScopeRegistry
from control.scopes.scope import ScopeState
from tests.fakes.scopes import READY, House, eventually, usual_limits
from wire.messages import Health

TAXI = ScopeWish(name="taxi")
ONE = usual_limits(pool_size=1)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def filled(registry: ScopeRegistry, size: int = 1) -> bool:
    pooled = [s for s in registry.everything() if s.is_pooled]
    return len(pooled) == size == registry.pool_size()


async def test_it_is_filled_in_the_background_and_owned_by_nobody(house: House) -> None:
    async with house.registry(usual_limits(pool_size=2)) as registry:
        await eventually(lambda: filled(registry, 2))

        assert registry.list_all() == []
        for container in house.world.containers.values():
            assert container.name.startswith("gs-pool-")
            assert not {USER_LABEL, SCOPE_LABEL} & set(container.plan.labels)


async def test_a_scope_of_usual_limits_takes_one_and_its_name(house: House) -> None:
    async with house.registry(ONE) as registry:
        await eventually(lambda: filled(registry))
        (ready,) = house.world.containers
        scope = await registry.open("ann", TAXI)

        assert scope.from_pool
        assert scope.container_id == ready
        assert house.world.containers[ready].name == "gs-ann-taxi"
        assert scope.created == house.clock.now()
        await eventually(lambda: filled(registry))


async def test_two_opens_at_once_get_two_sandboxes(house: House) -> None:
    async with house.registry(ONE) as registry:
        await eventually(lambda: filled(registry))
        first = await registry.open("ann", TAXI)
        second = await registry.open("bob", TAXI)

        assert first.sandbox_id != second.sandbox_id
        assert first.uid != second.uid


async def test_other_limits_start_cold(house: House) -> None:
    async with house.registry(ONE) as registry:
        await eventually(lambda: filled(registry))
        scope = await registry.open("ann", ScopeWish(memory_bytes=GIB))

        assert not scope.from_pool


async def test_times_of_its_own_do_not_need_a_cold_start(house: House) -> None:
    async with house.registry(ONE) as registry:
        await eventually(lambda: filled(registry))
        scope = await registry.open("ann", ScopeWish(idle_timeout_s=5, ttl_s=60))

        assert scope.from_pool
        assert scope.limits.idle_timeout_s == 5
        assert scope.ends == house.clock.now() + 60


async def test_one_that_died_unseen_is_made_anew_for_who_asked(house: House) -> None:
    async with house.registry(ONE) as registry:
        await eventually(lambda: filled(registry) and bool(house.world.listeners))
        (container,) = house.world.containers.values()
        house.world.listeners.clear()
        await house.world.end(container, 70)
        scope = await registry.open("ann", TAXI)

        assert not scope.from_pool
        assert scope.state is ScopeState.IDLE
        assert container.id not in house.world.containers


async def test_one_that_dies_while_it_is_claimed_is_made_anew(house: House) -> None:
    async with house.registry(ONE) as registry:
        await eventually(lambda: filled(registry) and bool(house.world.listeners))
        (container,) = house.world.containers.values()
        await house.world.remove(container)
        scope = await registry.open("ann", TAXI)

        assert scope.state is ScopeState.IDLE
        assert [c.name for c in house.world.of(scope.sandbox_id)] == ["gs-ann-taxi"]


async def test_one_that_dies_is_replaced(house: House) -> None:
    async with house.registry(ONE) as registry:
        await eventually(lambda: filled(registry) and bool(house.world.listeners))
        (container,) = house.world.containers.values()
        await house.world.end(container, 70)
        await eventually(lambda: filled(registry) and container.id not in house.world.containers)

        assert len(house.world.disks) == 1


@pytest.mark.parametrize("size", [0, 1])
async def test_a_smaller_pool_than_before_gives_back_what_is_too_much(
    house: House, size: int
) -> None:
    async with house.registry(usual_limits(pool_size=3)) as registry:
        await eventually(lambda: filled(registry, 3))
    async with house.registry(usual_limits(pool_size=size)) as registry:
        await eventually(lambda: filled(registry, size))

        assert len(house.world.containers) == len(house.world.disks) == size
        scope = await registry.open("ann", TAXI)
        assert scope.from_pool == bool(size)


async def test_the_next_control_plane_takes_the_pool_over(house: House) -> None:
    async with house.registry(ONE) as registry:
        await eventually(lambda: filled(registry))
        (before,) = house.world.containers
    async with house.registry(ONE) as registry:
        scope = await registry.open("ann", TAXI)

        assert scope.container_id == before


async def test_the_next_version_makes_its_own(house: House) -> None:
    async with house.registry(ONE) as registry:
        await eventually(lambda: filled(registry))
        (before,) = house.world.containers
    async with house.registry(usual_limits(pool_size=1, version="2.0")) as registry:
        await eventually(lambda: filled(registry))

        assert before not in house.world.containers


async def test_a_failure_is_tried_again(house: House) -> None:
    control = house.control(ONE)
    control.engine.fails["create"] = [EngineError("create a container", "not now")]
    await control.registry.start()
    await eventually(lambda: not control.engine.fails["create"] and not house.world.disks)
    assert control.registry.pool_size() == 0
    house.clock.advance(2)
    await eventually(lambda: filled(control.registry))
    await control.end()


async def test_it_is_not_filled_while_a_scope_of_somebodys_starts(house: House) -> None:
    async with house.registry(ONE) as registry:
        await eventually(lambda: filled(registry))
        house.healths["*"] = Health(ready=False, stage="spark")
        opening = asyncio.create_task(registry.open("ann", ScopeWish(memory_bytes=GIB)))
        await eventually(lambda: bool(registry.list_all()))
        (sandbox,) = (s for s in registry.everything() if s.is_pooled)
        await registry.close_by_id(sandbox.sandbox_id)
        await eventually(lambda: registry.pool_held_back() == "a scope is starting")
        assert len(house.world.containers) == 1

        house.healths["*"] = READY
        await opening
        await eventually(lambda: filled(registry))
