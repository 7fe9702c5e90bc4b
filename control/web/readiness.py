"""Whether the server can serve: engine reachable, image present, store writable, no drain."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from control.engine.driver import Berths, EngineDriver
from control.errors import ImageMissing

CHECK_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at; `why` is for an operator."""

    name: str
    good: bool
    why: str = ""


@dataclass
class Look:
    """The looks that are under way, which strangers may ask for as often as they like."""

    task: asyncio.Task[list[Check]] | None = None


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """Looks at what serving needs. `notices` are facts of the set-up that an operator must know.

    The mutable state is `under_way`.
    """

    driver: EngineDriver
    berths: Berths
    image: str
    check_store: Callable[[], None]
    check_drain: Callable[[], None]
    notices: tuple[str, ...] = ()
    under_way: Look = field(default_factory=Look, compare=False)

    async def checks(self) -> list[Check]:
        """Every check, side by side; who asks meanwhile gets the same answer."""
        task = self.under_way.task
        if task is None or task.done():
            task = self.under_way.task = asyncio.create_task(self._look())
        return await asyncio.shield(task)

    async def _look(self) -> list[Check]:
        looks = {
            "engine": self._engine,
            "image": self._image,
            "store": self._store,
            "drain": self._drain,
        }
        return list(await asyncio.gather(*(_run(name, look) for name, look in looks.items())))

    def warnings(self) -> list[str]:
        """What serves, but less well than it should."""
        soft = "the bound on a scope's disk is soft: a watcher stops a scope that is over"
        return [*self.notices, *([] if self.berths.is_hard else [soft])]

    async def _engine(self) -> str:
        return await self.driver.ping()

    async def _image(self) -> str:
        if not await self.driver.has_image(self.image):
            raise ImageMissing(self.image)
        return self.image

    async def _store(self) -> str:
        self.check_store()
        return "writable"

    async def _drain(self) -> str:
        self.check_drain()
        return "new scopes are opened"


async def _run(name: str, look: Callable[[], Awaitable[str]]) -> Check:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            return Check(name=name, good=True, why=await look())
    except TimeoutError:
        return Check(name=name, good=False, why=f"no answer in {CHECK_TIMEOUT_S:g} s")
    except Exception as error:
        # Whatever it is, the answer to "ready?" is no and why.
        return Check(name=name, good=False, why=str(error))
