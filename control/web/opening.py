"""The opening of a scope: it runs to its end, whoever listens or leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from control.errors import GeoscopeError
from control.logs import bind
from control.scopes.limits import ScopeWish
from control.scopes.scope import Scope, ScopeState
from control.scopes.stages import Stage
from control.web.answers import failure_members
from control.web.call import Call

Event = tuple[str, dict[str, Any]]


class Opening:
    """A scope on its way: a task of its own, and a queue of the stages that it reached."""

    def __init__(self, call: Call, wish: ScopeWish) -> None:
        self._call = call
        self._wish = wish
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._task = call.services.background.spawn(self._run())

    async def scope(self) -> Scope:
        """Wait for its end: the scope, or why there is none."""
        return await asyncio.shield(self._task)

    async def events(self) -> AsyncGenerator[Event, None]:
        """Each stage as it begins; an error before the first is raised, one after it is told."""
        first = await self._events.get()
        if first is None:
            await self.scope()
        while first is not None:
            yield first
            first = await self._events.get()
        try:
            await self.scope()
        except GeoscopeError as error:
            self._call.services.metrics.count_error(error.type)
            yield "error", failure_members(error)

    def _tell(self, stage: Stage, ms: float) -> None:
        state = ScopeState.STARTING.value
        self._events.put_nowait(("state", {"state": state, "stage": stage.value, "at_ms": ms}))

    async def _run(self) -> Scope:
        call = self._call
        try:
            scope = await call.services.registry.open(call.user, self._wish, self._tell)
            bind(scope=scope.name)
            return scope
        finally:
            self._events.put_nowait(None)
