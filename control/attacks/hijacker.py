"""Takes the place of a scope's agent from inside of the scope, and answers badly on request.

This text runs in the attacker's scope, never here. A request that holds `attack-<name>` anywhere
is answered by the function of that name, every other one like an agent that is well.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import socketserver
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

SOCKET = "/scope/run/agent.sock"
NAME = re.compile(rb"attack-([a-z_]+)")
Bad = Callable[["Handler"], None]
BLOCK, AWAY_S = b" " * 65_536, 3.0
RENDER: dict[str, Any] = {"rows": 1, "drawn": 1, "dropped": {}, "device": "cpu", "ms": {}}
RENDER |= {"source": "spark", "cached": False, "content_type": "image/png"}
BAD: dict[str, Bad] = {}


class Handler(BaseHTTPRequestHandler):
    """One connection of the control plane's."""

    protocol_version = "HTTP/1.1"
    asked: bytes = b""
    plain: ClassVar[dict[str, Any]] = {"protocol": 1, "version": "", "ready": True, "stage": ""}

    def do_GET(self) -> None:
        """Answer whatever it is."""
        if self.headers.get("Transfer-Encoding"):
            body = self.connection.recv(65_536)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked = self.path.encode() + b" " + body
        found = NAME.search(self.asked)
        # No connection is kept, so that each request meets what the socket is then.
        self.close_connection = True
        if found:
            BAD[found[1].decode()](self)
        elif self.path == "/v1/query":
            self.frame({"num_rows": 1, "columns": []}, b'["hijacked"]')
        else:
            self.say(self.plain)

    do_POST = do_PUT = do_DELETE = do_GET

    def say(self, value: Any, status: int = 200, **headers: str) -> None:
        """A JSON reply."""
        self.whole(json.dumps(value).encode(), status, **headers)

    def whole(self, body: bytes, status: int = 200, **headers: str) -> None:
        """A reply of these bytes."""
        self.send_response(status)
        own = {"Content-Length": str(len(body)), "Connection": "close"}
        for name, text in {**own, **headers}.items():
            self.send_header(name.replace("_", "-"), text)
        self.end_headers()
        self.wfile.write(body)

    def frame(self, head: dict[str, Any], payload: bytes, length: int | None = None) -> None:
        """Head and payload, of which the head may tell another length."""
        told = {"content_length": len(payload) if length is None else length, **head}
        text = json.dumps(told).encode()
        self.whole(len(text).to_bytes(4, "big") + text + payload)

    def begin(self, *lines: str) -> None:
        """A head of ours, line by line; what follows ends with the connection."""
        self.wfile.write(("\r\n".join(("HTTP/1.1 200 OK", *lines)) + "\r\n\r\n").encode())

    def for_ever(self, piece: bytes) -> None:
        """The same bytes until nobody takes them."""
        while True:
            self.wfile.write(piece)

    def log_message(self, *_: Any) -> None:
        """Silence."""


class Server(socketserver.ThreadingUnixStreamServer):
    """Each connection in a thread."""

    daemon_threads = True
    request_queue_size = 128


def bad(act: Bad) -> Bad:
    """A way to answer, by the function's name."""
    BAD[act.__name__] = act
    return act


@bad
def garbage(h: Handler) -> None:
    """Bytes that are no HTTP."""
    h.wfile.write(b"\x00\xff\x13 garbage\r\n\r\n")


@bad
def silence(_: Handler) -> None:
    """No answer."""
    threading.Event().wait(60)


@bad
def dribble(h: Handler) -> None:
    """A byte now and then."""
    h.begin("Content-Length: 4100")
    h.wfile.write((4096).to_bytes(4, "big"))
    for _ in range(300):
        h.wfile.write(b" ")
        time.sleep(0.1)


@bad
def closed(_: Handler) -> None:
    """Nothing but the end."""


@bad
def headers_without_end(h: Handler) -> None:
    """Header lines for ever."""
    h.wfile.write(b"HTTP/1.1 200 OK\r\n")
    h.for_ever(b"X-More: " + b"a" * 4000 + b"\r\n")


@bad
def one_long_header(h: Handler) -> None:
    """A header line for ever."""
    h.wfile.write(b"HTTP/1.1 200 OK\r\nX-More: ")
    h.for_ever(b"a" * 65_536)


@bad
def continues_without_end(h: Handler) -> None:
    """Interim answers for ever."""
    h.for_ever(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


@bad
def message_without_end(h: Handler) -> None:
    """A body for ever where a message should be."""
    h.begin(f"Content-Length: {10**15}")
    h.for_ever(BLOCK)


@bad
def huge_head(h: Handler) -> None:
    """A frame whose head is two gigabytes."""
    h.begin()
    h.wfile.write((2**31).to_bytes(4, "big"))
    h.for_ever(BLOCK)


@bad
def endless_payload(h: Handler) -> None:
    """A frame that says it is ten exabytes long."""
    h.frame({"num_rows": 1, "columns": []}, b"[1]", 10**19)


@bad
def short_payload(h: Handler) -> None:
    """A payload of fewer bytes than it says."""
    h.frame({"num_rows": 1, "columns": []}, b"[1]", 1000)


@bad
def long_payload(h: Handler) -> None:
    """A payload of more bytes than it says."""
    h.frame({"num_rows": 1, "columns": []}, b"[1]" + b"HTTP/1.1 200 OK\r\n\r\nowned" * 50, 3)


@bad
def negative_length(h: Handler) -> None:
    """A payload of fewer than no bytes."""
    h.frame({"num_rows": 1, "columns": []}, b"[1]", -5)


@bad
def wrong_types(h: Handler) -> None:
    """A head whose members are not what they must be."""
    h.frame({"num_rows": "many", "columns": {"a": 1}, "truncated": "no"}, b"[1]")


@bad
def deep(h: Handler) -> None:
    """Arrays in arrays in arrays."""
    h.whole(b'{"code":' + b"[" * 1_000_000)


@bad
def zipped_bomb(h: Handler) -> None:
    """A body that would be a gigabyte once unpacked."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(packer.compress(bytes(2**20)) for _ in range(1024)) + packer.flush()
    h.whole(packed, Content_Encoding="gzip", Content_Type="application/json")


@bad
def success_in_disguise(h: Handler) -> None:
    """An error whose facts would make the reply a success."""
    facts = {"status": "success", "code": "200", "type": "none", "message": "all is well"}
    h.say({"code": "sql_error", "message": "bad", "facts": facts}, 400)


@bad
def unknown_code(h: Handler) -> None:
    """An error that there is not."""
    h.say({"code": "become_admin", "message": "please"}, 400)


@bad
def redirect(h: Handler) -> None:
    """Go where the request says instead."""
    target = re.search(rb"http://[0-9.:]+/", h.asked)
    h.whole(b"", 302, Location=target[0].decode() if target else "/")


@bad
def odd_status(h: Handler) -> None:
    """An answer of status 999."""
    h.whole(b"{}", 999)


@bad
def headers_in_facts(h: Handler) -> None:
    """A picture whose facts would end a header line early."""
    device = "cpu\r\nSet-Cookie: owned=1\r\nX-Owned: 1\r\n\r\n<script>owned</script>"
    h.frame({**RENDER, "device": device, "dropped": {"a\r\nX-Owned: 2": 1}}, b"PNG")


@bad
def page_as_picture(h: Handler) -> None:
    """A picture that says that it is a page."""
    h.frame({**RENDER, "content_type": "text/html"}, b"<script>owned</script>")


@bad
def headers_of_a_file(h: Handler) -> None:
    """A file with headers for the client's browser."""
    h.whole(
        b"<script>owned</script>",
        Content_Type="text/html",
        Set_Cookie="owned=1",
        Location="http://owned.example/",
        Content_Disposition="inline",
        X_Content_Type_Options="none",
        Access_Control_Allow_Origin="*",
        Strict_Transport_Security="max-age=0",
    )


@bad
def endless_listing(h: Handler) -> None:
    """A folder of a hundred thousand files."""
    entry = json.dumps({"name": "a" * 60, "bytes": 1, "modified": 1.0, "is_dir": False})
    body = ('{"files":[' + ",".join([entry] * 100_000) + "]}").encode()
    h.whole(body, X_Geoscope_Folder="1")


@bad
def listing_of_lies(h: Handler) -> None:
    """File names that would be markup, terminal controls or headers."""
    names = ["<script>owned</script>", "\x1b[2Jowned", "a\r\nSet-Cookie: owned=1", "../x"]
    files = [{"name": name, "bytes": -1, "modified": 1e308, "is_dir": False} for name in names]
    h.say({"files": files}, X_Geoscope_Folder="1")


@bad
def event_flood(h: Handler) -> None:
    """Tiny events for ever."""
    h.begin()
    h.for_ever(b'{"event":"output","name":"stdout","text":""}\n' * 1000)


@bad
def output_flood(h: Handler) -> None:
    """More output than a command may have."""
    h.begin()
    event = {"event": "output", "name": "stdout", "text": "x" * 60_000}
    h.for_ever(json.dumps(event).encode() + b"\n")


@bad
def display_flood(h: Handler) -> None:
    """Displays without end."""
    h.begin()
    event = {"event": "display", "mime": {"text/html": [{}] * 20_000}}
    h.for_ever(json.dumps(event).encode() + b"\n")


@bad
def event_without_end(h: Handler) -> None:
    """One event that never ends."""
    h.begin()
    h.wfile.write(b'{"event":"output","name":"stdout","text":"')
    h.for_ever(b"x" * 65_536)


@bad
def no_last_event(h: Handler) -> None:
    """A stream that just ends."""
    h.begin()
    h.wfile.write(b'{"event":"output","name":"stdout","text":"x"}\n')


@bad
def forged_events(h: Handler) -> None:
    """Output that looks like the end of the stream and another request's answer."""
    h.begin()
    text = 'x\n\nevent: done\ndata: {"status":"success","code":200,"result":"owned"}\n\n'
    h.wfile.write(json.dumps({"event": "output", "name": "stdout", "text": text}).encode() + b"\n")
    reply = {"status": "error", "code": "python_error", "message": "true end"}
    h.wfile.write(json.dumps({"event": "done", "reply": reply}).encode() + b"\n")


@bad
def pieces_without_rows(h: Handler) -> None:
    """Empty pieces for ever."""
    h.begin()
    h.for_ever(b"R\0\0\0\0" * 10_000)


@bad
def pieces_of_no_kind(h: Handler) -> None:
    """Pieces of a kind that there is not."""
    h.begin()
    h.for_ever(b"Z\0\0\0\1x" * 100)


@bad
def rows_without_end(h: Handler) -> None:
    """Rows for ever where a result was announced."""
    h.begin()
    begin = {"event": "result", "index": 0, "edge": "begin"}
    for event in ({"event": "compiled", "results": 1}, begin):
        text = json.dumps(event).encode()
        h.wfile.write(b"E" + len(text).to_bytes(4, "big") + text)
    h.for_ever(b"R" + (2**20).to_bytes(4, "big") + b"1," * 2**19)


@bad
def linked(h: Handler) -> None:
    """For a while the socket is a link to what the request names."""
    target = re.search(rb"to:([^\"\s]+)", h.asked)
    with away(h) as place:
        place.symlink_to(target[1].decode() if target else "/")


@bad
def piped(h: Handler) -> None:
    """For a while the socket is a pipe that nobody reads."""
    with away(h) as place:
        os.mkfifo(place)


@bad
def deaf(h: Handler) -> None:
    """For a while the socket is one that takes no connection."""
    with socket.socket(socket.AF_UNIX) as own, away(h) as place:
        own.bind(str(place))
        own.listen(0)


@contextmanager
def away(h: Handler) -> Iterator[Path]:
    """What the block puts in our socket's place stays there for a while."""
    place, kept = Path(SOCKET), Path(f"{SOCKET}.own")
    place.rename(kept)
    yield place
    h.say({})
    time.sleep(AWAY_S)
    kept.replace(place)


def take_over() -> None:
    """Stop the agent and listen in its place."""
    time.sleep(0.7)  # the command that started us ends first
    os.kill(int(sys.argv[1]), signal.SIGSTOP)
    Path(SOCKET).unlink()
    socket.setdefaulttimeout(60)
    Server(SOCKET, Handler).serve_forever()


if __name__ == "__main__":
    take_over()
