"""Answers without end, although nobody can want that much."""

from __future__ import annotations

from pathlib import Path

from tests.agents.serving import Handler, serve


def answer(request: Handler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(10**12))
    request.end_headers()
    while True:
        request.wfile.write(b" " * 65_536)


def run(path: Path) -> None:
    serve(path, answer)
