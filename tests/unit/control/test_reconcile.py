"""The control plane dies at every call boundary; the next one leaves no leak and loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from control.engine.driver import ContainerPlan, ContainerState
from control.scopes.endings import BY_OPERATOR, ENGINE_WENT
from control.scopes.limits import ScopeWish
from control.scopes.registry import ScopeRegistry
from control.scopes.scope import ScopeState
from tests.fakes.engine import Crash, FakeEngine, Fuse
from tests.fakes.scopes import House, eventually, usual_limits
from wire.messages import Health

TAXI = ScopeWish(name="taxi")
Story = Callable[[ScopeRegistry, House], Awaitable[None]]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


# ------------------------------------------------------------ death at every boundary


async def opening(registry: ScopeRegistry, _: House) -> None:
    await registry.open("ann", TAXI)


async def closing(registry: ScopeRegistry, _: House) -> None:
    await registry.close("ann", "taxi")


async def restarting(registry: ScopeRegistry, _: House) -> None:
    await registry.restart("ann", "taxi")


async def idle_stopping(registry: ScopeRegistry, house: House) -> None:
    house.clock.advance(4000)
    await registry.reap()


async def waking(registry: ScopeRegistry, house: House) -> None:
    await idle_stopping(registry, house)
    async with registry.use("ann", "taxi"):
        pass


async def filling(registry: ScopeRegistry, _: House) -> None:
    await registry.fill_pool()


async def claiming(registry: ScopeRegistry, _: House) -> None:
    await registry.fill_pool()
    await registry.open("ann", TAXI)


STORIES: dict[str, tuple[Story, bool, int]] = {
    "open": (opening, False, 0),
    "close": (closing, True, 0),
    "restart": (restarting, True, 0),
    "idle stop": (idle_stopping, True, 0),
    "wake": (waking, True, 0),
    "fill": (filling, False, 1),
    "claim": (claiming, False, 1),
}
"""What is done, whether the scope was open before, and the pool's size."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("story", STORIES)
async def test_a_crash_at_any_boundary_leaks_and_loses_nothing(
    tmp_path: Path, story: str, after: bool
) -> None:
    at = 1
    while not await _crash_and_recover(tmp_path / str(at), story, Fuse(at=at, after=after)):
        at += 1

    assert at > 4, "the story has hardly any boundaries: is the fuse connected?"


async def _crash_and_recover(folder: Path, story: str, fuse: Fuse) -> bool:
    """Whether the story came to its end before the fuse was reached."""
    act, is_open_before, pool_size = STORIES[story]
    house = House(folder)
    if is_open_before:
        await _open_before(house)
    answered = await _live_until_crash(house, act, pool_size, fuse)
    limits = usual_limits(pool_size=pool_size)
    async with house.registry(limits) as registry:
        _check_no_leak(house, registry)
        await _check_no_loss(house, registry, story, answered)
        _check_no_leak(house, registry)
    return answered


async def _open_before(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        folder = house.folder / "berths" / scope.sandbox_id / "disk"
        (folder / "files" / "trips.csv").write_text("1")


async def _live_until_crash(house: House, act: Story, pool_size: int, fuse: Fuse) -> bool:
    """One control plane's life, without its background work, so that calls are counted."""
    control = house.control(usual_limits(pool_size=pool_size), Fuse())
    await control.registry.take_up()
    control.set_fuse(fuse)
    try:
        await act(control.registry, house)
    except Crash:
        return False
    finally:
        fuse.blown = True
        await control.end()
    return True


def _check_no_leak(house: House, registry: ScopeRegistry) -> None:
    known = {scope.sandbox_id: scope for scope in registry.everything()}
    held = [c.plan.sandbox_id for c in house.world.containers.values()]

    assert len(held) == len(set(held)), "two containers for one sandbox"
    assert set(held) <= set(known)
    assert set(house.world.disks) == set(known)
    assert {s: u.uid for s, u in known.items()} == house.world.disks
    assert not house.world.uids_reused
    for container in house.world.containers.values():
        assert container.id == known[container.plan.sandbox_id].container_id
        assert container.state is ContainerState.RUNNING


async def _check_no_loss(house: House, registry: ScopeRegistry, story: str, answered: bool) -> None:
    names = [scope.name for scope in registry.list("ann")]
    if story in ("restart", "idle stop", "wake"):
        assert names == ["taxi"]
        sandbox_id = registry.get("ann", "taxi").sandbox_id
        assert (house.folder / "berths" / sandbox_id / "disk/files/trips.csv").exists()
    if answered and story in ("open", "claim"):
        assert names == ["taxi"]
    if answered and story == "close":
        assert names == []
    if not names:
        await registry.open("ann", TAXI)
    async with registry.use("ann", "taxi"):
        assert registry.get("ann", "taxi").state is ScopeState.BUSY


# ------------------------------------------------------------ adoption


async def test_a_running_scope_is_adopted_as_it_was(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        before = scope.container_id
    async with house.registry() as registry:
        adopted = registry.get("ann", "taxi")

        assert adopted.state is ScopeState.IDLE
        assert adopted.container_id == before
        assert (adopted.uid, adopted.created) == (scope.uid, scope.created)


async def test_strangers_are_never_touched(house: House) -> None:
    stranger = _plan(house, {"geoscope.installation": "another", "geoscope.sandbox": "x"})
    unlabelled = _plan(house, {})
    engine = FakeEngine(house.world, agent_factory=None)
    for plan in (stranger, unlabelled):
        await engine.start(await engine.create(plan))
    async with house.registry() as registry:
        await registry.open("ann", TAXI)

    assert len(house.world.containers) == 3


async def test_an_orphan_of_ours_is_removed(house: House) -> None:
    control = house.control()
    labels = {"geoscope.installation": control.database.installation, "geoscope.sandbox": "x"}
    engine = FakeEngine(house.world, agent_factory=None)
    await engine.create(_plan(house, labels))
    await control.registry.start()

    assert not house.world.containers
    await control.end()


async def test_a_disk_without_a_scope_is_removed(house: House) -> None:
    async with house.registry():
        pass
    (house.folder / "berths" / "x" / "disk").mkdir(parents=True)
    async with house.registry():
        assert not (house.folder / "berths" / "x").exists()


@pytest.mark.parametrize(("exit_code", "state"), [(143, ScopeState.STOPPED), (70, ScopeState.DEAD)])
async def test_a_container_that_ended_meanwhile(
    house: House, exit_code: int, state: ScopeState
) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
        container = house.container(registry, "ann", "taxi")
    await house.world.end(container, exit_code)
    async with house.registry() as registry:
        assert registry.get("ann", "taxi").state is state
        assert registry.get("ann", "taxi").reason


async def test_a_container_that_vanished_meanwhile_is_made_again_at_the_next_use(
    house: House,
) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
        container = house.container(registry, "ann", "taxi")
    await house.world.remove(container)
    async with house.registry() as registry:
        assert registry.get("ann", "taxi").state is ScopeState.STOPPED
        async with registry.use("ann", "taxi"):
            pass

        assert registry.get("ann", "taxi").state is ScopeState.IDLE


async def test_an_agent_of_another_protocol_is_dead(house: House) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
        container = house.container(registry, "ann", "taxi")
    container.plan = replace(
        container.plan, labels={**container.plan.labels, "geoscope.protocol": "0"}
    )
    async with house.registry() as registry:
        scope = registry.get("ann", "taxi")

        assert (scope.state, scope.reason) == (ScopeState.DEAD, "protocol_too_old")


async def test_an_agent_that_says_another_protocol_is_dead(house: House) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
    house.healths["*"] = Health(protocol=0, ready=True)
    async with house.registry() as registry:
        scope = registry.get("ann", "taxi")

        assert scope.state is ScopeState.DEAD
        assert "protocol_too_old" in (scope.reason or "")


async def test_a_paused_container_stays_paused(house: House) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
        house.world.pause(house.container(registry, "ann", "taxi"))
    async with house.registry() as registry:
        scope = registry.get("ann", "taxi")
        assert scope.state is ScopeState.PAUSED
        await eventually(lambda: bool(house.world.listeners))
        house.world.unpause(house.container(registry, "ann", "taxi"))
        await eventually(lambda: scope.state is ScopeState.IDLE)


async def test_a_start_without_an_engine_recovers_by_itself(house: House) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
    house.world.go_down()
    async with house.registry() as registry:
        assert registry.engine_problem is not None
        assert [s.name for s in registry.list("ann")] == ["taxi"]
        house.world.come_up()
        await asyncio.sleep(0)
        house.clock.advance(60)
        await eventually(lambda: registry.engine_problem is None)
        async with registry.use("ann", "taxi") as agent:
            assert agent is not None


async def test_what_an_engine_stops_before_it_goes_is_no_operators_doing(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        await eventually(lambda: bool(house.world.listeners))
        container = house.container(registry, "ann", "taxi")
        house.world.tell(container, "kill")
        await house.world.end(container, 143)
        await eventually(lambda: scope.reason == BY_OPERATOR)
        house.world.go_down()

        await eventually(lambda: scope.reason == ENGINE_WENT)
        assert scope.state is ScopeState.STOPPED


async def test_what_an_operator_stopped_long_before_stays_so(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        await eventually(lambda: bool(house.world.listeners))
        container = house.container(registry, "ann", "taxi")
        house.world.tell(container, "kill")
        await house.world.end(container, 143)
        await eventually(lambda: scope.reason == BY_OPERATOR)
        house.clock.advance(30)
        house.world.go_down()
        await eventually(lambda: registry.engine_problem is not None)

        assert scope.reason == BY_OPERATOR


async def test_what_a_returning_engine_killed_is_stopped_and_not_dead(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        await eventually(lambda: bool(house.world.listeners))
        container = house.container(registry, "ann", "taxi")
        house.world.go_down()
        await eventually(lambda: registry.engine_problem is not None)
        await house.world.end(container, 137)
        house.world.come_up()
        house.clock.advance(1)
        await eventually(lambda: scope.state is ScopeState.STOPPED)

        assert scope.reason == ENGINE_WENT


def _plan(house: House, labels: dict[str, str]) -> ContainerPlan:
    return ContainerPlan(
        name=f"other-{len(labels)}",
        sandbox_id="x",
        uid=1,
        gid=1,
        labels=labels,
        image="any",
        memory_bytes=1,
        cpus=1,
        pids=1,
        scope_dir=house.folder,
    )
