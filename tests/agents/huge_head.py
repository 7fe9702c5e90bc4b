"""Answers headers without end."""

from __future__ import annotations

from pathlib import Path

from tests.agents.serving import Handler, serve


def answer(request: Handler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        request.wfile.write(b"X-More: " + b"a" * 4000 + b"\r\n")


def run(path: Path) -> None:
    serve(path, answer)
