"""Puts a link to the socket that GEOSCOPE_AGENT_SANDBOX_ID names where its own should be."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def run(path: Path) -> None:
    path.symlink_to(os.environ["GEOSCOPE_AGENT_SANDBOX_ID"])
    signal.pause()
