"""What is counted for Prometheus; `control.gauges` adds what is read at a scrape."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
from prometheus_client.registry import Collector

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """What is counted. Labels are endpoints, methods, kinds: never users, scopes or ids."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = self._counter(
            "requests", "Requests that were answered", "method", "endpoint", "status"
        )
        self._seconds = self._histogram(
            "request", "Time from a request to the beginning of its answer", "method", "endpoint"
        )
        self._in_flight = self._gauge("requests_in_flight", "Requests under way")
        self._errors = self._counter(
            "errors", "Requests that ended with this error: refusals, failures", "type"
        )
        self._events = self._counter("events", "Events as /admin/events shows them", "event")
        self._opened = self._histogram(
            "scope_open", "Time until a new scope was ready, from the pool or cold", "origin"
        )
        self._engine = self._histogram(
            "engine_call",
            "Time that the engine took for a call, waiting for a thread included",
            "call",
        )
        self._engine_in_flight = self._gauge(
            "engine_calls_in_flight", "Calls to the engine under way, those that wait included"
        )
        self._engine_errors = self._counter(
            "engine_errors", "Calls that the engine refused or did not answer", "call", "type"
        )
        self._agent = self._histogram(
            "agent_call", "Time that an agent took to begin its answer", "call"
        )
        self._lag = self._histogram(
            "event_loop_lag", "How late the event loop was for what it had to do at a known time"
        )

    def begin(self) -> None:
        """A request came."""
        self._in_flight.inc()

    def end(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._in_flight.dec()
        self._requests.labels(method, endpoint, str(status)).inc()
        self._seconds.labels(method, endpoint).observe(seconds)

    def count_error(self, type: str) -> None:
        """A request ended with this error."""
        self._errors.labels(type).inc()

    def count_event(self, event: str) -> None:
        """An event was written."""
        self._events.labels(event).inc()

    def opened(self, seconds: float, *, from_pool: bool) -> None:
        """A scope was opened."""
        self._opened.labels("pool" if from_pool else "cold").observe(seconds)

    def agent_answered(self, call: str, seconds: float) -> None:
        """An agent began its answer."""
        self._agent.labels(call).observe(seconds)

    def late(self, seconds: float) -> None:
        """The event loop was so late."""
        self._lag.observe(seconds)

    @contextmanager
    def engine_call(self, call: str) -> Iterator[None]:
        """The engine is asked within the block."""
        self._engine_in_flight.inc()
        try:
            with self._engine.labels(call).time():
                yield
        except Exception as error:
            self._engine_errors.labels(call, getattr(error, "type", "bug")).inc()
            raise
        finally:
            self._engine_in_flight.dec()

    def watch(self, gauges: Collector) -> None:
        """Tell at each scrape what these say."""
        self._registry.register(gauges)

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"geoscope_{name}_total", meaning, labels, registry=self._registry)

    def _gauge(self, name: str, meaning: str) -> Gauge:
        return Gauge(f"geoscope_{name}", meaning, registry=self._registry)

    def _histogram(self, name: str, meaning: str, *labels: str) -> Histogram:
        return Histogram(
            f"geoscope_{name}_seconds", meaning, labels, buckets=SECONDS, registry=self._registry
        )
