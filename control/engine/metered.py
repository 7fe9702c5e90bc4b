"""A driver whose calls are counted and timed on their way to another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager

from control.engine.driver import ContainerPlan, ContainerStatus, EngineDriver, EngineEvent, Usage

Meter = Callable[[str], AbstractContextManager[None]]
"""A block within which a call of that name is under way."""


class MeteredDriver:
    """Asks `driver`, each call within the meter's block."""

    def __init__(self, driver: EngineDriver, meter: Meter) -> None:
        self._driver = driver
        self._meter = meter
        self.name = driver.name

    async def ping(self) -> str:
        """The engine's version in words."""
        with self._meter("ping"):
            return await self._driver.ping()

    async def host_uid(self, uid: int) -> int:
        """Whom the host sees where a container has user `uid`; seldom asks the engine."""
        return await self._driver.host_uid(uid)

    async def memory_bytes(self) -> int | None:
        """The memory of the machine it runs containers on."""
        with self._meter("memory_bytes"):
            return await self._driver.memory_bytes()

    async def has_image(self, image: str) -> bool:
        """Whether a container of `image` could be created now."""
        with self._meter("has_image"):
            return await self._driver.has_image(image)

    async def create(self, plan: ContainerPlan) -> str:
        """Make a container, not yet started."""
        with self._meter("create"):
            return await self._driver.create(plan)

    async def start(self, id: str) -> None:
        """Start it."""
        with self._meter("start"):
            await self._driver.start(id)

    async def stop(self, id: str, grace_s: float) -> None:
        """End it, by force after `grace_s`."""
        with self._meter("stop"):
            await self._driver.stop(id, grace_s)

    async def remove(self, id: str) -> None:
        """Make it gone."""
        with self._meter("remove"):
            await self._driver.remove(id)

    async def status(self, id: str) -> ContainerStatus:
        """One look."""
        with self._meter("status"):
            return await self._driver.status(id)

    async def list(self, installation: str) -> list[ContainerStatus]:
        """Every container with this installation's label."""
        with self._meter("list"):
            return await self._driver.list(installation)

    async def rename(self, id: str, name: str) -> None:
        """Give it another name."""
        with self._meter("rename"):
            await self._driver.rename(id, name)

    async def logs(self, id: str, tail: int) -> str:
        """The last lines that it wrote."""
        with self._meter("logs"):
            return await self._driver.logs(id, tail)

    async def usage(self, id: str) -> Usage:
        """What it uses now."""
        with self._meter("usage"):
            return await self._driver.usage(id)

    def events(self, installation: str) -> AsyncIterator[EngineEvent]:
        """Events from now on; a stream has no length to be timed."""
        return self._driver.events(installation)

    async def close(self) -> None:
        """Let go of threads and connections."""
        await self._driver.close()
