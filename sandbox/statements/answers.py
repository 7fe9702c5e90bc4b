"""What comes of a request that is answered by pieces, as it comes."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.statements.execution import Execution
from sandbox.statements.outlet import Outlet
from sandbox.statements.sinks import Pipe
from sandbox.work import Work
from wire.codec import event_piece
from wire.messages import FinishedEvent, ResultEvent
from wire.messages.statements import Job


class Answer:
    """Bytes of pieces; whoever sends them takes them, or leaves."""

    def __init__(
        self, execution: Execution, outlet: Outlet, leave: Callable[[Answer], None]
    ) -> None:
        self.execution = execution
        self.outlet = outlet
        self._leave = leave

    async def take(self) -> bytes | None:
        """What has come; nothing where nothing came for a while, None at the end."""
        return await self.outlet.take()

    @property
    def is_whole(self) -> bool:
        """Whether everything has been taken."""
        return self.outlet.is_drained

    def leave(self) -> None:
        """Nobody reads any more."""
        self._leave(self)

    def work(self, work: Work) -> None:
        """Compile and run on this thread, rows going out as they come."""
        pipe = Pipe(self.outlet, self.execution.statements.max_bytes, work.check)
        self.execution.compile(work)
        self.execution.run(pipe, work)
        pipe.finish(self.execution.finished(pipe.result_count, pipe.result_size))

    def fail(self, error: BaseException) -> None:
        """End it where the thread cannot: it never began, or does not stop."""
        self.execution.fail(error)
        self.outlet.finish(event_piece(self.execution.finished(0, 0)))

    def tell(self, job: Job) -> None:
        """All about a job that has ended, its rows being kept elsewhere."""
        program = self.execution.program
        pieces = [] if program is None else [event_piece(program.compiled)]
        for result in job.results:
            begin = ResultEvent(index=result.index, edge="begin")
            end = ResultEvent(index=result.index, edge="end", rows=result.rows, size=result.size)
            pieces += [event_piece(begin), event_piece(end)]
        finished = self._finished(job)
        self.outlet.finish(b"".join([*pieces, event_piece(finished)]))

    def _finished(self, job: Job) -> FinishedEvent:
        counts = job.counts
        return self.execution.finished(counts.result_count, counts.result_size)
