"""How much the interpreter may hold: a statement that wants more fails, before its scope does."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox.failure import AgentFailure
from wire.protocol import ErrorCode

LOOK_EVERY_S: Final = 0.05
ONE_SHARE: Final = 6
ALL_SHARE: Final = 2
LEAST_SHARE: Final = 24
"""One statement may take a sixth of the scope's memory, the whole agent a half of it; but an
agent that holds as much already (caches, pictures, other statements) still runs small ones."""
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_STATM: Final = Path("/proc/self/statm")


@dataclass(frozen=True)
class MemoryBounds:
    """Bounds for statements of a scope with that much memory, in bytes."""

    scope_bytes: int
    clock: Callable[[], float] = time.monotonic

    def most(self, held_bytes: int) -> int:
        """What the agent may hold while a statement runs that began when it held so much."""
        wanted = min(held_bytes + self.scope_bytes // ONE_SHARE, self.scope_bytes // ALL_SHARE)
        return max(wanted, held_bytes + self.scope_bytes // LEAST_SHARE)

    def watch(self) -> Callable[[], None]:
        """A check for one statement that begins now; raises AgentFailure(MEMORY_FULL)."""
        most = self.most(resident_bytes())
        due = self.clock() + LOOK_EVERY_S

        def check() -> None:
            nonlocal due
            now = self.clock()
            if now < due:
                return
            due = now + LOOK_EVERY_S
            if resident_bytes() > most:
                message = (
                    "the statement holds more than the scope's memory allows; let it keep fewer "
                    "rows or values at a time"
                )
                raise AgentFailure(ErrorCode.MEMORY_FULL, message)

        return check


def resident_bytes() -> int:
    """What this process holds in memory now."""
    return int(_STATM.read_text().split()[1]) * _PAGE
