"""Ends before it listens, with last words and a code of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.agents.serving import write_line


def run(path: Path) -> None:
    write_line(f"cannot listen on {path.name}")
    sys.exit(69)
