"""SQL++ requests: parsed and checked as a whole, then run statement by statement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sandbox.sqlpp.program import Options, compile_program
from sandbox.sqlpp.resolve.catalog import DEFAULT_DATAVERSE
from sandbox.sqlpp.tree import statements as tree
from sandbox.sqlpp.tree.expressions import Parameter
from sandbox.sqlpp.tree.walk import walk
from sandbox.statements.program import SEVERAL_AS_JOB, Run, not_as_job
from sandbox.statements.sinks import Sink
from sandbox.statements.sqlpp.changing import delete, insert, load
from sandbox.statements.sqlpp.definitions import DEFINITIONS
from sandbox.statements.sqlpp.executor import Executor, Rows
from sandbox.statements.sqlpp.explaining import explained, explanation
from sandbox.statements.sqlpp.request import Request, Scope, no_dataverse
from sandbox.statements.sqlpp.signatures import typed_signature
from wire.messages import CompiledEvent, Problem
from wire.protocol import EXPLAINED

_PREPARATIONS: Final = frozenset({"DATAVERSE_DECL", "SET", "FUNCTION_DECL"})
_UPDATES: Final = frozenset({"INSERT", "UPSERT", "DELETE", "LOAD"})


class SqlppDialect:
    """Compiles requests in SQL++."""

    def __init__(self, scope: Scope, executor: Executor) -> None:
        self._scope = scope
        self._executor = executor

    def compile(self, run: Run) -> SqlppProgram:
        """Parse, check kinds, and look up the names of the first query if it comes first."""
        given = run.statements
        session = self._scope.runtime.session(given.session)
        options = Options(readonly=given.readonly, multi_statement=given.multi_statement)
        program = compile_program(given.statement, options)
        request = Request(self._scope, run, session)
        made = SqlppProgram(request, self._executor, program.statements)
        if given.compile_only:
            # A statement can be prepared before its values are known.
            for name in _parameters(program.statements):
                request.parameters.setdefault(str(name), None)
        if not given.parse_only:
            _enter(request, given.dataverse)
            made.prepare()
        return made


class SqlppProgram:
    """The statements of one request."""

    def __init__(
        self, request: Request, executor: Executor, statements: tuple[tree.Statement, ...]
    ) -> None:
        self._request = request
        self._executor = executor
        self._statements = statements
        self._done = 0
        self._first: Rows | None = None
        self._is_told = False

    @property
    def is_query(self) -> bool:
        """Whether no statement changes anything."""
        return all(s.kind in tree.READONLY_KINDS for s in self._statements)

    @property
    def refusal(self) -> str | None:
        """Only one query can be a job."""
        kinds = [s.kind for s in self._statements if s.kind not in _PREPARATIONS]
        if len(kinds) > 1:
            return SEVERAL_AS_JOB
        if kinds != [tree.Query.kind]:
            return not_as_job(kinds[0] if kinds else tree.Set.kind)
        return None

    @property
    def compiled(self) -> CompiledEvent:
        """What is told of it before it runs."""
        given = self._request.run.statements
        is_dry = given.parse_only or given.compile_only
        results = sum(_has_result(s) for s in self._statements)
        return CompiledEvent(
            signature=self._signature(),
            results=0 if is_dry else results,
            statement_parameters=_parameters(self._statements) if is_dry else None,
            statement_category=self._category(),
        )

    def prepare(self) -> None:
        """Run what only says how others are meant, and compile the query that follows."""
        while self._done < len(self._statements):
            statement = self._statements[self._done]
            if isinstance(statement, tree.Query):
                self._first = self._executor.prepare(statement, self._request)
            if statement.kind not in _PREPARATIONS:
                return
            self._prepare_one(statement)
            self._done += 1

    def run(self, sink: Sink) -> None:
        """Run the statements in order."""
        given = self._request.run.statements
        try:
            if not given.parse_only:
                for statement in self._statements[self._done :]:
                    self._request.run.work.check()
                    self._run_one(statement, sink)
            self._tell(sink)
        finally:
            self._request.tell()

    def _run_one(self, statement: tree.Statement, sink: Sink) -> None:
        if isinstance(statement, tree.Query):
            self._query(statement, sink)
        elif statement.kind in _PREPARATIONS:
            self._prepare_one(statement)
        elif not self._request.run.statements.compile_only:
            self._effect(statement, sink)

    def _query(self, query: tree.Query, sink: Sink) -> None:
        run = self._request.run
        rows, self._first = self._first, None
        if rows is None:
            rows = self._executor.prepare(query, self._request)
        self._tell(sink)
        run.plans |= explanation(query, rows, self._request)
        if query.explain and run.statements.typed_signature:
            # JDBC looks for it in the reply itself, also where results are deferred.
            run.plans[EXPLAINED] = list(explained(query, rows, self._request).values())
            return
        if run.statements.compile_only:
            return
        if query.explain:
            rows = explained(query, rows, self._request)
        rows.write(sink, run)
        sink.end()

    def _prepare_one(self, statement: tree.Statement) -> None:
        request = self._request
        if isinstance(statement, tree.Use):
            if not request.has_dataverse(statement.dataverse):
                raise no_dataverse(statement.dataverse, statement.position)
            request.dataverse = statement.dataverse
        elif isinstance(statement, tree.DeclareFunction):
            request.functions.add(statement.function)

    def _effect(self, statement: tree.Statement, sink: Sink) -> None:
        request = self._request
        request.run.join()
        match statement:
            case tree.Insert():
                returned = insert(request, statement)
                if returned is not None:
                    self._query(returned, sink)
                request.changed.clear()
            case tree.Delete():
                delete(request, statement)
            case tree.Load():
                load(request, statement)
            case _:
                DEFINITIONS[type(statement)](request, statement)

    def _tell(self, sink: Sink) -> None:
        if not self._is_told:
            self._is_told = True
            sink.compiled(self.compiled)

    def _signature(self) -> Any:
        queries = [s for s in self._statements if isinstance(s, tree.Query)]
        if not queries:
            return None
        if not self._request.run.statements.typed_signature:
            return "*"
        # Of several JDBC reads the last one's result.
        return typed_signature(queries[-1], self._request)

    def _category(self) -> str:
        """What the strongest of the statements does: by it a lost reader stops them or not."""
        kinds = {s.kind for s in self._statements} - _PREPARATIONS - {tree.Query.kind}
        if kinds & _UPDATES:
            return "update"
        return "ddl" if kinds else "query"


def _enter(request: Request, dataverse: str | None) -> None:
    """The dataverse that the request names; one that is not there is ignored, with a warning."""
    if not dataverse or dataverse == DEFAULT_DATAVERSE:
        return
    name = dataverse.replace("/", ".")
    if request.has_dataverse(name):
        request.dataverse = name
    else:
        request.run.warnings.append(Problem(text=no_dataverse(name, None).text))
        request.run.warning_count += 1


def _has_result(statement: tree.Statement) -> bool:
    if isinstance(statement, tree.Insert):
        return statement.returning is not None
    return isinstance(statement, tree.Query)


def _parameters(statements: tuple[tree.Statement, ...]) -> list[int | str]:
    """Numbers first, then names."""
    names = dict.fromkeys(parameter.name for parameter in _found(statements))
    numbers = [int(name) for name in names if name.isdigit()]
    return [*sorted(numbers), *(name for name in names if not name.isdigit())]


def _found(statements: tuple[tree.Statement, ...]) -> Iterator[Parameter]:
    for statement in statements:
        for node in walk(statement):
            if isinstance(node, Parameter):
                yield node
