"""What a scope may use, from installation, quota and wish; and what its agent is told."""

from __future__ import annotations

from typing import Any

import pytest

from control.errors import BadParameter, QuotaExceeded
from control.scopes.limits import (
    GIB,
    MIB,
    Limits,
    Quota,
    ScopeLimits,
    ScopeWish,
    agent_settings,
    check_count,
    heap_bytes,
    resolve,
)
from control.scopes.quotas import over, parse_quota

USUAL = Limits(memory_bytes=4 * GIB, cpus=2.0, disk_bytes=10 * GIB, idle_timeout_s=3600.0)


def test_without_a_wish_it_is_the_usual() -> None:
    assert resolve(ScopeWish(), Quota(), USUAL) == USUAL


def test_a_larger_quota_changes_nothing_until_it_is_asked_for() -> None:
    quota = Quota(memory_bytes=8 * GIB)

    assert resolve(ScopeWish(), quota, USUAL).memory_bytes == 4 * GIB
    assert resolve(ScopeWish(memory_bytes=8 * GIB), quota, USUAL).memory_bytes == 8 * GIB


def test_a_smaller_quota_is_what_one_gets() -> None:
    assert resolve(ScopeWish(), Quota(cpus=0.5), USUAL).cpus == 0.5


@pytest.mark.parametrize(
    ("wish", "parameter"),
    [
        ({"memory_bytes": 5 * GIB}, "memory"),
        ({"memory_bytes": GIB - 1}, "memory"),
        ({"cpus": 2.5}, "cpus"),
        ({"cpus": 0.0}, "cpus"),
        ({"cpus": float("nan")}, "cpus"),
        ({"disk_bytes": 11 * GIB}, "disk"),
        ({"disk_bytes": -1}, "disk"),
        ({"idle_timeout_s": 3601.0}, "idle_timeout"),
        ({"idle_timeout_s": 0.0}, "idle_timeout"),
        ({"ttl_s": -1.0}, "ttl"),
        ({"ttl_s": float("nan")}, "ttl"),
    ],
)
def test_what_is_out_of_bounds_is_named(wish: dict[str, Any], parameter: str) -> None:
    with pytest.raises(BadParameter) as raised:
        resolve(ScopeWish(**wish), Quota(), USUAL)

    assert raised.value.parameter == parameter


def test_a_ttl_is_free_where_the_installation_has_none() -> None:
    assert resolve(ScopeWish(ttl_s=1e6), Quota(), USUAL).ttl_s == 1e6
    with pytest.raises(BadParameter):
        resolve(ScopeWish(ttl_s=1e6), Quota(ttl_s=60.0), USUAL)


def test_the_count_is_the_quotas_else_the_usual() -> None:
    check_count(2, Quota(scopes=3), 1)
    with pytest.raises(QuotaExceeded):
        check_count(1, Quota(), 1)


def test_times_do_not_make_another_container() -> None:
    assert USUAL.same_container(Limits(memory_bytes=4 * GIB, ttl_s=5.0, idle_timeout_s=1.0))
    assert not USUAL.same_container(Limits(memory_bytes=4 * GIB, gpu=True))


def test_the_heap_is_45_percent_and_never_less_than_spark_takes() -> None:
    assert heap_bytes(4 * GIB) == int(4 * GIB * 0.45)
    assert heap_bytes(GIB) >= 472 * MIB


@pytest.mark.parametrize("memory", [GIB, 2 * GIB, 8 * GIB, 64 * GIB])
def test_shares_fit_into_the_memory(memory: int) -> None:
    limits = Limits(memory_bytes=memory, cpus=0.5)
    told = agent_settings(limits, ScopeLimits(image="i", version="1"), "s")

    assert told.heap_bytes + told.kernel_memory_bytes <= memory
    assert told.kernel_memory_bytes >= 240 * MIB
    assert told.cache_bytes == memory // 4
    assert told.cpus == 1


@pytest.mark.parametrize(("pids", "told"), [(512, 448), (300, 236), (100, 75)])
def test_agent_and_jvm_keep_room_for_threads(pids: int, told: int) -> None:
    settings = agent_settings(Limits(pids=pids), ScopeLimits(image="i", version="1"), "s")

    assert settings.kernel_pids == told


def test_a_quota_of_the_account_goes_before_the_roles() -> None:
    role = Quota(scopes=2, cpus=4.0)

    assert over(Quota(scopes=0), role) == Quota(scopes=0, cpus=4.0)


def test_a_quota_is_written_in_pairs() -> None:
    written = "scopes=5, memory=4GiB,cpus=1.5,disk=1GiB,requests_per_minute=60,statements=8,ttl=60"

    assert parse_quota(written) == Quota(
        scopes=5,
        memory_bytes=4 * GIB,
        cpus=1.5,
        disk_bytes=GIB,
        requests_per_minute=60,
        statements=8,
        ttl_s=60.0,
    )
    assert parse_quota("") == Quota()


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("rooms=5", "pairs such as"),
        ("scopes", "number"),
        ("scopes=1.5", "whole number"),
        ("scopes=-1", "from 0"),
        ("memory=1MiB", "quota.memory"),
        ("memory=much", "size"),
        ("cpus=nan", "number"),
    ],
)
def test_a_quota_of_nonsense_says_what_it_must_be(written: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_quota(written)
