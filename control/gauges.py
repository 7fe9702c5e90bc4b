"""What is read when Prometheus asks: states, queues, pools, room that is left, limits."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from control.auth.passwords import MAX_PARALLEL
from control.scopes.queue import MAX_WAITING
from control.scopes.scope import Scope, ScopeState
from control.settings import Settings
from control.store.database import STORE_NAME
from control.web.services import Services

PREFIX: Final = "geoscope_"
JOURNALS: Final = ("", "-wal")
ENGINE_THREADS: Final = 16


@dataclass(frozen=True)
class Gauges(Collector):
    """Reads the services at each scrape, and keeps nothing."""

    services: Services
    driver: str

    def collect(self) -> Iterator[Metric]:
        """Everything."""
        scopes = self.services.registry.everything()
        yield from _of_scopes([scope for scope in scopes if not scope.is_pooled])
        yield from self._of_pool(scopes)
        yield from self._of_work()
        yield from self._of_room(scopes)
        yield from self._of_store()
        yield from _of_limits(self.services.settings)
        yield _labelled(
            "info",
            "What runs here, as labels",
            {"version": self.services.version, "driver": self.driver},
        )

    def _of_pool(self, scopes: list[Scope]) -> Iterator[Metric]:
        registry = self.services.registry
        yield _gauge("pool_ready", "Sandboxes that wait for a user", registry.pool_size())
        wanted = self.services.settings.pool_size
        yield _gauge("pool_wanted", "Sandboxes that are to wait", wanted)
        starting = sum(scope.is_pooled and not scope.is_running for scope in scopes)
        yield _gauge("pool_starting", "Sandboxes on their way to the pool, or out of it", starting)
        held_back = registry.pool_held_back() is not None
        yield _gauge("pool_held_back", "1: it waits for room, or for scopes to start", held_back)
        up = registry.engine_problem is None
        yield _gauge("engine_up", "1: the engine answers", up)
        yield _gauge("draining", "1: new scopes are refused (drain)", registry.drain.is_on)

    def _of_work(self) -> Iterator[Metric]:
        registry, services = self.services.registry, self.services
        waiting = [registry.waiting_commands(s.owner, s.name) for s in registry.list_all()]
        yield _gauge("commands_waiting", "Commands that wait for their turn", sum(waiting))
        longest = max(waiting, default=0)
        yield _gauge("commands_waiting_longest", "The longest queue of a scope", longest)
        under_way = len(services.under_way.of(None))
        yield _gauge("statements_under_way", "Requests of the query service under way", under_way)
        yield _gauge(
            "passwords_waiting", "Passwords being hashed or waiting", services.accounts.hashing
        )
        yield _gauge("connections", "Connections of clients", services.connections.open)
        yield _gauge("body_bytes", "Bytes of request bodies in memory", services.bodies.held)
        yield _gauge("tasks", "Tasks of the event loop", len(asyncio.all_tasks()))
        yield _gauge("threads", "Threads of the control plane", threading.active_count())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        yield _gauge("memory_peak_bytes", "The most memory that it ever had", peak)

    def _of_room(self, scopes: list[Scope]) -> Iterator[Metric]:
        settings = self.services.settings
        granted = sum(s.limits.memory_bytes for s in scopes if s.container_id is not None)
        yield _gauge("memory_granted_bytes", "Memory that running scopes may use", granted)
        if occupancy := self.services.registry.occupancy():
            yield _gauge(
                "memory_promised_bytes", "Memory promised, to the pool too", occupancy.promised
            )
            yield _gauge(
                "memory_promisable_bytes", "Memory that may be promised", occupancy.promisable
            )
        yield _gauge("host_memory_available_bytes", "Memory that the host has left", _available())
        free = shutil.disk_usage(settings.state_dir).free
        yield _gauge("state_dir_free_bytes", "Room that is left for the store and disks", free)
        first, last = settings.uid_range
        left = last - first + 1 - len(scopes)
        yield _gauge("uids_free", "User ids that no scope has", left)

    def _of_store(self) -> Iterator[Metric]:
        audit, store = self.services.audit, self.services.settings.state_dir / STORE_NAME
        sizes = (_size(Path(f"{store}{suffix}")) for suffix in JOURNALS)
        yield _gauge("store_bytes", "Size of the store with its journal", sum(sizes))
        lost = CounterMetricFamily(
            f"{PREFIX}events_lost", "Events that could not be written", value=audit.lost
        )
        yield lost


def _of_scopes(scopes: list[Scope]) -> Iterator[Metric]:
    counts = Counter(scope.state for scope in scopes)
    # Every state, also at 0: a series that comes and goes cannot be alerted on.
    yield _by_label("scopes", "Scopes by state", "state", {s: counts[s] for s in ScopeState})
    in_flight = sum(scope.in_flight for scope in scopes)
    yield _gauge("work_in_flight", "Requests that scopes have under way", in_flight)


def _of_limits(settings: Settings) -> Iterator[Metric]:
    found = {
        field.name: value
        for field in fields(settings)
        if isinstance(value := getattr(settings, field.name), int | float)
        and field.name not in {"port"}
    }
    fixed = {
        "commands_waiting_of_a_scope": MAX_WAITING,
        "engine_calls_at_a_time": ENGINE_THREADS,
        "passwords_at_a_time": MAX_PARALLEL,
    }
    yield _by_label("limit", "Limits as they are set, by name", "limit", {**found, **fixed})


def _available() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, meaning, value=float(value))


def _by_label(name: str, meaning: str, label: str, values: dict[str, float]) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, meaning, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([str(key)], float(value))
    return family


def _labelled(name: str, meaning: str, labels: dict[str, str]) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, meaning, labels=list(labels))
    family.add_metric(list(labels.values()), 1.0)
    return family
