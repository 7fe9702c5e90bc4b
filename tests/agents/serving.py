"""A tiny HTTP server on a Unix socket, from the standard library."""

from __future__ import annotations

import json
import socketserver
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

Answer = Callable[["Handler"], None]


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64
    answer: Answer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.answer(self)

    do_POST = do_PUT = do_DELETE = do_GET

    def say(self, value: Any, status: int = 200) -> None:
        self.say_bytes(json.dumps(value).encode(), status)

    def say_bytes(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


def serve(path: Path, answer: Answer) -> None:
    path.unlink(missing_ok=True)
    with Server(str(path), Handler) as server:
        server.answer = answer
        server.serve_forever()


def write_line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def health(ready: bool = True, protocol: int = 1) -> dict[str, Any]:
    stage = "ready" if ready else "spark"
    return {"protocol": protocol, "version": "stub", "ready": ready, "stage": stage}
