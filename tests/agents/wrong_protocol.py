"""Speaks a protocol that nobody knows yet."""

from __future__ import annotations

from pathlib import Path

from tests.agents.serving import health, serve


def run(path: Path) -> None:
    serve(path, lambda request: request.say(health(protocol=99)))
