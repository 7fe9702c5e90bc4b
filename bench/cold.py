"""A scope from nothing: until it answers, runs a first command, a first query; what it holds."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from time import perf_counter

import docker
from docker.errors import DockerException
from geoscope import Client, Scope

from bench.figures import Figure

ROUNDS = 3
FIRST_QUERY_S = 4.5
IDLE_MB = 700
IMAGE_GB = 1.8
IMAGE = "geoscope-sandbox:latest"


def figures(client: Client) -> Iterator[Figure]:
    """The figures of cold scopes, the median of a few."""
    note = f"median of {ROUNDS}, no pool"
    yield Figure("cold: POST /scope answers", _seconds(client, _nothing), "s", note=note)
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


def _nothing(scope: Scope) -> None:
    """The scope has answered: that is all."""


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
