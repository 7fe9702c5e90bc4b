"""The stages of a start, measured by time that passes when a test says so."""

from __future__ import annotations

import pytest

from control.scopes.stages import Stage, Stages
from tests.fakes.scopes import FakeClock


def test_each_ends_where_the_next_begins() -> None:
    clock = FakeClock()
    heard: list[tuple[Stage, float]] = []
    stages = Stages(clock.elapsed, lambda stage, ms: heard.append((stage, ms)))
    for stage, seconds in ((Stage.DISK, 0.25), (Stage.CONTAINER, 0.5), (Stage.AGENT, 1.0)):
        stages.begin(stage)
        clock.advance(seconds)
    stages.end()
    clock.advance(9)

    assert stages.took_ms() == {"disk": 250.0, "container": 500.0, "agent": 1000.0}
    assert heard == [(Stage.DISK, 0.0), (Stage.CONTAINER, 250.0), (Stage.AGENT, 750.0)]


def test_one_that_goes_on_is_measured_until_now() -> None:
    clock = FakeClock()
    stages = Stages(clock.elapsed)
    stages.begin(Stage.AGENT)
    clock.advance(2)

    assert stages.took_ms() == {"agent": 2000.0}


def test_the_same_stage_again_is_not_news_and_one_that_comes_back_is_summed() -> None:
    clock = FakeClock()
    heard: list[Stage] = []
    stages = Stages(clock.elapsed, lambda stage, _: heard.append(stage))
    for stage in (Stage.DISK, Stage.DISK, Stage.AGENT, Stage.DISK):
        stages.begin(stage)
        clock.advance(1)
    stages.end()

    assert stages.took_ms() == {"disk": 3000.0, "agent": 1000.0}
    assert heard == [Stage.DISK, Stage.AGENT, Stage.DISK]


@pytest.mark.parametrize("word", ["", "ready", "disk", "JVM", "<script>", "a" * 10_000])
def test_an_agent_cannot_make_up_stages(word: str) -> None:
    stages = Stages(FakeClock().elapsed)
    stages.agent_is_at(word)

    assert stages.took_ms() == {}


def test_an_agents_own_stages_are_taken() -> None:
    stages = Stages(FakeClock().elapsed)
    for word in ("jvm", "spark", "session", "catalog"):
        stages.agent_is_at(word)

    assert list(stages.took_ms()) == ["jvm", "spark", "session", "catalog"]
