"""Counters for Prometheus, in a registry of our own."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """What is counted. Labels are endpoints, methods, states: never users, scopes or ids."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "geoscope_requests_total",
            "Requests that were answered",
            ["method", "endpoint", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "geoscope_request_seconds",
            "Time from the request to the beginning of its answer",
            ["method", "endpoint"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._in_flight = Gauge(
            "geoscope_requests_in_flight", "Requests under way", registry=self._registry
        )

        self._events = Counter(
            "geoscope_events_total",
            "Events as /admin/events shows them, by kind",
            ["event"],
            registry=self._registry,
        )

    def begin(self) -> None:
        """A request came."""
        self._in_flight.inc()

    def end(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._in_flight.dec()
        self._requests.labels(method, endpoint, str(status)).inc()
        self._seconds.labels(method, endpoint).observe(seconds)

    def count_event(self, event: str) -> None:
        """An event was written."""
        self._events.labels(event).inc()

    def watch_scopes(self, states: Callable[[], Iterable[str]]) -> None:
        """Tell the number of scopes by state, as `states` says at each scrape."""
        self._registry.register(_ScopesByState(states))

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)


class _ScopesByState(Collector):
    def __init__(self, states: Callable[[], Iterable[str]]) -> None:
        self._states = states

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily("geoscope_scopes", "Scopes by state", labels=["state"])
        for state, count in sorted(Tally(self._states()).items()):
            family.add_metric([state], count)
        yield family
