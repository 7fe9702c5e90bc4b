"""Environment variables of the processes below the agent."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Mapping
from pathlib import Path

import sandbox
from sandbox.runtime.folders import ScopeFolders

THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "NUMBA_NUM_THREADS",
    "ARROW_NUM_THREADS",
)
APP_DIR = Path(sandbox.__file__).resolve().parent.parent
"""The folder that holds the packages `sandbox` and `wire`."""


def child_environment(
    inherited: Mapping[str, str], folders: ScopeFolders, cpus: int
) -> dict[str, str]:
    """The environment for the JVM, its Python workers and the kernel."""
    home = str(folders.home)
    python_path = [str(APP_DIR), inherited.get("PYTHONPATH", "")]
    return {
        **inherited,
        **dict.fromkeys(THREAD_COUNTS, str(cpus)),
        "HOME": home,
        "TMPDIR": str(folders.temporary),
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "IPYTHONDIR": f"{home}/.ipython",
        "JUPYTER_CONFIG_DIR": f"{home}/.jupyter",
        "JUPYTER_DATA_DIR": f"{home}/.jupyter/data",
        "JUPYTER_RUNTIME_DIR": str(folders.run),
        "PYTHONPATH": ":".join(dict.fromkeys(p for p in python_path if p)),
        "PYSPARK_PYTHON": inherited.get("PYSPARK_PYTHON", sys.executable),
        "PYSPARK_DRIVER_PYTHON": inherited.get("PYSPARK_PYTHON", sys.executable),
        "PYSPARK_PIN_THREAD": "true",
        "SPARK_LOCAL_IP": "127.0.0.1",
        # Told, it need not start Hadoop's security before the first file is read.
        "SPARK_USER": _user_name(),
        "TZ": "UTC",
    }


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return "scope"
