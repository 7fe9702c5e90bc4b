"""What a look finds: one line, whether it is good, and what to do where it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from control.engine.view import EngineView
from control.settings import Settings


class Mark(StrEnum):
    """How it is."""

    GOOD = "good"
    WARNING = "warning"
    """It serves, and less well than it could."""
    BAD = "bad"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report."""

    subject: str
    mark: Mark
    found: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is looked at. `engine` is None where none answers, and `engine_problem` says why."""

    settings: Settings
    engine: EngineView | None
    engine_problem: str = ""


Look = Callable[[Subject], Iterable[Finding]]


def good(subject: str, found: str) -> Finding:
    """As it should be."""
    return Finding(subject=subject, mark=Mark.GOOD, found=found)


def warning(subject: str, found: str, remedy: str) -> Finding:
    """Less well than it could be."""
    return Finding(subject=subject, mark=Mark.WARNING, found=found, remedy=remedy)


def bad(subject: str, found: str, remedy: str) -> Finding:
    """Not as it must be."""
    return Finding(subject=subject, mark=Mark.BAD, found=found, remedy=remedy)
