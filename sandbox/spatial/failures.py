"""What a query is told of rows whose geometry a function could not work with."""

from __future__ import annotations

from functools import cached_property
from typing import Any


class RowFailures:
    """The JVM's counts of nulls that stand for failures, kept for each group of jobs."""

    def __init__(self, jvm: Any) -> None:
        self._jvm = jvm

    def warnings(self, group: str) -> list[str]:
        """A sentence for each function that failed in jobs of the group; asked for once."""
        lines = str(self._counts.take(group)).splitlines() if group else []
        return [_worded(*line.split()) for line in lines]

    @cached_property
    def _counts(self) -> Any:
        # Each name on the way is a call to the JVM.
        return self._jvm.geoscope.spatial.Failures


def _worded(function: str, count: str) -> str:
    values = "1 value that is" if count == "1" else f"{count} values that are"
    return f"{function} could not work out {values} null now"
