"""An attack: its goal, its name, what stops it, and how it is played and judged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import aiohttp

from control.attacks.lab import Lab, NotPlayed

TIMEOUT_S: Final = 150.0
MORE_TRIES: Final = 2
MAX_SEEN: Final = 300


class Goal(StrEnum):
    """What a hostile tenant wants."""

    NEIGHBOURS = "reach another scope"
    ENGINE = "reach the engine, its host or its kernel"
    NETWORK = "reach a network"
    SECRETS = "reach secrets"
    DELETION = "outlive a deletion"
    OWN_SCOPE = "exhaust the host from a scope"
    CONTROL_PLANE = "exhaust the control plane"
    TOKENS = "forge a token"
    ROLES = "climb roles"
    HIDING = "hide from the operator"
    AGENT = "confuse the control plane as a hostile agent"

    @property
    def word(self) -> str:
        """Its short name, on command lines."""
        return self.name.lower().replace("_", "-")


class Verdict(StrEnum):
    """What became of an attack."""

    STOPPED = "stopped"
    SUCCEEDED = "SUCCEEDED"
    NOT_PLAYED = "not played"
    """It could not be tried, so nothing is proved."""


@dataclass(frozen=True)
class Outcome:
    """A verdict, and what was seen that led to it."""

    verdict: Verdict
    seen: str


def judged(breach: object, seen: str) -> Outcome:
    """Succeeded where `breach` is anything; `seen` is for the report."""
    verdict = Verdict.SUCCEEDED if breach else Verdict.STOPPED
    return Outcome(verdict, f"got {breach!r}; {seen}"[:MAX_SEEN] if breach else seen[:MAX_SEEN])


Run = Callable[[Lab], Awaitable[Outcome]]


@dataclass(frozen=True)
class Attack:
    """One attack; `code` is what it runs in the attacker's scope, if that is all it does."""

    goal: Goal
    name: str
    stopped_by: str
    run: Run
    code: str | None = None


@dataclass
class Attacks:
    """The attacks on one goal, filled by decorator."""

    goal: Goal
    all: list[Attack] = field(default_factory=list)

    def add(self, name: str, stopped_by: str) -> Callable[[Run], Run]:
        """Make the decorated function an attack."""

        def register(run: Run) -> Run:
            self.all.append(Attack(self.goal, name, stopped_by, run))
            return run

        return register

    def inside(self, name: str, stopped_by: str, code: str) -> None:
        """Python for the attacker's scope that leaves what it got in `loot`."""

        async def run(lab: Lab) -> Outcome:
            loot, refusals = await lab.attacker.loot(code)
            return judged(loot, "; ".join(refusals) or "nothing was there")

        self.all.append(Attack(self.goal, name, stopped_by, run, code))


async def play(attack: Attack, lab: Lab) -> Outcome:
    """Play it and judge; whatever the attack itself sees, nobody else may be the worse for it.

    One that could not be tried proves nothing: it is tried again, from a fresh scope.
    """
    outcome = await _played(attack, lab, lab.revive)
    for _ in range(MORE_TRIES):
        if outcome.verdict is Verdict.NOT_PLAYED:
            outcome = await _played(attack, lab, lab.renew)
    return outcome


async def _played(attack: Attack, lab: Lab, prepare: Callable[[], Awaitable[None]]) -> Outcome:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await prepare()
            outcome = await attack.run(lab)
            harm = await lab.harm()
    except NotPlayed as error:
        return Outcome(Verdict.NOT_PLAYED, str(error)[:MAX_SEEN])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        return Outcome(Verdict.NOT_PLAYED, f"an answer made no sense: {error!r}"[:MAX_SEEN])
    except TimeoutError:
        return Outcome(Verdict.NOT_PLAYED, f"no end within {TIMEOUT_S:g} s")
    except (aiohttp.ClientError, OSError) as error:
        return Outcome(Verdict.NOT_PLAYED, f"{type(error).__name__}: {error}"[:MAX_SEEN])
    return Outcome(Verdict.SUCCEEDED, harm) if harm else outcome
