"""The load's own judgement: what is a limit, what has grown, what was late."""

from __future__ import annotations

import asyncio
import time

import pytest

from bench.load import STATED, _first_minute, _plan, _show_growth, _show_health, _show_work
from bench.load_users import WEIGHTS, Done, work
from bench.load_watch import Health, Sample
from control.errors import all_errors
from tests.fakes.web import Answer, scripted_web
from wire.protocol import ErrorCode


def sample(at_s, **facts):
    values = {"memory_mib": 100, "threads": 20, "files": 40, "agents_mib": 1000, **facts}
    return Sample(at_s=at_s, **values)


def test_stated_limits_are_errors_of_ours():
    known = {kind.type for kind in all_errors()} | {code.value for code in ErrorCode}

    assert sorted(STATED - known) == []


def test_only_stated_limits_are_forgiven(capsys):
    plan = _plan(["--minutes", "1", "--scopes", "2"])
    fine = [Done("map", 5.0), Done("map", 1.0, "too_many_requests")]

    assert _show_work(fine, plan)
    assert not _show_work([*fine, Done("map", 1.0, "scope_dead")], plan)
    assert not _show_work([], plan)
    assert "scope_dead" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("end", "good"),
    [
        ({}, True),
        ({"memory_mib": 131, "threads": 24, "files": 56, "agents_mib": 1300}, True),
        ({"memory_mib": 140}, False),
        ({"threads": 30}, False),
        ({"files": 60}, False),
        ({"agents_mib": 1500}, False),
    ],
)
def test_growth_is_from_the_first_minute_to_the_end(end, good, capsys):
    samples = [sample(0, memory_mib=1, threads=1, files=1), sample(61), sample(600, **end)]

    assert _show_growth(samples) is good
    assert ("ABOVE" in capsys.readouterr().out) is not good


def test_a_short_run_begins_in_its_middle():
    assert _first_minute([sample(0), sample(5), sample(10)]).at_s == 5


def test_health_is_judged_by_its_p99(capsys):
    assert _show_health([5.0] * 995 + [500.0] * 5)
    assert not _show_health([5.0] * 900 + [80.0] * 100)


def test_plans_come_from_options_and_environment(monkeypatch):
    monkeypatch.setenv("LOAD_MINUTES", "3")
    plan = _plan(["--users", "2"])

    assert (plan.minutes, plan.users, plan.scopes) == (3, 2, 20)


def test_users_do_everything_and_tell_what_failed():
    body = {"status": "error", "type": "too_many_requests"}
    limit = Answer(body, 429, {"Content-Type": "application/json"})
    with scripted_web() as web:
        web.answers.extend([limit] * 10_000)
        places = {(f"user{n}", f"token{n}"): ["a", "b"] for n in range(8)}
        done = asyncio.run(work(web.url, places, time.monotonic() + 2))

    assert {one.error for one in done} == {"too_many_requests"}
    assert {one.kind for one in done} == set(WEIGHTS)
    assert {request.headers["Authorization"] for request in web.asked} == {
        f"Token token{n}" for n in range(8)
    }


def test_health_is_asked_until_it_is_over():
    with scripted_web() as web:
        web.answers.extend([Answer()] * 100)
        with Health(web.url) as health:
            time.sleep(0.35)

    assert len(health.times_ms) == len(web.asked) >= 3
