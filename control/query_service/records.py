"""What is known of a deferred or async request after its reply: state, results, whose it is."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

import msgspec

from control.query_service.formats import Format
from control.query_service.problems import cancelled
from wire.messages import Counts, Job, JobResult, Problem, RowFormat

State = Literal["running", "success", "failed", "timeout"]
HANDLE: Final = re.compile(r"([0-9]{1,18})-([0-9]{1,9})")
UNLIMITED: Final = -1
MAX_TEXT: Final = 8_000
MAX_ASYNC_RESULTS: Final = 100
MAX_CONTEXT_ID: Final = 1_000
"""What agents and clients say is kept in memory and in the store, so it must not be endless."""


class Result(msgspec.Struct, kw_only=True):
    """One result that is kept; `reads` is how often it was read."""

    index: int
    rows: int = 0
    size: int = 0
    reads: int = 0


class Record(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One request. Times are seconds since the epoch."""

    number: int
    request_id: str
    owner: str
    sandbox_id: str
    scope: str
    created: float
    ttl_s: float
    rows: RowFormat = "json"
    csv_header: bool = False
    is_wrapped: bool = False
    is_modern: bool = False
    max_reads: int = 1
    client_context_id: str = ""
    expected: int = 1
    """How many results there will be."""
    state: State = "running"
    ended: float | None = None
    results: list[Result] = []
    problem: Problem | None = None
    counts: Counts = Counts()

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state == "running"

    @property
    def format(self) -> Format:
        """How its rows are printed."""
        return Format(rows=self.rows, csv_header=self.csv_header)

    def expires(self) -> float | None:
        """When it is swept; None while it runs."""
        return None if self.ended is None else self.ended + self.ttl_s

    def clock_was_set(self, by_s: float) -> None:
        """Its times move with the time of day: it is kept as long as was promised."""
        self.created += by_s
        if self.ended is not None:
            self.ended += by_s

    def result(self, index: int) -> Result | None:
        """The result with this index, where it is still to be had."""
        return next((each for each in self.results if each.index == index), None)

    def has(self, index: int) -> bool:
        """Whether the status of this result can be asked for."""
        if self.state == "success":
            return self.result(index) is not None
        return index < max(1, self.expected)

    def keep(self, results: list[JobResult]) -> None:
        """These are the results that it left."""
        self.results = [Result(index=r.index, rows=r.rows, size=r.size) for r in results]

    def end(self, job: Job, now: float) -> None:
        """What the agent told of its end."""
        told = trimmed(job)
        self.ended = now
        self.counts = told.counts
        if told.state == "success":
            self.state = "success"
            self.keep(told.results)
            return
        self.state = "timeout" if told.state == "timeout" else "failed"
        self.problem = told.problem or cancelled(self.request_id)

    def fail(self, problem: Problem, now: float) -> None:
        """It ended without a word of the agent."""
        self.state, self.problem, self.ended = "failed", problem, now


def trimmed(job: Job) -> Job:
    """The job with no more words and results than are kept."""
    problem = job.problem
    if problem is not None and len(problem.text) > MAX_TEXT:
        problem = msgspec.structs.replace(problem, text=problem.text[:MAX_TEXT])
    results = job.results[:MAX_ASYNC_RESULTS]
    return msgspec.structs.replace(job, problem=problem, results=results)


def parse_handle(text: str) -> tuple[int, int] | None:
    """Job number and result index; None for what is no handle."""
    found = HANDLE.fullmatch(text)
    return None if found is None else (int(found[1]), int(found[2]))


def encode(record: Record) -> str:
    """For the store."""
    return msgspec.json.encode(record).decode()


def decode(text: str) -> Record:
    """Of the store."""
    return msgspec.json.decode(text, type=Record)


def partitions(record: Record, result: Result, url: str) -> dict[str, Any]:
    """What newer status documents say beyond the handle."""
    return {
        "resultCount": result.rows,
        "partitions": [{"handle": f"{url}/0", "resultCount": result.rows}],
        "resultSetOrdered": True,
    }
