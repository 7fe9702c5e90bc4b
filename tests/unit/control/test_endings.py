"""Why a container ended: from its exit code and what was seen around its end."""

from __future__ import annotations

import pytest

from control.engine.driver import EngineEvent
from control.scopes.endings import (
    BY_OPERATOR,
    ENGINE_WENT,
    KILLED,
    NOT_BY_ENGINE,
    OUT_OF_MEMORY,
    Seen,
    ending,
)
from control.scopes.scope import ScopeState
from control.scopes.signs import Signs
from tests.fakes.scopes import FakeClock
from wire.protocol import EXIT_REASONS, ExitCode

DEAD, STOPPED = ScopeState.DEAD, ScopeState.STOPPED


@pytest.mark.parametrize(
    ("code", "seen", "told"),
    [
        (137, Seen(oom=True), (DEAD, OUT_OF_MEMORY)),
        (137, Seen(signals=1), (DEAD, KILLED)),
        (137, Seen(signals=2), (STOPPED, BY_OPERATOR)),
        (143, Seen(signals=1), (STOPPED, BY_OPERATOR)),
        (137, Seen(), (DEAD, NOT_BY_ENGINE)),
        (137, Seen(live=False), (DEAD, EXIT_REASONS[137])),
        (137, Seen(live=False, engine_went=True), (STOPPED, ENGINE_WENT)),
        (143, Seen(live=False), (STOPPED, ENGINE_WENT)),
        (255, Seen(live=False, engine_went=True), (STOPPED, ENGINE_WENT)),
        (70, Seen(live=False, engine_went=True), (DEAD, EXIT_REASONS[ExitCode.JVM_DIED])),
        (9, Seen(), (DEAD, "the agent ended with exit code 9")),
        (None, Seen(), (DEAD, "the container ended")),
    ],
)
def test_an_end_is_told_as_what_it_was(
    code: int | None, seen: Seen, told: tuple[ScopeState, str]
) -> None:
    assert ending(code, seen) == told


def test_what_ends_while_the_engine_is_away_is_not_seen() -> None:
    signs = Signs(FakeClock())
    signs.engine_lost()
    away = signs.seen("c", watched=True)
    signs.engine_back()

    assert away == Seen(live=False, engine_went=True)
    assert signs.seen("c", watched=True) == Seen()


def test_signs_are_of_one_container_and_of_late() -> None:
    clock = FakeClock()
    signs = Signs(clock)
    signs.note(EngineEvent(container_id="c", sandbox_id="s", action="kill"))
    signs.note(EngineEvent(container_id="other", sandbox_id="o", action="oom"))
    seen = signs.seen("c", watched=True)
    clock.advance(31)

    assert seen == Seen(signals=1)
    assert signs.seen("c", watched=True) == Seen()
