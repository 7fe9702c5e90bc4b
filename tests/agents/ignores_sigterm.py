"""Does not end when asked to; has a child of the same mind in a session of its own."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.agents.good import answer
from tests.agents.serving import serve


def run(path: Path) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork() == 0:
        os.setsid()
        signal.pause()
    serve(path, answer)
