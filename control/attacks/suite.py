"""Every attack, goal by goal."""

from __future__ import annotations

from typing import Final

from control.attacks import (
    agents,
    control_plane,
    deletions,
    engines,
    hiding,
    neighbours,
    networks,
    own_scope,
    requests,
    roles,
    secret_words,
    tokens,
)
from control.attacks.attack import Attack, Goal

MODULES: Final = (
    neighbours,
    engines,
    networks,
    secret_words,
    deletions,
    own_scope,
    control_plane,
    requests,
    tokens,
    roles,
    hiding,
    agents,
)


def every() -> list[Attack]:
    """All of them, in the order in which they are best played."""
    return [attack for module in MODULES for attack in module.attacks.all]


def on(goal: Goal) -> list[Attack]:
    """The attacks on one goal."""
    return [attack for attack in every() if attack.goal is goal]
