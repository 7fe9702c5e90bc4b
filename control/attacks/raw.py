"""Bytes on a connection of one's own, for what no HTTP client would send."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from urllib.parse import urlsplit

from control.attacks.people import Answer

CREDENTIALS: Final = "Host: attack\r\nAuthorization: Token {token}\r\n"
LOCAL: Final = frozenset({"127.0.0.1", "localhost"})
CROWDS: Final = "127.0.0.2"
"""Connections are counted by address: a crowd of one is not to keep the others from theirs."""
GONE: Final = (OSError, asyncio.IncompleteReadError, TimeoutError)
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(url: str, *, in_crowd: bool = False) -> AsyncIterator[Connection]:
    """A connection to the server; of a crowd's from another address of this host, if there is."""
    parts = urlsplit(url)
    secure = ssl.create_default_context() if parts.scheme == "https" else None
    port = parts.port or (443 if secure else 80)
    is_local = parts.hostname in LOCAL
    reader, writer = await asyncio.open_connection(
        parts.hostname, port, ssl=secure, local_addr=(CROWDS, 0) if in_crowd and is_local else None
    )
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def sent(url: str, text: bytes, wait_s: float = 5.0, *, in_crowd: bool = False) -> bytes:
    """All that comes until the server closes, or a while passes; `text` may be cut off by it."""
    async with connected(url, in_crowd=in_crowd) as (reader, writer):
        with suppress(*GONE):
            writer.write(text)
            async with asyncio.timeout(wait_s):
                await writer.drain()
        return await read(reader, wait_s)


async def read(reader: asyncio.StreamReader, wait_s: float) -> bytes:
    """What comes until the end, or within that time."""
    held = bytearray()
    with suppress(*GONE):
        async with asyncio.timeout(wait_s):
            while piece := await reader.read(65_536):
                held += piece
                if len(held) > 2**20:
                    break
    return bytes(held)


def posted(path: str, members: Any, token: str) -> bytes:
    """A whole POST of JSON, after which the connection is not kept."""
    body = json.dumps(members).encode()
    head = CREDENTIALS.format(token=token) + "Content-Type: application/json\r\n"
    length = f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    return f"POST {path} HTTP/1.1\r\n{head}{length}".encode() + body


def status_of(reply: bytes) -> int:
    """The status in a reply's first line; 0 where there is none."""
    words = reply[:40].split(b" ")
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


def tally(answers: Iterable[Answer]) -> str:
    """How many answers were what, the most first."""
    return _counted(f"{each.status or 'closed'} {each.kind}".strip() for each in answers)


def tally_statuses(statuses: Iterable[int]) -> str:
    """The same for what came on raw connections."""
    return _counted(str(each or "closed") for each in statuses)


def _counted(words: Iterable[str]) -> str:
    return ", ".join(f"{count} x {word}" for word, count in Counter(words).most_common(4))
