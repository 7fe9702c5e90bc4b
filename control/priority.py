"""Our place among the processes of the host: before the scopes, where all of them want to run."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Final

NICENESS: Final = -10


def go_first() -> None:
    """Have this thread, and those that it makes from now on, run before ordinary ones.

    The control plane has little to do, and everybody waits for it. Where we are not root nothing
    changes.
    """
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
