"""Sends its answer a byte at a time."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from tests.agents.serving import Handler, health, serve


def answer(request: Handler) -> None:
    body = json.dumps(health()).encode()
    request.send_response(200)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    for index in range(len(body)):
        request.wfile.write(body[index : index + 1])
        threading.Event().wait(0.2)


def run(path: Path) -> None:
    serve(path, answer)
