"""What is kept of maps' rows, without Spark: budgets, what leaves first, one reader at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from sandbox.render.cache import rows, versions
from sandbox.render.cache.columns import KeptColumns, Origin, Wide
from sandbox.render.cache.entries import InMemory, OnDisk
from sandbox.render.cache.headroom import Cgroup, Headroom
from sandbox.render.cache.recorder import Recorder
from sandbox.render.cache.store import Budget, ColumnStore, Held, Key
from sandbox.render.cache.versions import Version, version_of
from sandbox.render.columns import Choice, PointBatch, ShapeBatch, SourceColumn, StartOver
from tests.unit.sandbox.render_rows import points, shapes

GEOMETRY = SourceColumn(position=0, name="p", kind="geometry")
WEIGHT = SourceColumn(position=1, name="w", kind="numeric")
OTHER = SourceColumn(position=2, name="v", kind="numeric")
LABEL = SourceColumn(position=3, name="l", kind="text", as_text=True)
NO_FILES = Version(())


def choice(*weights: SourceColumn | None) -> Choice:
    return Choice(geometry=GEOMETRY, weights=weights)


@dataclass
class Counted:
    """Columns that count how often they are read; `gate` lets them on."""

    given: list[Any]
    reads: int = 0
    gate: threading.Event | None = None
    started: threading.Event = field(default_factory=threading.Event)
    source: Literal["direct", "spark", "cache"] = "spark"
    cached: bool = False

    def points(self, *, in_order: bool = False) -> Iterator[PointBatch]:
        self.reads += 1
        self.started.set()
        if self.gate is not None:
            assert self.gate.wait(30)
        yield from self.given

    def shapes(self) -> Iterator[ShapeBatch]:
        self.reads += 1
        yield from self.given


def store(folder: Path, memory: int = 10_000, disk: int = 100_000) -> ColumnStore:
    return ColumnStore(folder, Budget(memory=memory, disk=disk))


def kept(
    kept_in: ColumnStore, inner: Any, wanted: Choice, wide: Choice | None = None, **origin: Any
) -> KeptColumns:
    facts = {"identity": 1, "files": (), "version": NO_FILES} | origin
    return KeptColumns(
        store=kept_in,
        origin=Origin(**facts),
        choice=wanted,
        open_wide=lambda: Wide(choice=wide or wanted, columns=inner, identity=facts["identity"]),
        check=lambda: None,
    )


def shown(batches: Iterator[PointBatch]) -> list[tuple[Any, ...]]:
    return [
        (
            *(*batch.x.tolist(), *batch.y.tolist(), batch.faults.tolist()),
            *(None if w is None else w.tolist() for w in batch.weights),
        )
        for batch in batches
    ]


def test_the_same_rows_come_again_without_being_read(tmp_path: Path) -> None:
    inner = Counted([points((1, 2), (3, 4), weights=[[5, 6]], faults=[0, 1])])
    place = store(tmp_path)

    first, again = (kept(place, inner, choice(WEIGHT)) for _ in range(2))
    one, two = shown(first.points()), shown(again.points())

    assert one == two == [(1, 3, 2, 4, [0, 1], [5, 6])]
    assert (first.source, first.cached) == ("spark", False)
    assert (again.source, again.cached) == ("cache", True)
    assert inner.reads == 1


def test_a_painter_may_write_to_faults(tmp_path: Path) -> None:
    place = store(tmp_path)
    for _ in range(2):
        for batch in kept(place, Counted([points((1, 2))]), choice()).points():
            assert batch.faults.tolist() == [0]
            batch.faults[:] = 7


def test_another_chart_takes_a_column_that_was_kept_for_it(tmp_path: Path) -> None:
    inner = Counted([points((1, 2), weights=[[5], [6]])])
    place = store(tmp_path)

    shown(kept(place, inner, choice(), wide=choice(WEIGHT, OTHER)).points())
    found = shown(kept(place, inner, choice(None, OTHER)).points())

    assert found == [(1, 2, [0], None, [6])]
    assert inner.reads == 1


def test_a_column_that_was_not_kept_is_read(tmp_path: Path) -> None:
    place = store(tmp_path)
    shown(kept(place, Counted([points((1, 2))]), choice()).points())
    inner = Counted([points((1, 2), weights=[[5]])])

    assert shown(kept(place, inner, choice(WEIGHT)).points()) == [(1, 2, [0], [5])]
    assert inner.reads == 1


def test_shapes_labels_and_order_are_kept(tmp_path: Path) -> None:
    given = shapes("POINT (1 2)", None, labels=["a", None], order=[4, 3])
    inner, place = Counted([given]), store(tmp_path)
    for _ in range(2):
        (batch,) = kept(place, inner, choice(LABEL)).shapes()

        assert batch.wkb.equals(given.wkb)
        assert batch.order.tolist() == [4, 3]
        assert batch.labels.to_pylist() == ["a", None]
        assert batch.faults.tolist() == [0, 1]
    assert inner.reads == 1


def test_two_at_once_read_once(tmp_path: Path) -> None:
    inner, place = Counted([points((1, 2))], gate=threading.Event()), store(tmp_path)
    assert inner.gate is not None
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(lambda: shown(kept(place, inner, choice()).points()))
        assert inner.started.wait(30)
        waiting = threading.Event()
        late = kept(place, inner, choice())
        late.check = waiting.set
        second = pool.submit(lambda: shown(late.points()))
        assert waiting.wait(30)
        inner.gate.set()

        assert first.result(30) == second.result(30)
    assert (inner.reads, late.cached) == (1, True)


def test_who_waits_for_one_that_fails_reads_itself(tmp_path: Path) -> None:
    place = store(tmp_path)
    failing = kept(place, Counted([]), choice())

    def fail() -> Wide:
        raise RuntimeError

    failing.open_wide = fail
    with pytest.raises(RuntimeError):
        shown(failing.points())

    assert shown(kept(place, Counted([points((1, 2))]), choice()).points()) == [(1, 2, [0])]


def test_a_reader_that_stops_early_keeps_nothing_and_blocks_nobody(tmp_path: Path) -> None:
    inner, place = Counted([points((1, 2)), points((3, 4))]), store(tmp_path)
    early = kept(place, inner, choice()).points()
    next(early)
    early.close()

    assert len(shown(kept(place, inner, choice()).points())) == 2
    assert inner.reads == 2


def test_rows_that_must_be_read_in_another_way_are_kept_from_there(tmp_path: Path) -> None:
    place, other = store(tmp_path), Counted([points((1, 2))])

    class Unsure(Counted):
        def points(self, *, in_order: bool = False) -> Iterator[PointBatch]:
            yield from super().points()
            raise StartOver(other)

    with pytest.raises(StartOver) as caught:
        shown(kept(place, Unsure([points((9, 9))]), choice()).points())
    shown(caught.value.columns.points())

    assert shown(kept(place, other, choice()).points()) == [(1, 2, [0])]
    assert other.reads == 1


def test_a_changed_file_is_another_version(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"one")
    before = version_of([str(file)])
    file.write_bytes(b"two")
    replaced = tmp_path / "new"
    replaced.write_bytes(b"two")

    changed = version_of([str(file)])
    replaced.rename(file)

    assert len({before, changed, version_of([str(file)])}) == 3
    assert version_of([str(tmp_path / "missing")]) is None


def test_rows_of_files_that_changed_meanwhile_are_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"one")
    version = version_of([str(file)])
    origin = {"files": (str(file),), "version": version}
    inner, place = Counted([points((1, 2))]), store(tmp_path)
    batches = kept(place, inner, choice(), **origin).points()
    next(batches)
    file.write_bytes(b"three")
    list(batches)
    shown(kept(place, inner, choice(), **origin).points())

    assert inner.reads == 2


def test_rows_of_a_file_that_was_just_written_are_not_kept(tmp_path: Path) -> None:
    version = Version((("file", 1, 2, 3, versions.time.time_ns()),))

    assert not version.is_settled()
    assert Version((("file", 1, 2, 3, 4),)).is_settled()


def entry(size: int) -> InMemory:
    return InMemory([rows.packed(points(*[(1.0, 2.0)] * size), choice())])


def key(number: int) -> Key:
    return Key(identity=number, version=NO_FILES, form="points")


def put(place: ColumnStore, number: int, size: int) -> None:
    place.put(key(number), Held(entry=entry(size), columns=frozenset()))


def test_the_least_recently_used_goes_to_disk_and_then_out(tmp_path: Path) -> None:
    # 17 bytes a row.
    place = store(tmp_path, memory=4_000, disk=5_000)
    put(place, 1, 100)
    put(place, 2, 100)
    assert place.get(key(1), frozenset()) is not None
    put(place, 3, 100)

    kinds = [type(place.get(key(n), frozenset())) for n in (1, 2, 3)]

    assert kinds == [InMemory, OnDisk, InMemory]
    assert place.memory_bytes <= 4_000

    put(place, 4, 100)
    put(place, 5, 100)

    assert place.get(key(1), frozenset()) is None
    assert place.get(key(2), frozenset()) is not None
    assert place.disk_bytes <= 5_000
    assert place.memory_bytes <= 4_000


def test_another_version_takes_the_place_of_the_first(tmp_path: Path) -> None:
    place = store(tmp_path)
    put(place, 1, 10)
    newer = Key(identity=1, version=Version((("f", 1, 1, 1, 1),)), form="points")
    place.put(newer, Held(entry=entry(10), columns=frozenset()))

    assert place.get(key(1), frozenset()) is None
    assert place.memory_bytes == 170


def test_many_rows_are_kept_on_disk_and_leave_no_name(tmp_path: Path) -> None:
    inner = Counted([points(*[(float(i), float(n)) for i in range(50)]) for n in range(200)])
    place = store(tmp_path, memory=10_000, disk=1_000_000)
    one = shown(kept(place, inner, choice()).points())
    inner.given = []
    two = shown(kept(place, inner, choice()).points())

    assert one == two
    assert len(one) == 200
    assert (place.memory_bytes, inner.reads) == (0, 1)
    assert place.disk_bytes > 170_000
    assert list(tmp_path.iterdir()) == []


def test_more_than_the_disks_share_is_not_kept(tmp_path: Path) -> None:
    inner = Counted([points(*[(1.0, 2.0)] * 100)] * 50)
    place = store(tmp_path, memory=1_000, disk=20_000)
    for _ in range(2):
        assert len(shown(kept(place, inner, choice()).points())) == 50

    assert (inner.reads, place.disk_bytes) == (2, 0)


def test_a_disk_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path) -> None:
    recorder = Recorder(store(tmp_path / "missing", memory=10, disk=1_000_000))
    recorder.add(rows.packed(points((1, 2)), choice()))

    assert recorder.finish() is None


def test_bits_survive(tmp_path: Path) -> None:
    values = [0.0, -0.0, np.nan, np.inf, -np.inf, 5e-324]
    place = store(tmp_path, memory=1)
    inner = Counted([points(*[(v, v) for v in values])])
    shown(kept(place, inner, choice()).points())
    (batch,) = kept(place, inner, choice()).points()

    assert batch.x.tobytes() == np.array(values).tobytes()
    assert inner.reads == 1


@dataclass
class Cgroup1:
    """A cgroup's files, of version 1, in a folder."""

    folder: Path

    def write(self, *, allowed: int, used: int, cached: int) -> Cgroup:
        told = {"used": str(used), "allowed": str(allowed)}
        told["parts"] = f"cache 1\ninactive_file 5\ntotal_inactive_file {cached}\n"
        for name, text in told.items():
            (self.folder / name).write_text(text)
        return Cgroup(**{name: self.folder / name for name in told})


def short_of(tmp_path: Path, *, used: int, cached: int = 0) -> Headroom:
    files = Cgroup1(tmp_path).write(allowed=8_000, used=used, cached=cached)
    return Headroom(scope_bytes=8_000, cgroups=(files,))


@pytest.mark.parametrize(
    ("used", "cached", "missing"),
    [(6_000, 0, 0), (7_500, 0, 500), (8_000, 0, 1_000), (8_000, 900, 100)],
)
def test_pages_of_files_are_no_use_of_memory(
    tmp_path: Path, used: int, cached: int, missing: int
) -> None:
    assert short_of(tmp_path, used=used, cached=cached).missing() == missing


def test_without_a_cgroup_of_its_own_a_scope_is_never_short(tmp_path: Path) -> None:
    whole_machine = Cgroup1(tmp_path).write(allowed=2**60, used=2**59, cached=0)
    nowhere = Cgroup(used=tmp_path / "a", allowed=tmp_path / "b", parts=tmp_path / "c")

    assert Headroom(scope_bytes=8_000, cgroups=(nowhere, whole_machine)).missing() == 0
    assert Headroom(scope_bytes=8_000, cgroups=(nowhere,)).missing() == 0


def test_what_is_kept_gives_way_to_what_is_taken_in(tmp_path: Path) -> None:
    # 17 bytes a row.
    place = store(tmp_path, memory=4_000)
    put(place, 1, 150)
    recorder = Recorder(place)
    recorder.add(rows.packed(points(*[(1.0, 2.0)] * 50), choice()))
    kept_beside = place.memory_bytes
    recorder.add(rows.packed(points(*[(1.0, 2.0)] * 50), choice()))

    assert (kept_beside, place.memory_bytes) == (2_550, 0)
    assert isinstance(place.get(key(1), frozenset()), OnDisk)
    assert isinstance(recorder.finish(), InMemory)
    recorder.close()


def test_a_scope_that_is_short_of_memory_keeps_rows_on_disk(tmp_path: Path) -> None:
    folder = tmp_path / "cgroup"
    folder.mkdir()
    headroom = short_of(folder, used=0)
    place = ColumnStore(tmp_path, Budget(memory=10_000, disk=100_000), headroom)
    put(place, 1, 100)
    assert place.memory_bytes == 1_700

    short_of(folder, used=7_900)
    place.relieve()
    put(place, 2, 100)
    recorder = Recorder(place)
    recorder.add(rows.packed(points((1, 2)), choice()))

    assert isinstance(place.get(key(1), frozenset()), OnDisk)
    assert isinstance(recorder.finish(), OnDisk)
    recorder.close()


def test_what_is_taken_in_at_once_has_one_budget(tmp_path: Path) -> None:
    place = store(tmp_path, memory=4_000)
    recorders = [Recorder(place) for _ in range(3)]
    for recorder in recorders:
        recorder.add(rows.packed(points(*[(1.0, 2.0)] * 100), choice()))

    kinds = [type(recorder.finish()) for recorder in recorders[2:] + recorders[:2]]

    assert kinds == [OnDisk, InMemory, InMemory]
    for recorder in recorders:
        recorder.close()
    assert place.claim(4_000)
