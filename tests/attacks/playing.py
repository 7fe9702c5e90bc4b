"""Playing the attacks on one goal, as every file of this folder does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from control.attacks.attack import Attack, Goal, Verdict
from control.attacks.suite import on
from tests.attacks.conftest import Stage

MARKS = [
    pytest.mark.e2e,
    pytest.mark.docker,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]


def attacks_on(goal: Goal) -> Callable[..., Any]:
    """The test is run for each attack on this goal."""
    found = on(goal)
    return pytest.mark.parametrize("attack", found, ids=[attack.name for attack in found])


def is_stopped(stage: Stage, attack: Attack) -> None:
    """Neither success nor an attack that could not be tried passes."""
    outcome = stage.play(attack)

    assert outcome.verdict is Verdict.STOPPED, f"{outcome.verdict}: {outcome.seen}"
