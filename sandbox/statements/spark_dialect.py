"""Spark SQL through the query service: statements in order, rows streamed, Spark's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import DataFrame, SparkSession

from sandbox.query.batches import Converters
from sandbox.query.queries import Watched
from sandbox.runtime.spark import SparkRuntime
from sandbox.sqlerrors import translate
from sandbox.statements.problems import NotCompiled
from sandbox.statements.program import (
    SEVERAL_AS_JOB,
    Run,
    not_as_job,
    refuse_readonly,
    refuse_several,
    unbound,
)
from sandbox.statements.sinks import Sink
from sandbox.statements.spark_kinds import QUERY, READ_ONLY, READING, SETTING, Parser
from sandbox.statements.spark_plans import explain
from sandbox.statements.spark_stream import RowStream, fields_for_rows
from sandbox.statements.spark_values import sqlpp_type
from sandbox.statements.splitting import Piece, split
from wire.messages import CompiledEvent


@dataclass(frozen=True)
class Statement:
    """One statement: its text, its kind, the values of its parameters."""

    text: str
    kind: str
    args: Any

    @property
    def has_result(self) -> bool:
        """Whether its rows are a result."""
        return self.kind in (QUERY, READING)

    def frame(self, session: SparkSession) -> DataFrame:
        """Its rows, not computed yet; a command is run at once."""
        with _compiling():
            return session.sql(self.text, args=self.args)


class SparkDialect:
    """Compiles requests in Spark SQL."""

    def __init__(self, runtime: SparkRuntime, spool_dir: Path, tables: Watched) -> None:
        self._runtime = runtime
        self._spool_dir = spool_dir
        self.tables = tables

    @cached_property
    def stream(self) -> RowStream:
        """What writes rows."""
        return RowStream(Converters(self._runtime.spark), self._spool_dir)

    @cached_property
    def _parser(self) -> Parser:
        return Parser(self._runtime.spark)

    def compile(self, run: Run) -> SparkProgram:
        """Parse all statements, and analyse the first one if it is a query."""
        session = self._runtime.session(run.statements.session)
        run.join()
        given = list(run.statements.args)
        pieces = split(run.statements.statement)
        found: list[Statement] = []
        for piece in pieces:
            with _compiling():
                kind = self._parser.kind(session, piece.text)
            found.append(Statement(piece.text, kind, None))
        _check(run, found)
        if run.statements.parse_only:
            return SparkProgram(self, run, session, [], _parameters(pieces))
        bound = [
            Statement(s.text, s.kind, _values(run, piece, given))
            for s, piece in zip(found, pieces, strict=True)
        ]
        return SparkProgram(self, run, session, bound, None)


class SparkProgram:
    """Statements of Spark SQL on one session."""

    def __init__(
        self,
        dialect: SparkDialect,
        run: Run,
        session: SparkSession,
        statements: list[Statement],
        parameters: list[Any] | None,
    ) -> None:
        self._dialect = dialect
        self._run = run
        self._session = session
        self._statements = statements
        self._first: DataFrame | None = None
        if statements and statements[0].kind == QUERY:
            dialect.tables.refresh()
            self._first = statements[0].frame(session)
            fields_for_rows(self._first)
        self.is_query = all(statement.kind in READ_ONLY for statement in statements)
        self.compiled = self._compiled(parameters)

    @property
    def refusal(self) -> str | None:
        """Only one query can be a job."""
        kinds = [s.kind for s in self._statements if s.kind != SETTING]
        if len(kinds) > 1:
            return SEVERAL_AS_JOB
        if not kinds or kinds[0] not in (QUERY, READING):
            return not_as_job(kinds[0] if kinds else SETTING)
        return None

    def run(self, sink: Sink) -> None:
        """Run the statements in order."""
        sink.compiled(self.compiled)
        if self._run.statements.compile_only:
            self._explain(self._first)
            return
        self._run.join()
        for statement in self._statements:
            self._run.work.check()
            self._run_one(statement, sink)

    def _run_one(self, statement: Statement, sink: Sink) -> None:
        frame, self._first = self._first, None
        if frame is None:
            self._dialect.tables.refresh()
            frame = statement.frame(self._session)
        if statement.has_result:
            self._dialect.stream.write(frame, sink, self._run)
            sink.end()
            self._explain(frame)
        if statement.kind not in (QUERY, READING):
            self._dialect.tables.sync()

    def _explain(self, frame: DataFrame | None) -> None:
        if frame is not None:
            self._run.plans |= explain(frame, self._run.statements)

    def _compiled(self, parameters: list[Any] | None) -> CompiledEvent:
        results = sum(statement.has_result for statement in self._statements)
        kinds = {statement.kind for statement in self._statements}
        return CompiledEvent(
            signature=self._signature() if results else None,
            results=0 if self._run.statements.compile_only else results,
            statement_parameters=parameters,
            statement_category="query" if kinds <= READ_ONLY else "update",
        )

    def _signature(self) -> Any:
        if not self._run.statements.typed_signature or self._first is None:
            return "*"
        fields = fields_for_rows(self._first)
        types = [sqlpp_type(field.type) + ("?" if field.nullable else "") for field in fields]
        return {"name": [field.name for field in fields], "type": types}


@contextmanager
def _compiling() -> Iterator[None]:
    """What Spark says of a statement that makes no sense, as NotCompiled."""
    try:
        yield
    except (AnalysisException, ParseException) as error:
        is_syntax = isinstance(error, ParseException)
        raise NotCompiled(translate(error), is_syntax=is_syntax) from error


def _check(run: Run, found: list[Statement]) -> None:
    """Refuse before anything runs what the request's settings forbid."""
    if not run.statements.multi_statement and sum(s.kind != SETTING for s in found) > 1:
        raise refuse_several()
    for statement in found:
        if run.statements.readonly and statement.kind not in READ_ONLY:
            raise refuse_readonly(statement.kind)


def _parameters(pieces: list[Piece]) -> list[Any]:
    numbers = [p for piece in pieces for p in piece.parameters if isinstance(p, int)]
    names = {p: None for piece in pieces for p in piece.parameters if isinstance(p, str)}
    return [*range(1, len(numbers) + 1), *names]


def _values(run: Run, piece: Piece, left: list[Any]) -> Any:
    """The values of a statement's parameters; positional ones are taken from `left` in order."""
    if not piece.parameters:
        return None
    if isinstance(piece.parameters[0], int):
        count = len(piece.parameters)
        if len(left) < count:
            raise unbound(len(run.statements.args) + 1)
        taken = left[:count]
        del left[:count]
        return taken
    named = run.statements.named_args
    for name in piece.parameters:
        if name not in named:
            raise unbound(name)
    return {str(name): named[str(name)] for name in piece.parameters}
