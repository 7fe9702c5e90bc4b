"""Writes numbered lines, then answers health."""

from __future__ import annotations

from pathlib import Path

from tests.agents.good import answer
from tests.agents.serving import serve, write_line

LINES = 200_000


def run(path: Path) -> None:
    for number in range(LINES):
        write_line(f"line {number} {'x' * 60}")
    write_line("last line")
    serve(path, answer)
