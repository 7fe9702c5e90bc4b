"""The real trips a hundred times: loading them, and points made of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from geoscope import Scope, trips

from bench.figures import Figure, took_ms
from bench.server import ROOT

REAL = ROOT.parent / "shared" / "data" / "nyc_taxi_buildings_10k.csv"
SAMPLE = ROOT / "samples" / "nyc_taxi.csv"
COPIES = 100
UPLOADED = "trips.csv"
JITTER = "(rand({seed}) - 0.5) * 0.0002"
POINTS = (
    f"select pickup_longitude + {JITTER.format(seed=1)} as x, "
    f"pickup_latitude + {JITTER.format(seed=2)} as y from {trips.RAW_TABLE}"
)


class Repeated:
    """A CSV file whose rows come many times under one header, to be read once."""

    def __init__(self, path: Path, copies: int) -> None:
        header, _, self._rows = path.read_bytes().partition(b"\n")
        if not self._rows.endswith(b"\n"):
            self._rows += b"\n"
        self._left = copies
        self._next = header + b"\n"
        self._length = len(self._next) + copies * len(self._rows)

    def __len__(self) -> int:
        """How many bytes there are."""
        return self._length

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`."""
        if not self._next and self._left:
            self._next, self._left = self._rows, self._left - 1
        taken = self._next if size < 0 else self._next[:size]
        self._next = self._next[len(taken) :]
        return taken


def figures(scope: Scope) -> Iterator[Figure]:
    """Load the file; leaves it as a table for the maps."""
    source = REAL if REAL.exists() else SAMPLE
    content: Any = Repeated(source, COPIES)
    body: IO[bytes] = content
    uploaded = took_ms(lambda: scope.files.put(UPLOADED, body))
    yield Figure("upload of that file", uploaded / 1000, "s", note=f"{len(content) / 1e6:.0f} MB")
    made: list[dict[str, Any]] = []
    item = {**trips.LOAD, "path": UPLOADED}
    loaded = took_ms(lambda: made.extend(scope.load(item)))
    note = f"{made[0]['num_rows']:,} rows of {source.name} x {COPIES}"
    yield Figure("load of the real CSV x 100", loaded / 1000, "s", note=note)
    scope.files.delete(UPLOADED)


def make_points(scope: Scope, name: str, times: int) -> int:
    """A table of jittered pick-ups, so many times the trips there are; how many rows."""
    return int(scope.create(name, f"{POINTS} cross join range({times})")["num_rows"])
