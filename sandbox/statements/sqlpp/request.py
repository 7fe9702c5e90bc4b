"""What the statements of one request share: where they look for names, and what they were told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pyspark.sql import SparkSession

from sandbox.runtime.spark import SparkRuntime
from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import Location, SqlppError
from sandbox.sqlpp.interpret.evaluate import Environment
from sandbox.sqlpp.resolve.catalog import DEFAULT_DATAVERSE, DeclaredFunctions
from sandbox.statements.datasets.metadata import Metadata
from sandbox.statements.datasets.store import DatasetStore
from sandbox.statements.program import Run
from sandbox.statements.sqlpp.catalog_rows import METADATA
from sandbox.statements.sqlpp.lossless import untagged
from sandbox.statements.sqlpp.memory import MemoryBounds
from sandbox.statements.sqlpp.reading import ScopeDatasets, SparkReader
from sandbox.statements.sqlpp.stored import StoredFunctions, StoredViews
from sandbox.tables import Tables
from sandbox.tables.definitions import DEFAULT_DATABASE
from sandbox.tables.paths import Paths
from wire.messages import Problem


@dataclass(frozen=True)
class Scope:
    """The parts of a scope that SQL++ works with."""

    runtime: SparkRuntime
    tables: Tables
    store: DatasetStore
    metadata: Metadata
    reader: SparkReader
    paths: Paths
    memory: MemoryBounds


@dataclass
class Request:
    """The state of one request: its default dataverse and declared functions change as it runs."""

    scope: Scope
    run: Run
    session: SparkSession
    dataverse: str = DEFAULT_DATAVERSE
    contexts: list[Context] = field(default_factory=list)
    changed: dict[str, list[Any]] = field(default_factory=dict)
    """Objects that a statement changed, by the name under which it returns them."""

    @cached_property
    def functions(self) -> DeclaredFunctions:
        """Functions that were declared, before those that are kept."""
        return DeclaredFunctions(StoredFunctions(self.scope.metadata, self.database))

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """Values by name; those of `?` and `$1` by number."""
        given = self.run.statements
        numbered = {str(number): value for number, value in enumerate(given.args, 1)}
        values = numbered | given.named_args
        if given.format != "lossless-adm":
            return values
        # Who reads values with their types' tags writes them so, too.
        return {name: untagged(value) for name, value in values.items()}

    def context(self) -> Context:
        """A statement's own clock and warnings."""
        run, check_memory = self.run, self.scope.memory.watch()

        def check() -> None:
            run.work.check()
            check_memory()

        made = Context(check=check, max_warnings=run.statements.max_warnings)
        self.contexts.append(made)
        return made

    def environment(self) -> Environment:
        """What a query of this request runs in."""
        return Environment(
            datasets=ScopeDatasets(self, self.changed),
            parameters=self.parameters,
            context=self.context(),
            default_dataverse=self.dataverse,
            functions=self.functions,
            views=StoredViews(self.scope.metadata, self.database),
            sql_compat=self.run.statements.sql_compat,
        )

    def database(self, dataverse: str | None) -> str:
        """The Spark database of a dataverse, of the default one for None."""
        name = dataverse or self.dataverse
        return DEFAULT_DATABASE if name == DEFAULT_DATAVERSE else name.lower()

    def has_dataverse(self, name: str) -> bool:
        """Whether there is such a dataverse."""
        if name == DEFAULT_DATAVERSE or name.lower() == METADATA:
            return True
        self.run.join()
        return name.lower() in self.scope.tables.catalog.databases()

    def existing(self, dataverse: str | None, position: Location) -> str:
        """The Spark database of a dataverse that must be there; raises SqlppError."""
        name = dataverse or self.dataverse
        if not self.has_dataverse(name):
            raise no_dataverse(name, position)
        return self.database(name)

    def key(self, dataverse: str | None, name: str) -> tuple[str, str]:
        """Database and table of a dataset."""
        return self.database(dataverse), name.lower()

    def tell(self) -> None:
        """Note the warnings of all statements."""
        self.run.warnings = list(self._warnings())
        self.run.warning_count += sum(context.warning_count for context in self.contexts)
        self.contexts.clear()

    def _warnings(self) -> Iterator[Problem]:
        yield from self.run.warnings
        for context in self.contexts:
            for warning in context.warnings:
                yield Problem(text=warning.text)


def no_dataverse(name: str, position: Location | None) -> SqlppError:
    """The failure of a dataverse that is not there."""
    code, message = "ASX1063", f"Cannot find dataverse with name {name}"
    return SqlppError(code, message, position)


def no_dataset(name: str, dataverse: str, position: Location) -> SqlppError:
    """The failure of a dataset that is not there."""
    code, message = "ASX1050", f"Cannot find dataset with name {name} in dataverse {dataverse}"
    return SqlppError(code, message, position)
