"""The order in which an agent may tell of statements."""

from __future__ import annotations

from typing import Any

import pytest

from control.errors import AgentMisbehaved
from control.query_service.transcript import Transcript
from wire.messages import CompiledEvent, Counts, FinishedEvent, JobResult, Problem, ResultEvent

COMPILED = CompiledEvent(results=1)
FINISHED = FinishedEvent(counts=Counts())
FAILED = FinishedEvent(counts=Counts(), problem=Problem(text="x"))


def begin(index: int = 0) -> ResultEvent:
    return ResultEvent(index=index, edge="begin")


def end(index: int = 0) -> ResultEvent:
    return ResultEvent(index=index, edge="end", rows=2, size=9)


def told(*pieces: Any, **how: Any) -> Transcript:
    transcript = Transcript(10, **how)
    for piece in pieces:
        transcript.take(piece)
    return transcript


@pytest.mark.parametrize(
    "pieces",
    [
        [FINISHED],
        [FAILED],
        [COMPILED, FINISHED],
        [COMPILED, begin(), end(), FINISHED],
        [None, COMPILED, None, begin(), b"12345", None, b"67890", end(), FINISHED],
        [COMPILED, begin(), b"1", FAILED],
        [COMPILED, begin(), end(), begin(1), b"1", end(1), FINISHED],
    ],
)
def test_good_orders(pieces: list[Any]) -> None:
    assert told(*pieces).finished is pieces[-1]


@pytest.mark.parametrize(
    ("pieces", "why"),
    [
        ([COMPILED, COMPILED], "compiled twice"),
        ([begin()], "before it compiled"),
        ([b"1"], "outside of a result"),
        ([COMPILED, b"1"], "outside of a result"),
        ([COMPILED, begin(), end(), b"1"], "outside of a result"),
        ([COMPILED, begin(1)], "out of order"),
        ([COMPILED, begin(-1)], "out of order"),
        ([COMPILED, begin(), begin()], "begin twice"),
        ([COMPILED, end()], "end twice"),
        ([COMPILED, begin(), end(1)], "out of order"),
        ([COMPILED, begin(), end(), end()], "end twice"),
        ([COMPILED, begin(), FINISHED], "finished within"),
        ([COMPILED, begin(), b"1" * 11], "larger than"),
        ([COMPILED, begin(), b"1" * 6, b"1" * 6], "larger than"),
    ],
)
def test_bad_orders(pieces: list[Any], why: str) -> None:
    with pytest.raises(AgentMisbehaved, match=why):
        told(*pieces)


def test_where_rows_are_kept_none_may_come() -> None:
    with pytest.raises(AgentMisbehaved, match="outside of a result"):
        told(COMPILED, begin(), b"1", rows_allowed=False)


def test_complete_results_are_remembered() -> None:
    transcript = told(COMPILED, begin(), end(), begin(1))

    assert transcript.results == [JobResult(index=0, rows=2, size=9)]
    assert transcript.is_open
