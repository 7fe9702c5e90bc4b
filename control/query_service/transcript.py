"""The order in which an agent tells of statements, and what it has told so far."""

from __future__ import annotations

from typing import Final

from control.agent_pieces import Piece
from control.errors import AgentMisbehaved
from control.query_service.problems import TOO_LARGE
from wire.messages import CompiledEvent, FinishedEvent, JobResult, ResultEvent

MAX_RESULTS: Final = 10_000
"""More results of one request are a mistake, or an attack on our memory."""


class Transcript:
    """What was told; the mutable state grows with `take`, which refuses what is out of order."""

    def __init__(self, max_bytes: int, *, rows_allowed: bool = True) -> None:
        self.compiled: CompiledEvent | None = None
        self.finished: FinishedEvent | None = None
        self.results: list[JobResult] = []
        """Those that are complete."""
        self.is_open = False
        """Whether a result has begun and not ended."""
        self._left = max_bytes
        self._max_bytes = max_bytes
        self._rows_allowed = rows_allowed

    def take(self, piece: Piece) -> None:
        """Note one piece; raises AgentMisbehaved."""
        match piece:
            case None:
                return
            case bytes():
                self._take_rows(len(piece))
            case CompiledEvent():
                self._expect(self.compiled is None, "it compiled twice")
                self.compiled = piece
            case ResultEvent():
                self._take_result(piece)
            case FinishedEvent():
                whole = piece.problem is not None or not self.is_open
                self._expect(whole, "it finished within a result")
                self.finished = piece

    def _take_rows(self, length: int) -> None:
        self._expect(self.is_open and self._rows_allowed, "it sent rows outside of a result")
        self._left -= length
        self._expect(self._left >= 0, TOO_LARGE.format(self._max_bytes))

    def _take_result(self, event: ResultEvent) -> None:
        compiled = self.compiled
        self._expect(compiled is not None, "a result before it compiled")
        self._expect(
            self.is_open is (event.edge == "end"), f"it told a result's {event.edge} twice"
        )
        self._expect(event.index == len(self.results), f"a result {event.index} out of order")
        self._expect(event.index < MAX_RESULTS, "more results than may be")
        self.is_open = not self.is_open
        if event.edge == "end":
            self.results.append(JobResult(index=event.index, rows=event.rows, size=event.size))

    def _expect(self, is_so: bool, otherwise: str) -> None:
        if not is_so:
            raise AgentMisbehaved(otherwise)
