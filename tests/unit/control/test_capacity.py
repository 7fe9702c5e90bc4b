"""Whether a scope fits: laws over any host, and the words of a refusal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.engine.host import HostRoom
from control.scopes.capacity import (
    START_BYTES,
    START_DISK_BYTES,
    Promises,
    Rules,
    Verdict,
    at_start,
    decide,
)

GIB = 1024**3
sizes = st.integers(GIB // 2, 64 * GIB)
hosts = st.builds(
    HostRoom,
    memory_bytes=st.integers(GIB, 256 * GIB),
    available_bytes=st.none() | st.integers(0, 256 * GIB),
    disk_free_bytes=st.none() | st.integers(0, 8 * GIB),
)
promises = st.builds(
    Promises,
    scopes=st.integers(0, 128 * GIB),
    spare=st.lists(sizes, max_size=4).map(tuple),
    to_come=st.integers(0, 4 * GIB),
)
rules = st.builds(
    Rules,
    reserve_bytes=st.integers(0, 8 * GIB),
    overcommit=st.floats(0.1, 4),
    disk_reserve_bytes=st.integers(0, 2 * GIB),
)


@given(sizes, promises, hosts, rules)
def test_what_is_let_in_keeps_every_promise(
    asked: int, others: Promises, host: HostRoom, given_rules: Rules
) -> None:
    verdict = decide(asked, others, host, given_rules)

    if verdict.why is None:
        left = others.scopes + sum(others.spare[verdict.gives_way :]) + asked
        assert left <= given_rules.promisable(host)
        assert host.disk_free_bytes is None or host.disk_free_bytes >= START_DISK_BYTES
        if host.available_bytes is not None:
            freed = sum(map(at_start, others.spare[: verdict.gives_way]))
            after = host.available_bytes + freed - others.to_come - at_start(asked)
            assert after >= given_rules.reserve_bytes


@given(sizes, promises, hosts, rules)
def test_no_more_sandboxes_go_than_must(
    asked: int, others: Promises, host: HostRoom, given_rules: Rules
) -> None:
    verdict = decide(asked, others, host, given_rules)

    if verdict.gives_way:
        kept = others.spare[verdict.gives_way - 1 :]
        gone = others.spare[: verdict.gives_way - 1]
        all_but_one = Promises(scopes=others.scopes + sum(kept), spare=gone, to_come=others.to_come)
        assert decide(asked, all_but_one, host, given_rules).why is not None


@given(sizes, promises, hosts, rules, st.integers(0, 32 * GIB))
def test_a_larger_host_or_a_smaller_wish_never_does_worse(
    asked: int, others: Promises, host: HostRoom, given_rules: Rules, more: int
) -> None:
    if decide(asked, others, host, given_rules).why is None:
        larger = HostRoom(
            memory_bytes=host.memory_bytes + more,
            available_bytes=None if host.available_bytes is None else host.available_bytes + more,
            disk_free_bytes=host.disk_free_bytes,
        )
        assert decide(asked, others, larger, given_rules).why is None
        assert decide(max(1, asked - more), others, host, given_rules).why is None


@given(sizes, hosts, rules)
def test_an_empty_pool_gives_nothing_away(asked: int, host: HostRoom, given_rules: Rules) -> None:
    assert decide(asked, Promises(), host, given_rules).gives_way == 0


HOST = HostRoom(memory_bytes=8 * GIB, available_bytes=6 * GIB, disk_free_bytes=50 * GIB)
USUAL = Rules(reserve_bytes=GIB, disk_reserve_bytes=GIB)


def test_a_sandbox_of_the_pool_goes_where_that_is_enough() -> None:
    others = Promises(scopes=4 * GIB, spare=(2 * GIB, 2 * GIB))

    assert decide(2 * GIB, others, HOST, USUAL) == Verdict(gives_way=2)
    assert decide(GIB, others, HOST, USUAL) == Verdict(gives_way=1)


@pytest.mark.parametrize(
    ("asked", "others", "host", "words"),
    [
        (
            2 * GIB,
            Promises(scopes=6 * GIB),
            HOST,
            "2.00 GiB asked, 6.00 GiB promised to others; the host has 8.00 GiB, "
            "1.00 GiB kept back: 1.00 GiB can still be promised",
        ),
        (
            2 * GIB,
            Promises(to_come=2 * START_BYTES),
            HostRoom(memory_bytes=8 * GIB, available_bytes=2 * GIB, disk_free_bytes=None),
            "0.59 GiB needed to start, 2.00 GiB available now, 1.17 GiB of it for those that "
            "start; the host has 8.00 GiB, 1.00 GiB kept back",
        ),
        (
            GIB,
            Promises(),
            HostRoom(memory_bytes=8 * GIB, available_bytes=None, disk_free_bytes=GIB),
            "the disk of the state directory has 1.00 GiB left, 1.25 GiB are needed "
            "(1.00 GiB of it kept back)",
        ),
    ],
)
def test_a_refusal_has_the_numbers(
    asked: int, others: Promises, host: HostRoom, words: str
) -> None:
    assert decide(asked, others, host, USUAL).why == words


def test_overcommit_is_said() -> None:
    more = Rules(reserve_bytes=GIB, overcommit=2)

    assert decide(8 * GIB, Promises(scopes=5 * GIB), HOST, more) == Verdict()
    why = decide(12 * GIB, Promises(scopes=5 * GIB), HOST, more).why
    assert why is not None
    assert "1.00 GiB kept back, times 2: 9.00 GiB can still be promised" in why
