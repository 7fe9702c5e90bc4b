"""Maps over HTTP beside their peers in process: the first time, again, and how the time grows."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from geoscope import Picture, Scope, trips

from bench.figures import Figure, took_ms
from bench.map_files import points, polygons, ring
from bench.server import ROOT

PEERS: Final = ROOT / ".cache" / "peers" / "bin" / "python"
PEERS_DEADLINE_S: Final = 900.0
LARGEST: Final = "GEOSCOPE_BENCH_LARGEST"
"""Rows of the largest map: 100000000 takes 3 GB of disk and some minutes."""
TIMES: Final = 3
RINGS: Final = (64, 1_000)
WEST, SOUTH, EAST, NORTH = trips.BOX
BOX: Final = list(trips.BOX)
OTHER_BOX: Final = [WEST + 0.004, SOUTH + 0.004, EAST - 0.008, NORTH - 0.008]
INSIDE: Final = "where ST_Within(ST_Point(x, y), ST_GeomFromText('{area}'))"
POINT: Final = "select ST_Point(x, y) as point"


@dataclass(frozen=True, kw_only=True)
class Map:
    """A row of the table: SQL over a table, how it is drawn, and what it may take.

    `{area}` in the SQL is a polygon, `{run}` a number: another one, another plan, the same rows.
    """

    name: str
    chart: str
    sql: str
    first_ms: float
    again_ms: float
    style: tuple[tuple[str, Any], ...] = ()


_RAMP: Final = ("color_gradient", ["#115f9a", "#d0f400"])
MAPS: Final = (
    Map(
        name="pointmap of 1e7 rows, direct",
        chart="pointmap",
        sql=f"{POINT} from large {INSIDE}",
        first_ms=600,
        again_ms=100,
    ),
    Map(
        # A function that files are not read for, and that costs next to nothing.
        name="pointmap of 1e7 rows, spark",
        chart="pointmap",
        sql=f"{POINT} from large {INSIDE} and abs(x) < 180",
        first_ms=2_000,
        again_ms=100,
    ),
    Map(
        name="weighted of 1e6 rows",
        chart="weighted",
        sql=f"{POINT}, fare as c, n as s from small {INSIDE}",
        first_ms=400,
        again_ms=120,
        style=(_RAMP, ("color_bound", [0, 50]), ("size_bound", [3, 10])),
    ),
    Map(
        name="heatmap of 1e7 rows",
        chart="heatmap",
        sql=f"{POINT}, n as w from large {INSIDE}",
        first_ms=800,
        again_ms=200,
        style=(("map_zoom_level", 13),),
    ),
    Map(
        name="fishnetmap of 1e6 rows",
        chart="fishnetmap",
        sql=f"{POINT}, n as w from small {INSIDE}",
        first_ms=300,
        again_ms=80,
        style=(("cell_size", 4), ("cell_spacing", 1)),
    ),
    Map(
        name="choropleth of 1e5 polygons",
        chart="choropleth",
        sql="select ST_GeomFromText(wkt) as shape, w from polygons where w > -1 - {run}",
        first_ms=800,
        again_ms=300,
        style=(_RAMP,),
    ),
)


def figures(scope: Scope) -> Iterator[Figure]:
    """Every map first and again with its peer, the filters, the growth."""
    with tempfile.TemporaryDirectory(prefix="geoscope-bench-") as folder:
        files = {
            "large": points(Path(folder) / "large.parquet", 10_000_000),
            "small": points(Path(folder) / "small.parquet", 1_000_000),
            "polygons": polygons(Path(folder) / "polygons.parquet", 100_000),
        }
        for name, path in files.items():
            _load(scope, name, path)
        # Loads what drawing needs, and warms what a scope that draws has warm.
        warm = _draw(scope, MAPS[0], f"{POINT} from small", BOX)
        picture = warm.save(Path(folder) / "picture.png")
        peers = _peers({**files, "picture": picture})
        for wanted in MAPS:
            yield from _map(scope, wanted, peers)
        for vertices, least in zip(RINGS, (15, 10), strict=True):
            yield _filter(scope, vertices, least, peers)
        yield from _encoders(peers)
        yield from growth(scope, Path(folder))


def growth(scope: Scope, folder: Path) -> Iterator[Figure]:
    """The same map of ever more rows; again is the best of several, as for the maps above."""
    largest = int(os.environ.get(LARGEST, "10000000"))
    for power in range(5, 9):
        rows = 10**power
        if rows > largest:
            return
        name = f"grown_1e{power}"
        path = points(folder / f"{name}.parquet", rows)
        _load(scope, name, path)
        path.unlink()
        limits = (6_000.0, 1_000.0) if power == 8 else (None, None)
        sql = f"{POINT} from {name} {INSIDE}".format(area=area(0))
        first = _timed(scope, MAPS[0], sql, BOX)
        again = _best([_timed(scope, MAPS[0], sql, OTHER_BOX) for _ in range(TIMES)])
        runs = {"first": first, "again": again}
        for (when, (taken, drawn)), limit in zip(runs.items(), limits, strict=True):
            yield Figure(f"growth: 1e{power} rows, {when}", taken, "ms", limit, _stages(drawn))
        scope.files.delete(f"{name}.parquet")


def area(run: int) -> str:
    """The box of all maps as a polygon, a millimetre larger each time."""
    west, south = WEST - run * 1e-8, SOUTH - run * 1e-8
    corners = ((west, south), (EAST, south), (EAST, NORTH), (west, NORTH), (west, south))
    return f"POLYGON (({', '.join(f'{x} {y}' for x, y in corners)}))"


def _map(scope: Scope, wanted: Map, peers: dict[str, float]) -> Iterator[Figure]:
    """First: SQL that nobody has asked before. Again: the last of these over another box."""
    statements = [wanted.sql.format(area=area(run), run=run) for run in range(TIMES)]
    runs = [_timed(scope, wanted, sql, BOX) for sql in statements]
    yield _beside(wanted, "first", runs, peers)
    runs = [_timed(scope, wanted, statements[-1], OTHER_BOX) for _ in range(TIMES)]
    yield _beside(wanted, "again", runs, peers)


def _best(runs: list[tuple[float, Picture]]) -> tuple[float, Picture]:
    """The one that took least."""
    return min(runs, key=lambda run: run[0])


def _beside(
    wanted: Map, when: str, runs: list[tuple[float, Picture]], peers: dict[str, float]
) -> Figure:
    """The best of the runs: a peer's is the best of as many."""
    taken, drawn = _best(runs)
    limit = wanted.first_ms if when == "first" else wanted.again_ms
    peer = peers[f"{wanted.chart} {when}"]
    note = f"datashader {peer:.0f} ms, ratio {taken / peer:.1f}; {_stages(drawn)}"
    return Figure(f"{wanted.name}, {when}", taken, "ms", limit, note)


def _filter(scope: Scope, vertices: int, least: float, peers: dict[str, float]) -> Figure:
    """Rows a second of a whole first map whose SQL is such a filter."""
    sql = f"{POINT} from large {INSIDE.format(area=ring(vertices))}"
    taken, drawn = _timed(scope, MAPS[0], sql, BOX)
    ours = 10_000_000 / taken / 1000
    peer = peers[f"filter {vertices}"]
    note = f"shapely {peer:.1f}, ratio {ours / peer:.1f}"
    what = f"map of a polygon of {vertices} vertices (at least {least})"
    return Figure(what, ours, "M rows/s", note=f"{note}; {_stages(drawn)}")


def _encoders(peers: dict[str, float]) -> Iterator[Figure]:
    for name in ("pillow", "opencv"):
        yield Figure(f"PNG 1024 x 896 by {name}", peers[f"encode {name}"], "ms")


def _load(scope: Scope, name: str, path: Path) -> None:
    scope.files.put(path.name, path)
    scope.load({"name": name, "format": "parquet", "path": path.name, "mode": "replace"})


def _draw(scope: Scope, wanted: Map, sql: str, box: list[float]) -> Picture:
    return scope.draw(
        wanted.chart, sql, **{**trips.FRAME, "bounding_box": box}, **dict(wanted.style)
    )


def _timed(scope: Scope, wanted: Map, sql: str, box: list[float]) -> tuple[float, Picture]:
    drawn: list[Picture] = []
    taken = took_ms(lambda: drawn.append(_draw(scope, wanted, sql, box)))
    return taken, drawn[0]


def _stages(drawn: Picture) -> str:
    return ", ".join(f"{name} {ms:.0f}" for name, ms in drawn.ms.items() if ms >= 0.5)


def _peers(files: dict[str, Path]) -> dict[str, float]:
    """What peers take, by name; installs them where they are not."""
    subprocess.run([ROOT / "scripts" / "peers.sh"], check=True, timeout=PEERS_DEADLINE_S)
    wish = {
        "files": {name: str(path) for name, path in files.items()},
        "box": BOX,
        "other_box": OTHER_BOX,
        "area": area(0),
        "rings": {str(vertices): ring(vertices) for vertices in RINGS},
    }
    done = subprocess.run(
        [PEERS, "-m", "bench.peers"],
        cwd=ROOT,
        input=json.dumps(wish),
        capture_output=True,
        text=True,
        check=True,
        timeout=PEERS_DEADLINE_S,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found
