"""Every move of the table is made, by what the table says makes it; and no other one is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from control.engine.driver import PROTOCOL_LABEL
from control.errors import AgentUnreachable, EngineError, GeoscopeError
from control.scopes.limits import ScopeWish
from control.scopes.scope import CAUSES, Scope, ScopeState
from tests.fakes.engine import FakeContainer
from tests.fakes.scopes import Control, House, eventually, usual_limits

S = ScopeState
Move = tuple[ScopeState, ScopeState]


class Life:
    """One scope of a registry over fakes, and what may befall it."""

    def __init__(self, house: House, control: Control) -> None:
        self.house = house
        self.engine = control.engine
        self.registry = control.registry

    @property
    def state(self) -> ScopeState:
        """Where it is now."""
        return self.registry.get("ann", "taxi").state

    @property
    def container(self) -> FakeContainer:
        """What the engine has of it."""
        return self.house.container(self.registry, "ann", "taxi")

    async def open(self) -> None:
        """It is idle, and the engine's events are followed."""
        await eventually(lambda: bool(self.house.world.listeners))
        await self.registry.open("ann", ScopeWish(name="taxi"))

    async def reach(self, state: ScopeState) -> None:
        """The engine's events bring it there."""
        await eventually(lambda: self.state is state)

    async def close(self) -> None:
        """Closed by its owner."""
        await self.registry.close("ann", "taxi")

    async def restart(self) -> None:
        """Restarted by its owner."""
        await self.registry.restart("ann", "taxi")

    async def pause(self) -> None:
        """Paused by an operator."""
        self.house.world.pause(self.container)
        await self.reach(S.PAUSED)

    async def stop(self) -> None:
        """Stopped by an operator."""
        await self.house.world.end(self.container, 143, "kill")
        await self.reach(S.STOPPED)

    async def die(self) -> None:
        """The agent ended."""
        await self.house.world.end(self.container, 70)
        await self.reach(S.DEAD)

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """A request is under way."""
        async with self.registry.use("ann", "taxi"):
            yield


async def opened(life: Life) -> None:
    await life.open()


async def used(life: Life) -> None:
    await life.open()
    async with life.busy():
        assert life.state is S.BUSY


async def woken(life: Life) -> None:
    await life.open()
    await life.stop()
    await used_again(life)


async def used_again(life: Life) -> None:
    async with life.busy():
        assert life.state is S.BUSY


async def not_opened(life: Life) -> None:
    life.engine.fails["start"] = [EngineError("start", "no")]
    with pytest.raises(GeoscopeError):
        await life.open()


async def no_room(life: Life) -> None:
    await life.open()
    await life.stop()
    life.engine.fails["create"] = [EngineError("create", "no room")]
    with pytest.raises(GeoscopeError):
        await life.restart()


async def did_not_start(life: Life) -> None:
    await life.open()
    await life.stop()
    original = life.engine.start

    async def start_and_end(id: str) -> None:
        await original(id)
        await life.house.world.end(life.house.world.containers[id], 71)

    life.engine.start = start_and_end  # type: ignore[method-assign]
    with pytest.raises(AgentUnreachable):
        await life.restart()


async def paused_and_on(life: Life) -> None:
    await life.open()
    await life.pause()
    life.house.world.unpause(life.container)
    await life.reach(S.IDLE)


async def paused_at_work(life: Life) -> None:
    await life.open()
    async with life.busy():
        await life.pause()
        life.house.world.unpause(life.container)
        await life.reach(S.BUSY)


def closed_when(before: Callable[[Life], Awaitable[None]]) -> Callable[[Life], Awaitable[None]]:
    async def story(life: Life) -> None:
        await life.open()
        await before(life)
        await life.close()

    return story


def after(*acts: Callable[[Life], Awaitable[None]]) -> Callable[[Life], Awaitable[None]]:
    async def story(life: Life) -> None:
        await life.open()
        for act in acts:
            await act(life)

    return story


def at_work(act: Callable[[Life], Awaitable[None]]) -> Callable[[Life], Awaitable[None]]:
    async def story(life: Life) -> None:
        await life.open()
        async with life.busy():
            await act(life)

    return story


async def started_too_old(life: Life) -> None:
    await life.open()
    await life.stop()
    life.container.plan.labels[PROTOCOL_LABEL] = "0"
    await life.engine.start(life.container.id)
    await life.reach(S.DEAD)


async def killed_and_removed(life: Life) -> None:
    await life.open()
    await life.house.world.end(life.container, 137, "kill")
    await life.reach(S.DEAD)
    await life.house.world.remove(life.container)
    await life.reach(S.STOPPED)


async def idled(life: Life) -> None:
    await life.open()
    life.house.clock.advance(3600)
    await eventually(lambda: life.state is S.STOPPED)


STORIES: dict[Move, Callable[[Life], Awaitable[None]]] = {
    (S.STARTING, S.IDLE): opened,
    (S.STARTING, S.BUSY): woken,
    (S.STARTING, S.STOPPING): not_opened,
    (S.STARTING, S.STOPPED): no_room,
    (S.STARTING, S.DEAD): did_not_start,
    (S.IDLE, S.BUSY): used,
    (S.IDLE, S.PAUSED): paused_and_on,
    (S.IDLE, S.STOPPING): after(Life.close),
    (S.IDLE, S.STOPPED): after(Life.stop),
    (S.IDLE, S.DEAD): after(Life.die),
    (S.BUSY, S.IDLE): used,
    (S.BUSY, S.PAUSED): paused_at_work,
    (S.BUSY, S.STOPPING): at_work(Life.close),
    (S.BUSY, S.STOPPED): at_work(Life.stop),
    (S.BUSY, S.DEAD): at_work(Life.die),
    (S.PAUSED, S.IDLE): paused_and_on,
    (S.PAUSED, S.BUSY): paused_at_work,
    (S.PAUSED, S.STOPPING): after(Life.pause, Life.close),
    (S.PAUSED, S.STOPPED): after(Life.pause, Life.stop),
    (S.PAUSED, S.DEAD): after(Life.pause, Life.die),
    (S.STOPPING, S.STOPPED): idled,
    (S.STOPPED, S.STARTING): woken,
    (S.STOPPED, S.STOPPING): after(Life.stop, Life.close),
    (S.STOPPED, S.DEAD): started_too_old,
    (S.DEAD, S.STARTING): after(Life.die, Life.restart),
    (S.DEAD, S.STOPPING): after(Life.die, Life.close),
    (S.DEAD, S.STOPPED): killed_and_removed,
}


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[Move]]:
    """The moves that scopes make within."""
    made: set[Move] = set()
    original = Scope.move

    def move(scope: Scope, state: ScopeState, reason: str | None = None) -> None:
        made.add((scope.state, state))
        original(scope, state, reason)

    # States pass within one await, too fast to be looked at: so the moves themselves are noted.
    monkeypatch.setattr(Scope, "move", move)
    yield made


def test_every_move_has_its_story() -> None:
    assert set(STORIES) == set(CAUSES)


@pytest.mark.parametrize("move", STORIES, ids=lambda move: f"{move[0]}-{move[1]}")
async def test_a_move_is_made(move: Move, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(tmp_path)
    control = house.control(usual_limits())
    try:
        await control.registry.start()
        with watched(monkeypatch) as made:
            async with asyncio.timeout(20):
                await STORIES[move](Life(house, control))
    finally:
        await control.end()

    assert move in made
    assert {(old, new) for old, new in made if old is not new} <= set(CAUSES)
