"""How a query is run: as a Spark plan where a translator has one, else by the interpreter."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final, Protocol

from sandbox.sqlpp.interpret.evaluate import (
    Environment,
    Resolved,
    evaluate_resolved,
    resolve,
)
from sandbox.sqlpp.tree.statements import Query
from sandbox.sqlpp.values import Value
from sandbox.statements.printing import RowPrinter
from sandbox.statements.program import Run
from sandbox.statements.sinks import Sink
from sandbox.statements.sqlpp.request import Request

CHUNK_BYTES: Final = 256 * 1024
CHUNK_ROWS: Final = 512
WAIT_S: Final = 0.05
"""So long may a row wait for others before all are passed on."""


class Rows(Protocol):
    """A query that makes sense and has not been run."""

    def write(self, sink: Sink, run: Run) -> None:
        """Run it, rows going out as they are computed."""

    def values(self) -> Iterator[Value]:
        """Run it for its values."""

    def explain(self) -> dict[str, Any]:
        """How it is run, by the names of the members of `plans`."""


class Translator(Protocol):
    """Makes Spark plans of queries."""

    def translate(
        self, resolved: Resolved, environment: Environment, interpreted: Iterator[Value]
    ) -> Rows | None:
        """The query over Spark; None where the interpreter is to run it."""


class Interpreted:
    """A query that the interpreter runs."""

    def __init__(self, values: Iterator[Value]) -> None:
        self._values = values

    def values(self) -> Iterator[Value]:
        """Run it."""
        return self._values

    def explain(self) -> dict[str, Any]:
        """Nothing beyond the tree itself."""
        return {"job": "interpreted in the agent"}

    def write(self, sink: Sink, run: Run) -> None:
        """Print rows and pass them on: the first at once, then more and more together."""
        printer = RowPrinter.of(run.statements, is_array=sink.is_array)
        wants_header = run.statements.format == "csv" and run.statements.csv_header
        texts: list[str] = []
        size, limit, since = 0, 1, time.monotonic()
        for value in self._values:
            if wants_header and type(value) is dict:
                sink.write_header(printer.header(list(value)))
            wants_header = False
            text = printer.text(value)
            texts.append(text)
            size += len(text)
            now = time.monotonic()
            if len(texts) >= limit or size >= CHUNK_BYTES or now - since > WAIT_S:
                sink.write(printer.joined(texts), len(texts))
                texts, size, since = [], 0, now
                limit = min(2 * limit, CHUNK_ROWS)
        sink.write(printer.joined(texts), len(texts))


class Executor:
    """Asks the translator first."""

    def __init__(self, translator: Translator | None = None) -> None:
        self._translator = translator

    def prepare(self, query: Query, request: Request) -> Rows:
        """The query, compiled; raises what is wrong with it."""
        environment = request.environment()
        resolved = resolve(query, environment)
        # Also where Spark runs it: whatever the interpreter would refuse is refused.
        values = evaluate_resolved(resolved, environment)
        translated = None
        if self._translator is not None:
            translated = self._translator.translate(resolved, environment, values)
        return translated or Interpreted(values)
