"""Spark's daemon of Python workers, which the kernel of the system may kill before the JVM."""

from __future__ import annotations

import sys
from pathlib import Path

from pyspark.daemon import manager

from sandbox.runtime.processes import prefer_to_be_killed

WORKER_OOM_SCORE = 900


def main() -> None:
    """Set our score and path, which every forked worker inherits, and serve."""
    prefer_to_be_killed(WORKER_OOM_SCORE)
    # The scope's files, where functions of the tenant may have their modules.
    sys.path.append(str(Path.cwd()))
    manager()


if __name__ == "__main__":
    main()
