"""What one statement carries while it runs: its clock, its warnings, its way to be stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.sqlpp.errors import Location, described
from sandbox.sqlpp.values import DateTime

DEFAULT_MAX_WARNINGS = 0
MAX_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Warning:
    """Something odd that did not stop the statement."""

    code: str
    message: str
    location: Location | None = None

    @property
    def text(self) -> str:
        """What the caller reads: code, words, place."""
        return described(self.code, self.message, self.location)


def _go_on() -> None:
    """Nothing stops a statement that nobody watches."""


class Context:
    """The clock, the warnings and the stop signal of one running statement.

    `check` is called in every loop; it raises what the owner of the statement wants to see.
    `location` is the call being evaluated: warnings that name no place are given that one.
    A warning is counted and kept once per text; beyond `max_warnings` it is only counted.
    """

    __slots__ = (
        "_seen",
        "check",
        "location",
        "max_warnings",
        "now",
        "sequences",
        "warning_count",
        "warnings",
    )

    def __init__(
        self,
        *,
        now: DateTime | None = None,
        check: Callable[[], None] = _go_on,
        max_warnings: int = DEFAULT_MAX_WARNINGS,
    ) -> None:
        self.now = now or DateTime(time.time_ns() // 1_000_000)
        self.check = check
        self.max_warnings = max_warnings
        self.location: Location | None = None
        # What a call with memory (random numbers from a seed) remembers, by its place in the text.
        self.sequences: dict[Location | None, Any] = {}
        self.warning_count = 0
        self.warnings: list[Warning] = []
        self._seen: set[Warning] = set()

    def warn(self, code: str, message: str, location: Location | None = None) -> None:
        """Count a warning that was not there yet, and keep it while there is room."""
        warning = Warning(code, message, location or self.location)
        if warning in self._seen:
            return
        if len(self._seen) < MAX_REMEMBERED:
            self._seen.add(warning)
        self.warning_count += 1
        if len(self.warnings) < self.max_warnings:
            self.warnings.append(warning)
