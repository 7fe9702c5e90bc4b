"""`python -m bench load`: many scopes, several users, all kinds of work at once, for minutes."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass
from typing import Final

from geoscope import Client
from rich.console import Console
from rich.table import Table

from bench.figures import machine, number, quantile
from bench.load_users import Done, work
from bench.load_watch import Health, Sample, Watch
from bench.server import running

STATED: Final = frozenset(
    {
        "too_many_requests",
        "too_many_commands",
        "too_many_statements",
        "too_many_connections",
        "quota_exceeded",
        "no_capacity",
        "memory_full",
        "disk_full",
        "timeout",
    }
)
"""Errors that are limits: the server says no, and why."""
HEALTH_LIMIT_MS: Final = 50.0
GROWTH: Final = {"memory MiB": 32.0, "threads": 4.0, "files": 16.0}
"""What the control plane may have more of at the end than after the first minute."""
AGENTS_GROWTH: Final = 0.35
"""The share by which the agents' memory may grow: heaps fill before they are cleaned."""
SAMPLE: Final = "/samples/nyc_taxi.csv"
PASSWORD: Final = "a-user-under-load"


@dataclass(frozen=True)
class Plan:
    """How much, and for how long."""

    minutes: float
    scopes: int
    users: int
    memory: str


def main(arguments: list[str]) -> int:
    """Run it, print the tables; 1 where something was no stated limit, or grew, or was late."""
    plan = _plan(arguments)
    settings = {"SCOPES_PER_USER": str(plan.scopes), "SCOPE_CPUS": "1"}
    with running(**settings) as plane:
        places = _open(plane.client, plan)
        watch = Watch(plane.process.pid, plane.client)
        health = Health(plane.client.url)
        ends = time.monotonic() + plan.minutes * 60
        with watch, health:
            done = asyncio.run(work(plane.client.url, places, ends))
        samples, late_ms = watch.samples, health.times_ms
    verdicts = [_show_work(done, plan), _show_growth(samples), _show_health(late_ms)]
    return 0 if all(verdicts) else 1


def _plan(arguments: list[str]) -> Plan:
    env = os.environ.get
    parser = argparse.ArgumentParser(prog="python -m bench load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=float(env("LOAD_MINUTES", "10")))
    parser.add_argument("--scopes", type=int, default=int(env("LOAD_SCOPES", "20")))
    parser.add_argument("--users", type=int, default=int(env("LOAD_USERS", "8")))
    parser.add_argument("--memory", default=env("LOAD_MEMORY", "1GiB"))
    return Plan(**vars(parser.parse_args(arguments)))


def _open(admin: Client, plan: Plan) -> dict[tuple[str, str], list[str]]:
    """The scopes of each user, by name and token, with a table in each."""
    places: dict[tuple[str, str], list[str]] = {}
    began = time.monotonic()
    for place in range(plan.users):
        name = f"user{place}"
        admin.admin.add_user(name, PASSWORD)
        with Client(admin.url, username=name, password=PASSWORD) as client:
            token = client.log_in()
            scopes = [f"scope{number}" for number in range(place, plan.scopes, plan.users)]
            places[name, token] = scopes
            for scope in scopes:
                opened = client.open(scope, memory=plan.memory)
                opened.load({"name": "trips", "format": "csv", "path": SAMPLE})
    print(f"{plan.scopes} scopes in {time.monotonic() - began:.0f} s", file=sys.stderr)
    return places


def _show_work(done: list[Done], plan: Plan) -> bool:
    title = f"{plan.scopes} scopes, {plan.users} users, {plan.minutes:g} minutes; {machine()}"
    table = Table("kind", "requests", "errors", "p50 ms", "p99 ms", "longest ms", title=title)
    for kind in sorted({one.kind for one in done}):
        of_kind = [one for one in done if one.kind == kind]
        times = [one.ms for one in of_kind if one.error is None] or [0.0, 0.0]
        errors = sum(one.error is not None for one in of_kind)
        shown = [quantile(times * 2, 0.5), quantile(times * 2, 0.99), max(times)]
        table.add_row(kind, f"{len(of_kind):,}", str(errors), *map(number, shown))
    errors = Counter((one.kind, one.error) for one in done if one.error is not None)
    failures = Table("kind", "error", "times", "a stated limit", title="errors")
    for (kind, error), times_ in errors.most_common():
        failures.add_row(kind, error, str(times_), "yes" if error in STATED else "NO")
    console = Console(width=120)
    console.print(table)
    console.print(failures if errors else "no errors")
    return bool(done) and all(error in STATED for _, error in errors)


def _show_growth(samples: list[Sample]) -> bool:
    first, last = _first_minute(samples), samples[-1]
    table = Table("what", "after the first minute", "at the end", "may grow by", "", title="growth")
    holds = True
    facts = {
        "memory MiB": (first.memory_mib, last.memory_mib),
        "threads": (first.threads, last.threads),
        "files": (first.files, last.files),
    }
    for what, (before, after) in facts.items():
        good = after - before <= GROWTH[what]
        holds &= good
        row = (f"control plane: {what}", number(before), number(after), number(GROWTH[what]))
        table.add_row(*row, "ok" if good else "ABOVE")
    most = first.agents_mib * AGENTS_GROWTH
    good = last.agents_mib - first.agents_mib <= most
    row = ("agents: memory MiB", number(first.agents_mib), number(last.agents_mib), number(most))
    table.add_row(*row, "ok" if good else "ABOVE")
    Console(width=120).print(table)
    return holds and good


def _first_minute(samples: list[Sample]) -> Sample:
    """The first sample after a minute; of a shorter run, the one in its middle."""
    after = [sample for sample in samples if sample.at_s >= 60]
    return after[0] if after else samples[len(samples) // 2]


def _show_health(times_ms: list[float]) -> bool:
    p99 = quantile(times_ms, 0.99)
    good = p99 <= HEALTH_LIMIT_MS
    table = Table("asked", "p50 ms", "p99 ms", "longest ms", "limit of p99", "", title="/health")
    shown = [quantile(times_ms, 0.5), p99, max(times_ms), HEALTH_LIMIT_MS]
    table.add_row(str(len(times_ms)), *map(number, shown), "ok" if good else "ABOVE")
    Console(width=120).print(table)
    return good
