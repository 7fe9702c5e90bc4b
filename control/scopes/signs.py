"""What the engine told of a container just before it ended: the only way to know why."""

from __future__ import annotations

from typing import Final

from control.engine.driver import EngineEvent
from control.scopes.endings import Seen
from control.scopes.wait import Clock

SIGNS: Final = frozenset({"kill", "oom"})
RECENT_S: Final = 30.0
"""How long before an end a sign may have been its cause; an engine's own grace is shorter."""


class Signs:
    """The mutable state is the signs of late, with their times, and whether the engine was lost."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._signs: list[tuple[float, EngineEvent]] = []
        self._engine_went = False

    def engine_lost(self) -> None:
        """The engine does not answer: what ends from now on is not seen."""
        self._engine_went = True

    def engine_back(self) -> None:
        """Everything has been looked at since it answers again."""
        self._engine_went = False

    def note(self, event: EngineEvent) -> None:
        """Remember the event if it is a sign; a new start has nothing to do with older ones."""
        if event.action == "start":
            self._signs = [s for s in self._signs if s[1].container_id != event.container_id]
        if event.action in SIGNS:
            self._signs.append((self._clock.elapsed(), event))

    def seen(self, container_id: str | None, *, watched: bool) -> Seen:
        """What was seen of this container; `watched`: whether we were there."""
        oldest = self._clock.elapsed() - RECENT_S
        self._signs = [(at, sign) for at, sign in self._signs if at >= oldest]
        actions = [sign.action for _, sign in self._signs if sign.container_id == container_id]
        return Seen(
            live=watched and not self._engine_went,
            engine_went=self._engine_went,
            oom="oom" in actions,
            signals=actions.count("kill"),
        )
