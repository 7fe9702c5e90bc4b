"""What a scope's start consists of, and how long each stage took."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """A part of a start, in their order; those of the agent by its own names."""

    ROOM = "room"
    """Sandboxes of the pool give way."""
    CLAIM = "claim"
    """A sandbox of the pool is looked at, and named after its scope."""
    DISK = "disk"
    CONTAINER = "container"
    """Made and started by the engine."""
    AGENT = "agent"
    """Until the agent answers at all."""
    JVM = "jvm"
    SPARK = "spark"
    """Its context comes up."""
    SESSION = "session"
    CATALOG = "catalog"
    """The scope's tables are registered."""


AGENTS: Final = frozenset({Stage.JVM, Stage.SPARK, Stage.SESSION, Stage.CATALOG})
"""The stages that an agent may be at."""

Told = Callable[[Stage, float], None]
"""Hears of each stage as it begins, and the milliseconds until then."""


class Stages:
    """The stages of one start. The mutable state is when each began, and when the last ended."""

    def __init__(self, elapsed: Callable[[], float], told: Told | None = None) -> None:
        """`elapsed` gives seconds that pass evenly; `told` hears what happens."""
        self._elapsed = elapsed
        self._told = told
        self._began = elapsed()
        self._marks: list[tuple[Stage, float]] = []
        self._ended: float | None = None

    def begin(self, stage: Stage) -> None:
        """The one before has ended; the same again is not news."""
        if self._marks and self._marks[-1][0] is stage:
            return
        now = self._elapsed()
        self._marks.append((stage, now))
        if self._told is not None:
            self._told(stage, _ms(now - self._began))

    def agent_is_at(self, word: str) -> None:
        """What an agent says of itself: believed only where it is a word that we know."""
        stage = next((each for each in AGENTS if each == word), None)
        if stage is not None:
            self.begin(stage)

    def end(self) -> None:
        """The scope is ready, or it will not be."""
        self._ended = self._elapsed()

    def took_ms(self) -> dict[str, float]:
        """How long each took, in their order; the last one until now where it goes on."""
        ends = [at for _, at in self._marks[1:]]
        ends.append(self._elapsed() if self._ended is None else self._ended)
        took: dict[str, float] = {}
        for (stage, began), ended in zip(self._marks, ends, strict=False):
            took[stage.value] = _ms(took.get(stage.value, 0.0) / 1000 + ended - began)
        return took


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
