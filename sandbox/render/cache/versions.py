"""Whether files are the ones that they were."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SETTLED_NS: Final = 50_000_000
"""A file changed within this time may change again without another time on it: clocks of file
systems tick every few milliseconds."""


@dataclass(frozen=True)
class Version:
    """What tells files' contents apart: node, size, and the times that no program can set back."""

    facts: tuple[tuple[str, int, int, int, int], ...]

    def is_settled(self) -> bool:
        """Whether another change of any of the files would show."""
        before = time.time_ns() - SETTLED_NS
        return all(changed < before for _, _, _, _, changed in self.facts)


def version_of(files: Iterable[str]) -> Version | None:
    """The files as they are now; None if one of them is not there."""
    try:
        return Version(tuple(_facts(name) for name in sorted(files)))
    except OSError:
        return None


def _facts(name: str) -> tuple[str, int, int, int, int]:
    found = Path(name).stat()
    return name, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
