"""The translator of SQL++ queries over the scope's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame

from sandbox.sqlpp.interpret.evaluate import Environment, Resolved
from sandbox.sqlpp.tree.expressions import DatasetScan
from sandbox.sqlpp.tree.queries import Select
from sandbox.sqlpp.values import Value
from sandbox.statements.program import Run
from sandbox.statements.sinks import Sink
from sandbox.statements.spark_stream import RowStream
from sandbox.statements.sqlpp.reading import SparkRows
from sandbox.statements.sqlpp.translation.blocks import Translated, translated
from sandbox.statements.sqlpp.translation.expressions import Scope
from sandbox.statements.sqlpp.translation.kinds import NotTranslated


@dataclass(frozen=True)
class SparkQuery:
    """A query that Spark runs."""

    interpreted: Iterator[Value]
    made: Translated
    stream: RowStream

    def write(self, sink: Sink, run: Run) -> None:
        """Run it, rows going out as they are computed."""
        made = self.made
        self.stream.write(
            made.frame, sink, run, is_bare=made.is_bare, is_ordered=made.is_ordered or None
        )

    def values(self) -> Iterator[Value]:
        """Run it for its values, which are the interpreter's to give."""
        return self.interpreted

    def explain(self) -> dict[str, Any]:
        """Spark's plan."""
        execution: Any = self.made.frame._jdf.queryExecution()
        return {
            "optimized-logical-plan": str(execution.optimizedPlan().toString()),
            "job": str(execution.executedPlan().toString()),
        }


class SparkTranslator:
    """Makes Spark plans of queries over tables that SQL++ did not make itself."""

    def __init__(self, stream: Callable[[], RowStream]) -> None:
        self._stream = stream

    def translate(
        self, resolved: Resolved, environment: Environment, interpreted: Iterator[Value]
    ) -> SparkQuery | None:
        """The query over Spark; None where the interpreter is to run it."""
        # What reads no dataset is answered without asking Spark for anything.
        if not isinstance(resolved.body, Select) or not resolved.body.first.terms:
            return None
        scope = Scope(environment.parameters)
        try:
            made = translated(resolved.body, lambda scan: _table(scan, environment), scope)
        except NotTranslated:
            return None
        return SparkQuery(interpreted, made, self._stream())


def _table(scan: DatasetScan, environment: Environment) -> DataFrame:
    found = environment.datasets.find(scan.dataverse, scan.name)
    if not isinstance(found, SparkRows):
        raise NotTranslated
    return found.session.table(found.full_name)
