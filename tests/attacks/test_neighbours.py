from __future__ import annotations

from control.attacks.attack import Attack, Goal
from tests.attacks.conftest import Stage
from tests.attacks.playing import MARKS, attacks_on, is_stopped

pytestmark = MARKS


@attacks_on(Goal.NEIGHBOURS)
def test_it_is_stopped(stage: Stage, attack: Attack) -> None:
    is_stopped(stage, attack)
