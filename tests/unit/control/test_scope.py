"""The states of a scope and the moves between them."""

from __future__ import annotations

import asyncio

import pytest

from control.errors import DeadlineExceeded
from control.scopes.endings import Seen, ending
from control.scopes.limits import Limits
from control.scopes.naming import container_names
from control.scopes.scope import MOVES, IllegalMove, Scope, ScopeState
from control.scopes.wait import Deadline, wait_until


def make_scope(state: ScopeState = ScopeState.STARTING, owner: str = "ann") -> Scope:
    return Scope(
        sandbox_id="0123456789abcdef",
        uid=1,
        owner=owner,
        name="taxi",
        state=state,
        created=0.0,
        last_used=0.0,
        since=0.0,
        limits=Limits(idle_timeout_s=10.0),
    )


@pytest.mark.parametrize("new", ScopeState)
@pytest.mark.parametrize("old", ScopeState)
def test_only_the_tables_moves_are_legal(old: ScopeState, new: ScopeState) -> None:
    scope = make_scope(old)
    if new == old or new in MOVES[old]:
        scope.move(new)
        assert scope.state is new
    else:
        with pytest.raises(IllegalMove):
            scope.move(new)
        assert scope.state is old


def test_every_state_may_die_and_none_lives_without_a_start() -> None:
    ending = {ScopeState.STOPPING, ScopeState.DEAD}
    for state, moves in MOVES.items():
        assert (ScopeState.DEAD in moves) is (state not in ending)
    assert not MOVES[ScopeState.DEAD] & {ScopeState.IDLE, ScopeState.BUSY}
    assert not MOVES[ScopeState.STOPPED] & {ScopeState.IDLE, ScopeState.BUSY}


def test_a_reason_belongs_to_its_state() -> None:
    scope = make_scope(ScopeState.IDLE)
    scope.move(ScopeState.DEAD, "why")
    assert scope.reason == "why"
    scope.move(ScopeState.STARTING)
    assert scope.reason is None


def test_work_makes_it_busy_until_the_last_ends() -> None:
    scope = make_scope(ScopeState.IDLE)
    scope.begin_work()
    scope.begin_work()
    scope.end_work(5.0)
    assert scope.state is ScopeState.BUSY
    scope.end_work(7.0)

    assert (scope.state, scope.last_used) == (ScopeState.IDLE, 7.0)


def test_work_that_waited_for_the_start_finds_it_busy() -> None:
    scope = make_scope(ScopeState.STARTING)
    scope.begin_work()
    scope.now_running()

    assert scope.state is ScopeState.BUSY


@pytest.mark.parametrize("state", set(ScopeState) - {ScopeState.IDLE})
def test_only_an_idle_scope_has_an_idle_time(state: ScopeState) -> None:
    assert make_scope(ScopeState.IDLE).idle_until() == 10.0
    assert make_scope(state).idle_until() is None


def test_container_names_say_user_and_scope_in_the_engines_letters() -> None:
    scope = make_scope(owner="jo@x")

    assert container_names(scope) == ("gs-jo-x-taxi", "gs-jo-x-taxi-012345")
    assert container_names(make_scope(owner=""))[0] == "gs-pool-012345"


def test_the_engines_oom_flag_is_not_even_asked() -> None:
    assert "oom_killed" not in Seen.__dataclass_fields__
    assert ending(70, Seen(oom=True)) == ending(70, Seen())


@pytest.mark.parametrize("code", [0, 143, 255])
def test_an_end_that_nobody_saw_is_not_blamed_on_the_scope(code: int) -> None:
    assert ending(code, Seen(live=False))[0] is ScopeState.STOPPED
    assert ending(code, Seen(live=True))[0] is ScopeState.DEAD


async def test_a_wait_ends_with_its_last_reason() -> None:
    reasons = iter(["first", "second"])
    seen: list[str] = []

    async def probe() -> str:
        seen.append(next(reasons, "last"))
        return seen[-1]

    with pytest.raises(DeadlineExceeded, match=r"the thing \(last\) took longer than 0.05 s"):
        await wait_until(probe, Deadline.after(0.05), "the thing")


async def test_a_wait_can_be_given_up() -> None:
    give_up = asyncio.Event()

    async def probe() -> str:
        give_up.set()
        return "not yet"

    assert not await wait_until(probe, Deadline.after(60), "the thing", give_up)
