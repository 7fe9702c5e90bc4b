"""Records of requests: kept for their time, for their owner, and never without bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from control.query_service import jobs as module
from control.query_service import records
from control.query_service.jobs import JobBoard, place_of
from control.query_service.records import Record, parse_handle
from control.query_service.under_way import Directory
from control.store.database import Database
from control.store.query_jobs import JobStore
from tests.fakes.scopes import FakeClock, House
from wire.messages import Counts, Job, JobResult, Jobs, Problem

Make = Callable[..., Record]


class Bench:
    """A board over a store of its own, time by hand, and no agent to hear of."""

    def __init__(self, house: House, database: Database) -> None:
        self.clock: FakeClock = house.clock
        self.store = JobStore(database)
        self.directory = Directory()
        self.registry = house.control().registry
        self.board = self.anew()

    def anew(self) -> JobBoard:
        return JobBoard(self.store, self.registry, self.directory, self.clock)

    def record(self, **facts: object) -> Record:
        usual = {
            "number": self.board.number(),
            "request_id": f"r{self.store._next}",
            "owner": "ann",
            "sandbox_id": "s",
            "scope": "taxi",
            "created": self.clock.now(),
            "ttl_s": 100.0,
        }
        return Record(**{**usual, **facts})  # type: ignore[arg-type]

    def ended(self, **facts: object) -> Record:
        record = self.record(state="success", ended=self.clock.now(), **facts)
        record.keep([JobResult(index=0, rows=1, size=2), JobResult(index=1, rows=1, size=2)])
        self.board.add(record)
        return record

    def open(self, **facts: object) -> Record:
        """An open one, without listening for its agent."""
        record = self.record(**facts)
        self.board._put(record)
        self.board.save(record)
        self.directory.add(self.board._entry(record))
        return record


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    database = Database.open(tmp_path / "jobs", durable=False)
    house = House(tmp_path / "house")
    bench = Bench(house, database)
    yield bench
    database.close()


def told(*ended: Job, still: tuple[str, ...] = ()) -> Jobs:
    return Jobs(boot="b", seq=len(ended), ended=list(ended), open=list(still))


def test_a_record_is_its_owners_for_its_time(bench: Bench) -> None:
    record = bench.ended()

    assert bench.board.find("ann", record.number) is record
    assert bench.board.find("bob", record.number) is None
    assert bench.board.find("ann", record.number + 1) is None
    bench.clock.advance(99.9)
    assert bench.board.find("ann", record.number) is record
    bench.clock.advance(0.1)
    assert bench.board.find("ann", record.number) is None
    bench.board.sweep()
    assert bench.store.load() == []


def test_an_open_one_is_not_swept(bench: Bench) -> None:
    record = bench.open()
    bench.clock.advance(1_000_000)

    bench.board.sweep()

    assert bench.board.find("ann", record.number) is record


def test_reads_are_counted_across_lives(bench: Bench) -> None:
    record = bench.ended(max_reads=2)
    result = record.results[0]
    assert bench.board.take_read(record, result) is False

    [text] = bench.store.load()
    again = records.decode(text)
    assert again.result(0) is not None
    assert bench.board.take_read(again, again.results[0]) is True
    assert (again.result(0), len(again.results)) == (None, 1)


def test_a_read_that_is_given_back_can_be_had_again(bench: Bench) -> None:
    record = bench.ended()
    result = record.results[0]
    assert bench.board.take_read(record, result)

    bench.board.give_back(record, result)

    assert record.result(0) is result
    assert result.reads == 0


def test_an_end_is_noted_in_memory_and_store(bench: Bench) -> None:
    record = bench.open()
    place = place_of(record)
    assert bench.board.open_at(place) == {record.request_id}
    job = Job(
        work_id=record.request_id,
        state="success",
        results=[JobResult(index=0, rows=3, size=9)],
        counts=Counts(result_count=3),
    )

    is_news = bench.board.told(place, bench.board.open_at(place), told(job))

    assert is_news
    assert bench.board.open_at(place) == frozenset()
    assert bench.directory.of("ann") == []
    for found in (record, records.decode(bench.store.load()[0])):
        assert (found.state, found.counts.result_count) == ("success", 3)
        assert [result.rows for result in found.results] == [3]


def test_what_an_agent_does_not_know_is_lost_unless_it_told_of_others(bench: Bench) -> None:
    record = bench.open()
    place, known = place_of(record), frozenset({record.request_id})
    other = Job(work_id="other", state="success")

    assert not bench.board.told(place, known, told(other))
    assert not bench.board.told(place, known, told(still=(record.request_id,)))
    assert not bench.board.told(place, frozenset(), told())
    assert record.is_open
    assert bench.board.told(place, known, told())
    assert record.state == "failed"


def test_an_end_without_a_problem_that_is_no_success_is_a_cancellation(bench: Bench) -> None:
    record = bench.open()
    job = Job(work_id=record.request_id, state="cancelled")

    bench.board.told(place_of(record), frozenset(), told(job))

    assert record.problem is not None
    assert record.problem.text == f"ASX0041: Request has been cancelled {record.request_id}"


def test_too_many_ended_ones_of_one_user_make_room(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Ten thousand in earnest.
    monkeypatch.setattr(module, "MAX_KEPT", 3)
    still = bench.open()
    others = bench.ended(owner="bob")
    kept = [bench.ended() for _ in range(5)]

    numbers = [record.number for record in (still, others, *kept[-2:])]
    assert sorted(bench.board._by_number) == numbers
    assert len(bench.store.load()) == 4


async def test_a_record_that_is_not_understood_does_not_stop_the_start(bench: Bench) -> None:
    record = bench.ended()
    bench.store.save(99, '{"number": "x"}')

    again = bench.anew()
    await again.start()

    assert again.find("ann", record.number) is not None
    assert again.find("ann", 99) is None
    await again.stop()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7-0", (7, 0)),
        ("0007-12", (7, 12)),
        ("", None),
        ("7", None),
        ("7-0-0", None),
        ("7_0", None),
        ("-7-0", None),
        (" 7-0", None),
        ("7-0\n", None),
        ("1" * 19 + "-0", None),
    ],
)
def test_handles_are_two_numbers(text: str, expected: tuple[int, int] | None) -> None:
    assert parse_handle(text) == expected


def test_a_running_one_has_the_results_that_it_will_have() -> None:
    record = Record(
        number=1,
        request_id="r",
        owner="ann",
        sandbox_id="s",
        scope="taxi",
        created=0.0,
        ttl_s=1.0,
        expected=2,
    )

    assert [record.has(index) for index in range(3)] == [True, True, False]
    record.fail(Problem(text="x"), 1.0)
    assert record.has(0)
    assert record.expires() == 2.0
