"""The judgements of attacks must be able to fail: what is not stopped is never called so."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest

from control.attacks.attack import Attack, Goal, Outcome, Verdict, judged, play
from control.attacks.lab import Lab, NotPlayed, Person, Place, Tenant, Trap
from control.attacks.suite import every
from tests.fakes.gullible import SECRET, VICTIM, gullible

GULLIBLE = {
    # These hold a server to what only a real one has: clocks, queues, a crowd of connections.
    Goal.CONTROL_PLANE,
}
REFUSED = [attack for attack in every() if attack.goal not in GULLIBLE]


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    """A lab at a server that refuses nothing."""
    async with AsyncExitStack() as made:
        url = await made.enter_async_context(gullible())
        http = await made.enter_async_context(aiohttp.ClientSession())
        token = "e30.eyJpc3MiOiJ4IiwiZXBvY2giOjAsImp0aSI6IjEifQ.x"
        admin, victim, attacker = (
            Person(http=http, url=url, name=name, password=f"{name}-password", token=token)
            for name in ("admin", VICTIM, "attack-tenant")
        )
        lab = Lab(
            place=Place(url=url, admin="admin", password="x"),
            http=http,
            admin=admin,
            victim=Tenant(person=victim, scope="victim"),
            attacker=Tenant(person=attacker, scope="attacker"),
            trap=await made.enter_async_context(Trap.set()),
            secret=SECRET,
            victim_uid=1,
            made=made,
            patience=0.05,
        )
        lab._hijacked = Tenant(person=attacker, scope="hijacked")
        yield lab


@pytest.mark.parametrize("attack", REFUSED, ids=[f"{a.goal.name}-{a.name}" for a in REFUSED])
async def test_nothing_is_stopped_by_a_server_that_refuses_nothing(
    lab: Lab, attack: Attack
) -> None:
    outcome = await play(attack, lab)

    assert outcome.verdict is not Verdict.STOPPED, outcome.seen


def attack_that(run: Any) -> Attack:
    return Attack(Goal.TOKENS, "try", "something", run)


async def test_harm_to_the_victim_is_success_whatever_the_attack_says(lab: Lab) -> None:
    async def run(lab: Lab) -> Outcome:
        lab.secret = "something else"
        return judged(None, "nothing")

    outcome = await play(attack_that(run), lab)

    assert outcome.verdict is Verdict.SUCCEEDED
    assert outcome.seen.startswith("the victim: 200")


@pytest.mark.parametrize("error", [NotPlayed("no scope"), OSError("no net"), TimeoutError()])
async def test_what_breaks_proves_nothing(lab: Lab, error: Exception) -> None:
    async def run(_: Lab) -> Outcome:
        raise error

    outcome = await play(attack_that(run), lab)

    assert outcome.verdict is Verdict.NOT_PLAYED


@pytest.mark.parametrize(
    ("breach", "expected"),
    [
        (None, Verdict.STOPPED),
        ([], Verdict.STOPPED),
        ("", Verdict.STOPPED),
        (["root"], Verdict.SUCCEEDED),
        (True, Verdict.SUCCEEDED),
        (7, Verdict.SUCCEEDED),
    ],
)
def test_any_loot_is_success(breach: object, expected: Verdict) -> None:
    assert judged(breach, "").verdict is expected


def test_there_are_many_and_each_says_what_stops_it() -> None:
    found = every()
    names = Counter((attack.goal, attack.name) for attack in found)

    assert len(found) >= 80
    assert [name for name, count in names.items() if count > 1] == []
    assert [attack.name for attack in found if len(attack.stopped_by) < 10] == []
    assert {attack.goal for attack in found} == set(Goal)
