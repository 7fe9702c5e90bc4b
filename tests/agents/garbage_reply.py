"""Answers bytes that are not even HTTP."""

from __future__ import annotations

from pathlib import Path

from tests.agents.serving import Handler, serve


def answer(request: Handler) -> None:
    request.wfile.write(b"\x00\xff\x13 garbage\r\n\r\n")
    request.close_connection = True


def run(path: Path) -> None:
    serve(path, answer)
