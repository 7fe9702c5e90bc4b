"""Who did what to accounts and scopes: JSON lines in the state directory, never code or rows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec

AUDIT_NAME: Final = "audit.log"
MAX_BYTES: Final = 10 * 1024**2
KEPT_FILES: Final = 5


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line; `at` in seconds since the epoch."""

    at: float
    action: str
    user: str
    address: str
    request_id: str
    target: str = ""
    outcome: str = "ok"


class Audit:
    """Appends entries; a full file is put aside, five are kept."""

    def __init__(self, state_dir: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = state_dir / AUDIT_NAME
        self._clock = clock

    def note(  # noqa: PLR0913 - the columns of the log
        self,
        action: str,
        *,
        user: str,
        address: str,
        request_id: str,
        target: str = "",
        outcome: str = "ok",
    ) -> None:
        """Write one entry."""
        entry = Entry(
            at=self._clock(),
            action=action,
            user=user,
            address=address,
            request_id=request_id,
            target=target,
            outcome=outcome,
        )
        self._make_room()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o600)
        try:
            os.write(descriptor, msgspec.json.encode(entry) + b"\n")
        finally:
            os.close(descriptor)

    def _make_room(self) -> None:
        if not self._path.exists() or self._path.stat().st_size < MAX_BYTES:
            return
        names = [self._path, *(Path(f"{self._path}.{n}") for n in range(1, KEPT_FILES))]
        for newer, older in reversed(list(pairwise(names))):
            if newer.exists():
                newer.replace(older)
