"""A dialect that is made when somebody speaks it: its modules take half a second to import."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sandbox.statements.program import DialectCompiler, Program, Run


class LateDialect:
    """Makes the dialect once; the mutable state is `_dialect`, changed only under `_lock`."""

    def __init__(self, make: Callable[[], DialectCompiler]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._dialect: DialectCompiler | None = None

    def warm(self) -> DialectCompiler:
        """Make it, unless it is there."""
        with self._lock:
            if self._dialect is None:
                self._dialect = self._make()
            return self._dialect

    def compile(self, run: Run) -> Program:
        """The program of a request."""
        return self.warm().compile(run)
