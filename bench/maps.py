"""Point maps of many rows: the first time, and again."""

from __future__ import annotations

from collections.abc import Iterator

from geoscope import Picture, Scope, trips

from bench.figures import Figure, took_ms
from bench.tables import make_points

SQL = "select ST_Point(x, y) as point from {table}"
SIZES = {"points_1e6": 1, "points_1e7": 10}


def figures(scope: Scope) -> Iterator[Figure]:
    """Each size drawn twice; needs the trips' table."""
    for table, times in SIZES.items():
        rows = make_points(scope, table, times)
        yield from _first_and_again(scope, table, rows)


def _first_and_again(scope: Scope, table: str, rows: int) -> Iterator[Figure]:
    sql = SQL.format(table=table)
    pictures: list[Picture] = []

    def draw() -> None:
        pictures.append(scope.draw("pointmap", sql, **trips.FRAME))

    for when in ("first", "again"):
        took = took_ms(draw)
        stages = ", ".join(f"{name} {ms:.0f}" for name, ms in pictures[-1].ms.items())
        yield Figure(f"pointmap of {rows:,} rows, {when}", took, "ms", note=stages)
