"""A scope from nothing: stage by stage until it answers, runs a first command, a first query."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter

import docker
from docker.errors import DockerException
from geoscope import Client, Scope

from bench.figures import Figure

ROUNDS = 3
FIRST_QUERY_S = 4.5
Stages = dict[str, float]
"""Milliseconds by stage, in the order of the start."""
BUDGET_S: dict[str, tuple[str, float | None]] = {
    "disk": ("a disk is made", None),
    "container": ("a container is made and started", None),
    "agent": ("… and its agent answers, from then on", 0.5),
    "jvm": ("… the JVM serves", None),
    "spark": ("… there is a SparkContext", 1.7),
    "session": ("… there is a SparkSession", 2.3),
    "catalog": ("… the scope's tables are there", None),
}
"""What the end of each stage means, and by when it is to be, in seconds from the container on."""
IDLE_MB = 700
IMAGE_GB = 1.8
IMAGE = "geoscope-sandbox:latest"


def figures(client: Client) -> Iterator[Figure]:
    """The figures of cold scopes, the median of a few."""
    note = f"median of {ROUNDS}, no pool"
    openings: list[Stages] = []
    answered = _seconds(client, lambda scope: openings.append(_stages(scope)))
    yield from staged(openings)
    yield Figure("cold: POST /scope answers", answered, "s", note=note)
    yield Figure("cold: … and a first command is done", _seconds(client, _command), "s", note=note)
    done = _seconds(client, _query)
    yield Figure("cold: … and a first query is done", done, "s", FIRST_QUERY_S, note)
    yield Figure(
        "memory of an idle scope", _idle_mb(client), "MB", IDLE_MB, "after its first query"
    )
    yield from _image()


def _seconds(client: Client, first: Callable[[Scope], object]) -> float:
    return statistics.median(_one(client, first) for _ in range(ROUNDS))


def _one(client: Client, first: Callable[[Scope], object]) -> float:
    began = perf_counter()
    scope = client.open()
    first(scope)
    took = perf_counter() - began
    scope.close()
    return took


def _stages(scope: Scope) -> Stages:
    """What its start consisted of, as the server says."""
    found: Stages = scope.facts()["opened"]["stages_ms"]
    return found


def staged(openings: Sequence[Stages]) -> Iterator[Figure]:
    """How long each stage took, and when it had ended, counted from the container's start."""
    since = False
    ended_s = 0.0
    # A stage may be over between two looks at the agent: then that start does not have it.
    for name in (each for each in BUDGET_S if any(each in stages for stages in openings)):
        took_s = statistics.median(stages.get(name, 0.0) for stages in openings) / 1000
        ended_s = ended_s + took_s if since else 0.0
        since = since or name == "container"
        what, limit_s = BUDGET_S[name]
        note = f"took {took_s:.2f} s" if ended_s else ""
        yield Figure(f"cold: {what}", ended_s or took_s, "s", limit_s, note)


def _command(scope: Scope) -> object:
    return scope.run("1 + 1")


def _query(scope: Scope) -> object:
    return scope.query("select 1 as one")


def _idle_mb(client: Client) -> float:
    scope = client.open()
    _command(scope)
    _query(scope)
    used = scope.facts()["memory"]["used"]
    scope.close()
    return float(used or "nan") / 1e6


def _image() -> Iterator[Figure]:
    try:
        engine = docker.from_env()
        size = engine.images.get(IMAGE).attrs["Size"]
    except DockerException:
        return
    yield Figure("size of the image", size / 1e9, "GB", IMAGE_GB, IMAGE)
