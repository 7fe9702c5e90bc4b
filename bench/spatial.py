"""Spatial SQL: points against a constant polygon of few and of many vertices, and zone by zone."""

from __future__ import annotations

import math
from collections.abc import Iterator

from geoscope import Scope

from bench.figures import Figure, took_ms
from bench.tables import make_points

TABLE = "spatial_points"
FEWER = "spatial_points_1e6"
MILLIONS = 10
CENTRE = (-73.98, 40.75)
RADIUS = 0.04
RUNS = 3
# Vertices, and the least rows a second.
POLYGONS = {64: 5e6, 1_000: 3e6, 10_000: 1e6}
ZONES = 263
JOIN_LIMIT_MS = 1_200.0
JOIN = (
    "select count(*) as n from {table} as p join ("
    "select ST_PolygonFromEnvelope(x0, y0, x0 + 0.012, y0 + 0.012) as zone from ("
    "select -74.1 + (id % 16) * 0.012 as x0, 40.6 + floor(id / 16) * 0.012 as y0"
    " from range({zones}))) as z on ST_Within(ST_Point(p.x, p.y), z.zone)"
)


def figures(scope: Scope) -> Iterator[Figure]:
    """The filters, then the join; needs the trips' table."""
    rows = make_points(scope, TABLE, MILLIONS)
    for vertices, per_second in POLYGONS.items():
        sql = f"select count(*) as n from {TABLE} where {within(vertices)}"
        took = best_ms(scope, sql)
        yield Figure(
            f"ST_Within a polygon of {vertices:,} vertices, {rows:,} rows",
            took,
            "ms",
            limit=rows / per_second * 1000,
            note=f"{rows / took / 1000:.1f} M rows/s, best of {RUNS}",
        )
    rows = make_points(scope, FEWER, 1)
    took = best_ms(scope, JOIN.format(table=FEWER, zones=ZONES))
    yield Figure(f"join of {rows:,} points x {ZONES} zones", took, "ms", limit=JOIN_LIMIT_MS)


def within(vertices: int) -> str:
    """The condition, with a wavy ring of so many vertices around the middle of Manhattan."""
    ring = []
    for step in range(vertices):
        angle = 2 * math.pi * step / vertices
        reach = RADIUS * (0.75 + 0.25 * math.sin(9 * angle))
        ring.append((CENTRE[0] + reach * math.cos(angle), CENTRE[1] + reach * math.sin(angle)))
    text = ", ".join(f"{x:.12f} {y:.12f}" for x, y in [*ring, ring[0]])
    return f"ST_Within(ST_Point(x, y), ST_GeomFromText('POLYGON (({text}))'))"


def best_ms(scope: Scope, sql: str) -> float:
    """The shortest of a few times: the first also compiles the plan."""
    return min(took_ms(lambda: scope.query(sql)) for _ in range(RUNS))
