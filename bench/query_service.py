"""AsterixDB's API: small statements in every mode, polls, a million rows; one connection, kept."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from geoscope import Scope

from bench.figures import Figure, quantile, took_ms

TIMES: Final = 200
POLLS: Final = 1000
ROWS: Final = 1_000_000
TIMEOUT_S: Final = 120.0
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
MIB: Final = 2**20
ORIGINAL: Final = "AsterixDB 0.9.8 on such a machine: "
MILLION: Final = "select id, id * 0.5D as x, concat('row ', id) as name from range(0, 1000000)"
ENDLESS: Final = "select count(*) from range(1, 1000000000) a where a % 1000000 = 1"
RESIDENT: Final = re.compile(r"^process_resident_memory_bytes (\S+)$", re.MULTILINE)


@dataclass
class Wire:
    """One connection, kept, and no client library on it."""

    connection: http.client.HTTPConnection
    headers: dict[str, str]
    scope: str

    @classmethod
    def of(cls, scope: Scope) -> Wire:
        """A connection to the scope's server, as its user."""
        transport = scope.transport
        address = urlsplit(transport.settings.url)
        connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=TIMEOUT_S
        )
        token = transport.token or transport.log_in()
        return cls(connection, {"Authorization": f"Token {token}"}, scope.name)

    def submit(self, statement: str, **parameters: str) -> dict[str, Any]:
        """The reply to a statement."""
        body = urlencode({"statement": statement, "scope": self.scope, **parameters})
        found: dict[str, Any] = json.loads(self.read("POST", "/query/service", body))
        return found

    def read(self, method: str, path: str, body: str | None = None) -> bytes:
        """The whole body of an answer."""
        self.send(method, path, body)
        return self.connection.getresponse().read()

    def send(self, method: str, path: str, body: str | None = None) -> None:
        """A request; its answer is still to be read."""
        headers = self.headers | (FORM if body else {})
        self.connection.request(method, path, body, headers)

    def resident(self) -> float:
        """The control plane's memory in MiB."""
        found = RESIDENT.search(self.read("GET", "/metrics").decode())
        return float(found[1]) / MIB if found else 0.0


def figures(scope: Scope) -> Iterator[Figure]:
    """Latencies, polls, and a large result, in a scope that has been used before."""
    wire = Wire.of(scope)
    yield from _latencies(wire)
    yield _polls(wire)
    yield from _million(wire)


def _latencies(wire: Wire) -> Iterator[Figure]:
    modes = (
        ("immediate", lambda: wire.submit("select 1;"), 5, "3.1 ms"),
        ("deferred", lambda: wire.submit("select 1;", mode="deferred"), None, "2.8-3.3 ms"),
        ("async submit", lambda: wire.submit("select 1;", mode="async"), 5, "2.5-2.8 ms"),
        ("async to result", lambda: _to_result(wire), 10, "4.4-6.0 ms"),
    )
    for mode, action, limit, original in modes:
        for _ in range(10):
            action()
        times = [took_ms(action) for _ in range(TIMES)]
        what, note = f"select 1; {mode}", ORIGINAL + original
        yield Figure(f"{what}: p50", quantile(times, 0.5), "ms", limit, note)
        yield Figure(f"{what}: p95", quantile(times, 0.95), "ms")


def _to_result(wire: Wire) -> bytes:
    handle = urlsplit(wire.submit("select 1;", mode="async")["handle"]).path
    while True:
        document = json.loads(wire.read("GET", handle))
        if document["status"] != "running":
            return wire.read("GET", urlsplit(document["handle"]).path)


def _polls(wire: Wire) -> Figure:
    submitted = wire.submit(ENDLESS, mode="async", client_context_id="bench")
    handle = urlsplit(submitted["handle"]).path
    times = [took_ms(lambda: wire.read("GET", handle)) for _ in range(POLLS)]
    running = json.loads(wire.read("GET", handle))["status"] == "running"
    wire.read("DELETE", "/admin/requests/running?client_context_id=bench")
    note = f"{POLLS} in {sum(times):,.0f} ms; the job {'still ran' if running else 'had ended'}"
    return Figure("status of a running job: p50", quantile(times, 0.5), "ms", 2, note)


def _million(wire: Wire) -> Iterator[Figure]:
    body = urlencode({"statement": MILLION, "scope": wire.scope, "dialect": "spark"})
    wire.submit("select 1 as one", dialect="spark")
    before = wire.resident()
    began = perf_counter()
    wire.send("POST", "/query/service", body)
    answer = wire.connection.getresponse()
    size = len(answer.read(64 * 1024))
    first_ms = (perf_counter() - began) * 1000
    while piece := answer.read(MIB):
        size += len(piece)
    total_s = perf_counter() - began
    grown = max(0.0, wire.resident() - before)
    yield Figure("a million rows: first bytes", first_ms, "ms")
    yield Figure("a million rows: all of them", total_s, "s", 2, f"{size / 1e6:.0f} MB, 3 columns")
    yield Figure("a million rows: control plane's memory grew by", grown, "MiB", 50)
