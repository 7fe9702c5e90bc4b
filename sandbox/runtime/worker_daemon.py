"""Spark's daemon of Python workers, which the kernel of the system may kill before the JVM."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pyspark.daemon import manager

from sandbox.runtime.processes import bound_processes, prefer_to_be_killed
from wire.settings import AgentSettings

WORKER_OOM_SCORE = 900


def main() -> None:
    """Set our score, bound and path, which every forked worker inherits, and serve."""
    prefer_to_be_killed(WORKER_OOM_SCORE)
    bound_processes(AgentSettings.from_env(os.environ).kernel_pids)
    # The scope's files, where functions of the tenant may have their modules.
    sys.path.append(str(Path.cwd()))
    manager()


if __name__ == "__main__":
    main()
