"""What routes may ask of scopes: by facts, over a fake engine that keeps its contract."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path

import pytest

from control.engine.driver import ContainerState
from control.errors import (
    BadName,
    BadParameter,
    DeadlineExceeded,
    EngineError,
    EngineUnavailable,
    NoCapacity,
    QuotaExceeded,
    ScopeDead,
    ScopeExists,
    ScopeNotFound,
    ScopePaused,
    TooManyCommands,
)
from control.scopes.limits import GIB, Limits, Quota, ScopeWish
from control.scopes.registry import ScopeRegistry
from control.scopes.scope import ScopeState
from control.scopes.wait import Deadline
from control.store.events import EventStore, Wanted
from tests.fakes.scopes import House, eventually, usual_limits
from wire.messages import Health, HealthRequest

TAXI = ScopeWish(name="taxi")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_open_makes_a_ready_scope_in_its_own_labelled_container(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        container = house.container(registry, "ann", "taxi")

        assert scope.state is ScopeState.IDLE
        assert container.name == "gs-ann-taxi"
        assert container.plan.uid == scope.uid == container.plan.gid
        assert container.plan.labels["geoscope.user"] == "ann"
        assert container.plan.labels["geoscope.scope"] == "taxi"
        assert container.plan.labels["geoscope.sandbox"] == scope.sandbox_id


async def test_without_a_name_it_is_a_uuid_in_hex(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", ScopeWish())

        assert len(scope.name) == 32
        assert int(scope.name, 16) >= 0


@pytest.mark.parametrize("name", ["", "-a", ".a", "a b", "a/b", "ä", "a" * 64, "a\n"])
async def test_a_bad_name_is_refused(house: House, name: str) -> None:
    async with house.registry() as registry:
        with pytest.raises(BadName):
            await registry.open("ann", ScopeWish(name=name))


async def test_a_name_is_taken_per_user(house: House) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
        await registry.open("bob", TAXI)
        with pytest.raises(ScopeExists, match="sorry, scope taxi already exists!"):
            await registry.open("ann", TAXI)


async def test_users_whose_containers_would_share_a_name_get_two(house: House) -> None:
    async with house.registry() as registry:
        await registry.open("a", ScopeWish(name="b-c"))
        scope = await registry.open("a-b", ScopeWish(name="c"))

        names = {c.name for c in house.world.containers.values()}
        assert names == {"gs-a-b-c", f"gs-a-b-c-{scope.sandbox_id[:6]}"}


async def test_of_two_opens_at_once_one_wins(house: House) -> None:
    async with house.registry() as registry:
        results = await asyncio.gather(
            registry.open("ann", TAXI), registry.open("ann", TAXI), return_exceptions=True
        )

        assert sorted(type(r).__name__ for r in results) == ["Scope", "ScopeExists"]
        assert len(house.world.containers) == 1


async def test_another_users_scope_does_not_exist(house: House) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
        with pytest.raises(ScopeNotFound, match="scope taxi not found!"):
            registry.get("bob", "taxi")


async def test_close_leaves_nothing(house: House) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
        await registry.close("ann", "taxi")

        assert not house.world.containers
        assert not house.world.disks
        assert registry.list("ann") == []


async def test_close_twice_says_not_found(house: House) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
        await registry.close("ann", "taxi")
        with pytest.raises(ScopeNotFound):
            await registry.close("ann", "taxi")


async def test_close_during_open_ends_with_it_gone(house: House) -> None:
    house.healths["*"] = Health(ready=False, stage="spark")
    async with house.registry() as registry:
        opening = asyncio.create_task(registry.open("ann", TAXI))
        await eventually(lambda: bool(house.world.containers))
        await registry.close("ann", "taxi")

        with pytest.raises(ScopeNotFound):
            await opening
        assert not house.world.containers
        assert not house.world.disks


async def test_an_open_runs_on_when_its_client_leaves(house: House) -> None:
    house.healths["*"] = Health(ready=False, stage="spark")
    async with house.registry() as registry:
        opening = asyncio.create_task(registry.open("ann", TAXI))
        await eventually(lambda: bool(house.world.containers))
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        house.healths["*"] = Health(ready=True)
        async with registry.use("ann", "taxi"):
            pass

        assert registry.get("ann", "taxi").state is ScopeState.IDLE


async def test_an_agent_that_never_gets_ready_fails_the_open_with_its_stage(house: House) -> None:
    house.healths["*"] = Health(ready=False, stage="catalog")
    async with house.registry(usual_limits(start_timeout_s=0.02)) as registry:
        with pytest.raises(DeadlineExceeded, match="catalog"):
            await registry.open("ann", TAXI)

        assert not house.world.containers
        assert registry.list("ann") == []


async def test_an_engine_without_room_says_no_capacity(house: House) -> None:
    control = house.control()
    control.engine.fails["start"] = [EngineError("start a container", "no memory")]
    await control.registry.start()
    with pytest.raises(NoCapacity, match="no memory"):
        await control.registry.open("ann", TAXI)

    assert not house.world.containers
    assert not house.world.disks
    await control.end()


async def test_a_full_host_disk_says_no_capacity(house: House) -> None:
    control = house.control()
    control.berths.fails = [OSError(28, "No space left on device")]
    await control.registry.start()
    with pytest.raises(NoCapacity, match="No space left"):
        await control.registry.open("ann", TAXI)
    await control.end()


async def test_uids_run_out_as_no_capacity_and_come_back(house: House) -> None:
    async with house.registry(usual_limits(uid_first=5, uid_last=5)) as registry:
        await registry.open("ann", TAXI)
        with pytest.raises(NoCapacity, match="uid"):
            await registry.open("bob", TAXI)
        await registry.close("ann", "taxi")
        scope = await registry.open("bob", TAXI)

        assert scope.uid == 5
        assert not house.world.uids_reused


async def test_uids_begin_where_the_installation_s_own_do(house: House) -> None:
    async with house.registry(usual_limits(uid_first=5, uid_last=7, uid_start=2)) as registry:
        uids = [(await registry.open(owner, TAXI)).uid for owner in ("ann", "bob", "eve")]

    assert uids == [7, 5, 6]


async def test_the_number_of_scopes_is_bounded_per_user(house: House) -> None:
    house.quotas["bob"] = Quota(scopes=2)
    async with house.registry(usual_limits(scopes_per_user=1)) as registry:
        await registry.open("ann", TAXI)
        await registry.open("bob", ScopeWish())
        await registry.open("bob", ScopeWish())
        for owner in ("ann", "bob"):
            with pytest.raises(QuotaExceeded):
                await registry.open(owner, ScopeWish())


async def test_a_wish_beyond_the_quota_names_the_parameter(house: House) -> None:
    async with house.registry() as registry:
        with pytest.raises(BadParameter, match="memory"):
            await registry.open("ann", ScopeWish(memory_bytes=64 * GIB))


async def test_less_than_usual_reaches_the_container(house: House) -> None:
    async with house.registry() as registry:
        await registry.open("ann", ScopeWish(name="taxi", memory_bytes=GIB, cpus=1))
        plan = house.container(registry, "ann", "taxi").plan

        assert (plan.memory_bytes, plan.cpus, plan.agent.cpus) == (GIB, 1, 1)
        assert plan.agent.heap_bytes == 480 * 1024**2


async def test_restart_gives_a_new_container_in_the_same_berth(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        before = (scope.uid, scope.sandbox_id)
        first = scope.container_id
        await registry.restart("ann", "taxi")

        assert (scope.uid, scope.sandbox_id) == before
        assert scope.container_id != first
        assert scope.state is ScopeState.IDLE
        assert len(house.world.containers) == 1


async def test_busy_is_what_is_in_flight(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        async with registry.use("ann", "taxi"):
            assert scope.state is ScopeState.BUSY
            async with registry.use("ann", "taxi"):
                pass
            assert scope.state is ScopeState.BUSY

        assert scope.state is ScopeState.IDLE


async def test_a_container_that_dies_makes_its_scope_dead_with_the_reason(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        await eventually(lambda: bool(house.world.listeners))
        await house.world.end(house.container(registry, "ann", "taxi"), 70)
        await eventually(lambda: scope.state is ScopeState.DEAD)

        assert scope.reason == "Spark's JVM ended, for example by System.exit"
        with pytest.raises(ScopeDead, match=r"System.exit.*restart"):
            async with registry.use("ann", "taxi"):
                pass
        await registry.restart("ann", "taxi")
        assert scope.state is ScopeState.IDLE
        assert scope.reason is None


@pytest.mark.parametrize(
    ("exit_code", "signs", "state", "reason"),
    [
        (137, ("oom",), ScopeState.DEAD, "out of memory"),
        (137, (), ScopeState.DEAD, "SIGKILL"),
        (137, ("kill",), ScopeState.DEAD, "killed by an operator"),
        (137, ("kill", "kill"), ScopeState.STOPPED, "stopped by an operator"),
        (143, ("kill",), ScopeState.STOPPED, "stopped by an operator"),
        (143, (), ScopeState.DEAD, "SIGTERM"),
        (1, (), ScopeState.DEAD, "exit code 1"),
    ],
)
async def test_reasons_come_from_codes_and_events(
    house: House, exit_code: int, signs: tuple[str, ...], state: ScopeState, reason: str
) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        await eventually(lambda: bool(house.world.listeners))
        container = house.container(registry, "ann", "taxi")
        await house.world.end(container, exit_code, *signs, oom_killed=True)
        await eventually(lambda: scope.state is state)

        assert reason in (scope.reason or "")


async def test_the_signs_of_an_earlier_end_say_nothing_of_this_one(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        await eventually(lambda: bool(house.world.listeners))
        container = house.container(registry, "ann", "taxi")
        await house.world.end(container, 143, "kill")
        await eventually(lambda: scope.state is ScopeState.STOPPED)
        container.state = ContainerState.RUNNING
        house.world.tell(container, "start")
        await eventually(lambda: scope.state is ScopeState.IDLE)
        await house.world.end(container, 137)
        await eventually(lambda: scope.state is ScopeState.DEAD)

        assert "SIGKILL" in (scope.reason or "")


async def test_a_stopped_scope_is_woken_by_its_next_use(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        await eventually(lambda: bool(house.world.listeners))
        await house.world.end(house.container(registry, "ann", "taxi"), 143, "kill")
        await eventually(lambda: scope.state is ScopeState.STOPPED)
        async with registry.use("ann", "taxi"):
            assert scope.state is ScopeState.BUSY

        assert len(house.world.containers) == 1


async def test_docker_rm_by_an_operator_is_noticed(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        await eventually(lambda: bool(house.world.listeners))
        await house.world.remove(house.container(registry, "ann", "taxi"))
        await eventually(lambda: scope.container_id is None)

        assert scope.reason


async def test_pause_and_unpause_by_an_operator(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        await eventually(lambda: bool(house.world.listeners))
        container = house.container(registry, "ann", "taxi")
        house.world.pause(container)
        await eventually(lambda: scope.state is ScopeState.PAUSED)
        with pytest.raises(ScopePaused):
            async with registry.use("ann", "taxi"):
                pass
        house.world.unpause(container)
        await eventually(lambda: scope.state is ScopeState.IDLE)


async def test_an_unreachable_agent_of_a_dead_container_is_a_dead_scope(house: House) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
        container = house.container(registry, "ann", "taxi")
        house.world.listeners.clear()
        with pytest.raises(ScopeDead, match="JVM"):
            await _use_while_it_dies(registry, house.world.end(container, 70))


async def test_commands_run_one_at_a_time_in_order(house: House) -> None:
    order: list[int] = []
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
        hold = asyncio.Event()

        async def command(number: int) -> None:
            async with registry.command("ann", "taxi"):
                order.append(number)
                await hold.wait()
                order.append(number)

        tasks = [asyncio.create_task(command(n)) for n in range(4)]
        await eventually(lambda: registry.waiting_commands("ann", "taxi") == 3)
        hold.set()
        await asyncio.gather(*tasks)

    assert order == [0, 0, 1, 1, 2, 2, 3, 3]


async def test_at_most_sixteen_commands_wait(house: House) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
        async with registry.command("ann", "taxi"):
            tasks = [asyncio.create_task(_command(registry)) for _ in range(16)]
            await eventually(lambda: registry.waiting_commands("ann", "taxi") == 16)
            with pytest.raises(TooManyCommands):
                await _command(registry)
        await asyncio.gather(*tasks)


async def test_waiting_counts_in_the_timeout(house: House) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
        async with registry.command("ann", "taxi"):
            with pytest.raises(DeadlineExceeded, match="commands before it"):
                await _command(registry, Deadline.after(0.01))


async def test_queries_run_beside_a_command(house: House) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
        async with registry.command("ann", "taxi"), registry.use("ann", "taxi") as agent:
            assert agent is not None


async def test_the_engine_going_away_is_said_and_gets_over(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        await eventually(lambda: bool(house.world.listeners))
        house.world.go_down()
        await eventually(lambda: registry.engine_problem is not None)
        with pytest.raises(EngineUnavailable):
            await registry.open("ann", ScopeWish())
        house.world.come_up()
        house.clock.advance(60)
        await eventually(lambda: registry.engine_problem is None)

        assert scope.state is ScopeState.IDLE
        assert [s.name for s in registry.list("ann")] == ["taxi"]


async def test_admin_closes_by_sandbox_id_and_a_user_is_cleared(house: House) -> None:
    async with house.registry() as registry:
        scope = await registry.open("ann", TAXI)
        await registry.open("bob", ScopeWish())
        await registry.open("bob", ScopeWish())
        await registry.close_by_id(scope.sandbox_id)
        await registry.close_all_of("bob")

        assert registry.list_all() == []
        assert not house.world.containers


async def test_logs_and_usage_are_the_engines(house: House) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)

        assert await registry.logs("ann", "taxi", 10) == "agent started\n"
        assert (await registry.usage("ann", "taxi")).memory_limit_bytes == Limits().memory_bytes
        assert await registry.disk_used_bytes("ann", "taxi") == 0


async def test_events_tell_a_scopes_life_newest_first(house: House) -> None:
    control = house.control()
    await control.registry.start()
    await control.registry.open("ann", TAXI)
    await control.registry.restart("ann", "taxi")
    await control.registry.close("ann", "taxi")
    events = EventStore(control.database).page(Wanted(limit=10))
    told = [(e.event, e.owner, e.name) for e in events]
    await control.end()

    assert told == [(e, "ann", "taxi") for e in ("closed", "started", "stopped", "opened")]


async def test_stopping_the_control_plane_keeps_containers(house: House) -> None:
    async with house.registry() as registry:
        await registry.open("ann", TAXI)
    states = [c.state for c in house.world.containers.values()]

    assert states == [ContainerState.RUNNING]


async def _command(registry: ScopeRegistry, deadline: Deadline | None = None) -> None:
    async with registry.command("ann", "taxi", deadline):
        pass


async def _use_while_it_dies(registry: ScopeRegistry, death: Awaitable[None]) -> None:
    async with registry.use("ann", "taxi") as agent:
        await death
        await agent.call(HealthRequest(), 1.0)
