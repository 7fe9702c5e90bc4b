"""Serves commands that count how many there were; speaks the protocol that `files/protocol` names.

That file is how a test upgrades the control plane away from an agent that runs.
"""

from __future__ import annotations

import itertools
import json
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from tests.agents.serving import Handler, health, serve

PROTOCOL = Path("files") / "protocol"


class Answers:
    """What it says; the mutable state is the counter."""

    def __init__(self, scope: Path) -> None:
        self._protocol = scope / PROTOCOL
        self._counter = itertools.count(1)

    def answer(self, request: Handler) -> None:
        if request.path == "/v1/health":
            request.say(health(protocol=self._speaks()))
        elif request.path == "/v1/execute":
            request.say_bytes(json.dumps(_done(next(self._counter))).encode() + b"\n")
        elif request.path == "/v1/facts":
            request.say({"sessions": ["spark"]})
        elif request.path == "/v1/statements/watch":
            threading.Event().wait(1)
            request.say({"boot": "stub", "seq": 0, "ended": []})
        else:
            request.say({"code": "not_ready", "message": "a stub serves commands only"}, 400)

    def _speaks(self) -> int:
        return int(self._protocol.read_text()) if self._protocol.exists() else 1


def _done(result: int) -> dict[str, Any]:
    return {"event": "done", "reply": {"status": "ok", "result": result}}


def run(path: Path) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    serve(path, Answers(path.parents[1]).answer)
