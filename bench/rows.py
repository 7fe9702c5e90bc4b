"""A million rows of three columns as JSON and as Arrow, beside polars and Spark in process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from time import perf_counter
from typing import Final

from geoscope import Scope

from bench.figures import Figure
from bench.query_service import MIB, Wire

ROWS: Final = 1_000_000
TIMES: Final = 10
MAKE: Final = f"select id, id * 0.5D as x, concat('row ', id) as name from range({ROWS})"
TABLE: Final = "million_rows"
LIMITS_MS: Final = {"records": 600.0, "arrow": 400.0}
PEERS: Final = {
    "records": "polars write_json 150 ms, pyspark toJSON 2,500 ms",
    "arrow": "pyspark toArrow 140 ms",
}


def figures(scope: Scope) -> Iterator[Figure]:
    """The best of some times, from the request to the last byte: the JVM compiles meanwhile."""
    wire = Wire.of(scope)
    wire.connection.connect()
    scope.create(TABLE, MAKE)
    for form, limit in LIMITS_MS.items():
        taken, size = min(_read(wire, form) for _ in range(TIMES))
        note = f"{size / 1e6:.0f} MB, best of {TIMES}; in process: {PEERS[form]}"
        yield Figure(f"/query of {ROWS:,} rows as {form}", taken, "ms", limit, note)


def _read(wire: Wire, form: str) -> tuple[float, int]:
    body = {"scope": wire.scope, "sql": f"select * from {TABLE}", "format": form}
    headers = wire.headers | {"Content-Type": "application/json"}
    began = perf_counter()
    wire.connection.request("POST", "/query", json.dumps(body), headers)
    answer = wire.connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(answer.read().decode())
    size = 0
    while piece := answer.read(MIB):
        size += len(piece)
    return (perf_counter() - began) * 1000, size
