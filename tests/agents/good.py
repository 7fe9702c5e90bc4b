"""Answers health, as an agent must."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from tests.agents.serving import Handler, health, serve


def answer(request: Handler) -> None:
    if request.path == "/v1/health":
        request.say(health())
    else:
        request.say({"code": "not_ready", "message": "a stub serves health only"}, 400)


def run(path: Path) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    serve(path, answer)
