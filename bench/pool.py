"""A scope from the pool: what `POST /scope` takes where a sandbox is ready."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Final

from geoscope import Client

from bench.figures import Figure, took_ms
from bench.server import running

ROUNDS: Final = 5
LIMIT_MS: Final = 100.0
FILL_DEADLINE_S: Final = 120.0
SETTLE_S: Final = 3.0
"""A sandbox that has just become ready still compiles."""


def figures() -> Iterator[Figure]:
    """Median and worst of a few, on a server of its own; each waits until the pool is full."""
    with running(POOL_SIZE="1") as plane:
        times = [_claim(plane.client) for _ in range(ROUNDS)]
    note = f"of {ROUNDS}, each with a full pool"
    yield Figure(
        "pool: POST /scope answers, median", statistics.median(times), "ms", LIMIT_MS, note
    )
    yield Figure("pool: POST /scope answers, worst", max(times), "ms", note=note)


def _claim(client: Client) -> float:
    _await_full(client)
    taken = took_ms(client.open)
    for scope in client.admin.scopes():
        client.admin.close_scope(scope["id"])
    return taken


def _await_full(client: Client) -> None:
    deadline = time.monotonic() + FILL_DEADLINE_S
    while time.monotonic() < deadline:
        if "geoscope_pool_ready 1" in client.transport.send("GET", "/metrics").text:
            time.sleep(SETTLE_S)
            return
        time.sleep(0.2)
    why = f"no sandbox of the pool was ready within {FILL_DEADLINE_S:.0f} s"
    raise TimeoutError(why)
