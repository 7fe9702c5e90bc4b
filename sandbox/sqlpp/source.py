"""What the interpreter reads through: it knows no Spark, no files, only these promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from sandbox.sqlpp.values import Value


class Dataset(Protocol):
    """A named collection of objects."""

    @property
    def name(self) -> str:
        """The name it was declared with."""

    def scan(self) -> Iterator[dict[str, Value]]:
        """All its objects, in no promised order; may be asked for more than once."""


class Datasets(Protocol):
    """The datasets a statement can see."""

    def find(self, dataverse: str | None, name: str) -> Dataset | None:
        """The dataset of that name; None as the dataverse means the statement's default one."""

    def has_dataverse(self, name: str) -> bool:
        """Whether there is such a dataverse."""


class NoDatasets:
    """The catalog of a statement that may touch none."""

    def find(self, dataverse: str | None, name: str) -> Dataset | None:
        """Nothing, whatever the name."""
        return None

    def has_dataverse(self, name: str) -> bool:
        """Only the one that always exists."""
        return name == "Default"
