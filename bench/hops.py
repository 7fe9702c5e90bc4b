"""The smallest command and query, again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from geoscope import Scope

from bench.figures import Figure, quantile, took_ms

TIMES = 200
COMMAND_MS = 8
QUERY_MS = 40


def figures(scope: Scope) -> Iterator[Figure]:
    """Median and 95th percentile in a scope that has been used before."""
    yield from _spread("/command 1+1", lambda: scope.run("1 + 1"), COMMAND_MS)
    yield from _spread("/query select 1", lambda: scope.query("select 1 as one"), QUERY_MS)


def _spread(what: str, action: Callable[[], object], limit_ms: float) -> Iterator[Figure]:
    for _ in range(10):
        action()
    times = [took_ms(action) for _ in range(TIMES)]
    yield Figure(f"{what}: p50", quantile(times, 0.5), "ms", limit_ms, f"{TIMES} in a row")
    yield Figure(f"{what}: p95", quantile(times, 0.95), "ms")
