"""A registry over a real engine and stub agents: whose containers it touches, and how it stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import docker
import pytest

from control.engine.berths import FolderBerths
from control.engine.driver import INSTALLATION_LABEL, SANDBOX_LABEL, ContainerState
from control.scopes.limits import Limits, ScopeLimits, ScopeWish
from control.scopes.registry import ScopeRegistry
from control.scopes.scope import Intent, Scope, ScopeState
from control.store.database import Database
from control.store.scopes import ScopeStore
from tests.docker.harness import RUN_LABEL, World, until

pytestmark = pytest.mark.docker
MIB = 1024**2
SMALL = Limits(memory_bytes=128 * MIB, cpus=1.0, pids=64, idle_timeout_s=3600)


def limits(world: World, behaviour: str = "polite") -> ScopeLimits:
    """Scopes of the stub's image, whose agents behave so; marked as this run's."""
    return ScopeLimits(
        image=world.image,
        version=behaviour,
        each=SMALL,
        pool_size=0,
        uid_first=world.uid,
        uid_last=world.uid + 9,
        labels={RUN_LABEL: world.run_id},
        stop_grace_s=1.0,
    )


@asynccontextmanager
async def a_registry(world: World, behaviour: str = "polite") -> AsyncIterator[ScopeRegistry]:
    """A registry on the world's engine; its store is of the world's installation."""
    database = Database.open(world.folder / "state", durable=False)
    world.installation = database.installation
    berths = FolderBerths(world.folder / "ours")
    store = ScopeStore(database)
    registry = ScopeRegistry(world.driver, berths, store, limits(world, behaviour))
    try:
        await registry.start()
        yield registry
    finally:
        await registry.stop()
        database.close()


async def test_orphans_and_half_made_ones_go_and_nobody_elses(world: World) -> None:
    async with a_registry(world):
        pass
    half_made = Scope(
        sandbox_id="half", uid=world.uid + 5, owner="ann", name="half", created=1.0,
        last_used=1.0, since=1.0, limits=SMALL, intent=Intent.OPEN,
    )  # fmt: skip
    database = Database.open(world.folder / "state", durable=False)
    ScopeStore(database).save(half_made)
    database.close()
    ours = {INSTALLATION_LABEL: world.installation, RUN_LABEL: world.run_id}
    orphan = await world.run("orphan")
    made = await world.driver.create(
        replace(world.plan("half"), labels={**ours, SANDBOX_LABEL: "half"})
    )
    another = {**ours, INSTALLATION_LABEL: "another", SANDBOX_LABEL: "half"}
    theirs = await world.run("theirs", labels=another)
    unlabelled = await world.run("unlabelled", labels={RUN_LABEL: world.run_id})

    async with a_registry(world) as registry:
        states = {id: (await world.driver.status(id)).state for id in (orphan, made)}
        assert set(states.values()) == {ContainerState.ABSENT}
        assert registry.list("ann") == []
        await registry.open("ann", ScopeWish(name="taxi"))
        await registry.close("ann", "taxi")
        for stranger in (theirs, unlabelled):
            assert (await world.driver.status(stranger)).state is ContainerState.RUNNING
    for stranger in (theirs, unlabelled):
        await world.driver.remove(stranger)


async def test_strangers_events_move_nobody(world: World, engine: docker.DockerClient) -> None:
    async with a_registry(world) as registry:
        scope = await registry.open("ann", ScopeWish(name="taxi"))
        labels = {
            INSTALLATION_LABEL: "another",
            SANDBOX_LABEL: scope.sandbox_id,
            RUN_LABEL: world.run_id,
        }
        stranger = await world.run("stranger", labels=labels)
        await asyncio.to_thread(engine.containers.get(stranger).remove, force=True)
        await registry.restart("ann", "taxi")

        assert registry.get("ann", "taxi").state is ScopeState.IDLE
        await registry.close("ann", "taxi")


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("polite", "idle"),
        ("good", "idle; its agent did not end when it was asked to, SIGTERM was needed"),
        (
            "ignores_sigterm",
            "idle; its agent did not end within 1 s of SIGTERM, it was killed (SIGKILL)",
        ),
    ],
)
async def test_an_idle_scope_is_stopped_and_the_reason_says_what_it_took(
    world: World, behaviour: str, reason: str
) -> None:
    async with a_registry(world, behaviour) as registry:
        scope = await registry.open("ann", ScopeWish(name="taxi", idle_timeout_s=0.5))
        container = scope.container_id or ""

        async def state() -> ScopeState:
            return registry.get("ann", "taxi").state

        await until(state, lambda seen: seen is ScopeState.STOPPED)
        assert registry.get("ann", "taxi").reason == reason
        assert (await world.driver.status(container)).state is ContainerState.ABSENT
        await registry.close("ann", "taxi")
