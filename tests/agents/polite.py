"""Answers health, and ends when its control plane asks it to."""

from __future__ import annotations

import os
from pathlib import Path

from tests.agents import good
from tests.agents.serving import Handler, serve


def answer(request: Handler) -> None:
    if request.path != "/v1/shutdown":
        good.answer(request)
        return
    request.say({})
    os._exit(0)


def run(path: Path) -> None:
    serve(path, answer)
