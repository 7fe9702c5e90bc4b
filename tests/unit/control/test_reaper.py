"""What is idle stops, what has ended goes, what is dead is cleared away; by the clock alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from control.errors import EngineError, ScopeNotFound
from control.scopes.limits import MIB, ScopeWish
from control.scopes.registry import ScopeRegistry
from control.scopes.scope import ScopeState
from tests.fakes.scopes import House, eventually, usual_limits

TAXI = ScopeWish(name="taxi", idle_timeout_s=100)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_an_idle_scope_is_stopped_and_keeps_its_files(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        house.clock.advance(101)
        await eventually(lambda: scope.state is ScopeState.STOPPED)

        assert scope.reason == "idle"
        assert not house.world.containers
        assert list(house.world.disks) == [scope.sandbox_id]


async def test_its_next_use_wakes_it_in_its_old_berth(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        before = (scope.sandbox_id, scope.uid)
        house.clock.advance(101)
        await eventually(lambda: scope.state is ScopeState.STOPPED)
        async with registry.use("ann", "taxi"):
            assert scope.state is ScopeState.BUSY

        assert (scope.sandbox_id, scope.uid) == before
        assert scope.reason is None


async def test_idle_counts_from_the_end_of_the_last_work(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        house.clock.advance(99)
        async with registry.use("ann", "taxi"):
            pass
        house.clock.advance(99)
        await registry.reap()
        assert scope.state is ScopeState.IDLE
        house.clock.advance(2)
        await eventually(lambda: scope.state is ScopeState.STOPPED)


async def test_a_short_timeout_does_not_wait_for_the_next_round(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", ScopeWish(name="taxi", idle_timeout_s=5))
        async with registry.use("ann", "taxi"):
            await asyncio.sleep(0)
        house.clock.advance(5)
        await eventually(lambda: scope.state is ScopeState.STOPPED)


async def test_a_busy_scope_is_never_idle(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        async with registry.use("ann", "taxi"):
            house.clock.advance(10_000)
            await registry.reap()

            assert scope.state is ScopeState.BUSY


async def test_a_command_that_waits_is_work_too(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        async with registry.command("ann", "taxi"):
            waiting = asyncio.create_task(_command(registry))
            await eventually(lambda: registry.waiting_commands("ann", "taxi") == 1)

            assert scope.in_flight == 2
        await waiting


async def test_a_ttl_deletes_even_a_busy_scope(house: House) -> None:
    async with house.registry() as registry:
        await registry.open("ann", ScopeWish(name="taxi", ttl_s=50))
        async with registry.use("ann", "taxi"):
            house.clock.advance(51)
            await eventually(lambda: not house.world.disks)
        with pytest.raises(ScopeNotFound):
            registry.get("ann", "taxi")


async def test_a_dead_scopes_container_is_kept_for_its_logs_for_a_while(house: House) -> None:
    async with house.registry(usual_limits(dead_keep_s=30.0)) as registry:
        scope = await registry.open("ann", TAXI)
        await eventually(lambda: bool(house.world.listeners))
        await house.world.end(house.container(registry, "ann", "taxi"), 70)
        await eventually(lambda: scope.state is ScopeState.DEAD)
        house.clock.advance(29)
        await registry.reap()
        assert await registry.logs("ann", "taxi", 5)
        house.clock.advance(2)
        await registry.reap()

        assert not house.world.containers
        assert scope.state is ScopeState.DEAD
        assert list(house.world.disks) == [scope.sandbox_id]


async def test_a_failed_stop_is_tried_again(house: House) -> None:
    control = house.control()
    await control.registry.start()
    scope = await control.registry.open("ann", TAXI)
    control.engine.fails["remove"] = [EngineError("remove a container", "not now")]
    house.clock.advance(101)
    await eventually(lambda: not control.engine.fails["remove"])
    house.clock.advance(61)
    await eventually(lambda: scope.state is ScopeState.STOPPED and scope.intent is None)

    assert not house.world.containers
    await control.end()


async def test_the_last_use_outlives_the_control_plane(house: House) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
        house.clock.advance(50)
        async with registry.use("ann", "taxi"):
            pass
        used = registry.get("ann", "taxi").last_used
    async with house.registry() as registry:
        assert registry.get("ann", "taxi").last_used == used


async def test_a_scope_over_a_soft_disk_bound_is_stopped(house: House) -> None:
    control = house.control()
    control.berths.is_hard = False
    await control.registry.start()
    wish = ScopeWish(name="taxi", disk_bytes=64 * MIB)
    scope = await control.registry.open("ann", wish)
    file = house.folder / "berths" / scope.sandbox_id / "disk/files/large"
    with file.open("wb") as large:
        large.truncate(65 * MIB)
    house.clock.advance(10)
    await eventually(lambda: scope.state is ScopeState.STOPPED)

    assert "disk is over" in (scope.reason or "")
    await control.end()


async def _command(registry: ScopeRegistry) -> None:
    async with registry.command("ann", "taxi"):
        pass


async def test_an_agent_that_does_not_end_is_told_and_the_reason_says_so(house: House) -> None:
    async with house.registry() as registry:
        await registry.open("ann", ScopeWish(name="taxi", idle_timeout_s=5))
        house.deaf.add(registry.get("ann", "taxi").sandbox_id)
        house.clock.advance(5)
        await registry.reap()

        scope = registry.get("ann", "taxi")
        assert scope.state is ScopeState.STOPPED
        assert scope.reason == (
            "idle; its agent did not end when it was asked to, SIGTERM was needed"
        )
