"""Takes requests and never answers."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.agents.serving import serve


def run(path: Path) -> None:
    serve(path, lambda _: threading.Event().wait())
