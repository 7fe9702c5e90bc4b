"""The only place that talks to agents: requests out, checked messages and capped bytes in."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeVar
from urllib.parse import quote

import aiohttp
from yarl import URL

from control.agent_answer import (
    StreamLimits,
    check_status,
    moment,
    read_chunks,
    read_events,
    read_head,
    read_message,
    read_payload,
    within,
)
from control.agent_events import decode_kept
from control.agent_pieces import Piece, read_pieces
from control.agent_socket import SafeConnector
from control.errors import AgentMisbehaved
from wire.codec import decode_event, encode
from wire.messages import (
    FOLDER_HEADER,
    ExecuteEvent,
    FileListing,
    FileWritten,
    Message,
    Ok,
    PieceRequest,
    RelayRequest,
    Request,
    StreamRequest,
)
from wire.protocol import REQUEST_ID_HEADER

R_co = TypeVar("R_co", bound=Message, covariant=True)
R = TypeVar("R", bound=Message)
Observe = Callable[[str, float], None]
FILE_TIMEOUT_S: Final = 60.0
UPLOAD_TIMEOUT_S: Final = 24 * 3600.0


class Asks(Protocol[R_co]):
    """A request whose class says what its reply is."""

    @property
    def reply(self) -> type[R_co]:
        """The type of the reply, or of the head of a frame."""
        ...


@dataclass(frozen=True)
class FileBody:
    """A file on its way; `length` in bytes is the agent's word, None where it gives none."""

    length: int | None
    chunks: AsyncIterator[bytes]


class AgentClient:
    """Talks to one agent over connections that stay open.

    The mutable state is the session, and the answers that are being read.

    Everything raises AgentUnreachable (no connection, no answer in time), AgentMisbehaved (an
    answer that is none of ours) or AgentFailed (the agent says why it could not be done).
    """

    def __init__(
        self, socket: Path, *, uid: int | None, limits: StreamLimits | None = None
    ) -> None:
        self.socket = socket
        self._uid = uid
        self._limits = limits or StreamLimits()
        self._session: aiohttp.ClientSession | None = None
        self._answers: set[aiohttp.ClientResponse] = set()
        self.observe: Observe = _unobserved
        """Hears of each answer that began: which call, after how many seconds."""

    async def call(self, request: Asks[R], timeout_s: float, request_id: str = "") -> R:
        """Ask for one reply."""
        deadline = moment(timeout_s)
        async with self._ask(_message(request), deadline, request_id) as response, within(deadline):
            return await read_message(response.content, request.reply)

    async def stream(
        self,
        request: StreamRequest,
        timeout_s: float,
        request_id: str = "",
        *,
        keep_values: bool = False,
    ) -> AsyncGenerator[ExecuteEvent, None]:
        """Run a statement; its events as they come, the last one a DoneEvent.

        With `keep_values` the tenant's values stay the text that they came as.
        """
        decode_line = decode_kept if keep_values else decode_event
        deadline = moment(timeout_s)
        async with self._ask(request, deadline, request_id) as response:
            async for event in read_events(response.content, self._limits, deadline, decode_line):
                yield event

    async def pieces(
        self, request: PieceRequest, timeout_s: float, request_id: str = ""
    ) -> AsyncGenerator[Piece, None]:
        """Run statements; events and rows as they come, the last one a FinishedEvent."""
        deadline = moment(timeout_s)
        async with self._ask(request, deadline, request_id) as response:
            async for piece in read_pieces(response.content, deadline):
                yield piece

    @asynccontextmanager
    async def relay(
        self, request: Asks[R], timeout_s: float, request_id: str = "", *, max_bytes: int
    ) -> AsyncIterator[tuple[R, AsyncIterator[bytes]]]:
        """The head of a frame, and its payload as exactly as many bytes as the head says."""
        deadline = moment(timeout_s)
        async with self._ask(_message(request), deadline, request_id) as response:
            async with within(deadline):
                head = await read_head(response.content, request.reply)
            length = _payload_length(head, max_bytes)
            yield head, read_payload(response.content, length)

    @asynccontextmanager
    async def get_file(
        self, path: str, timeout_s: float = FILE_TIMEOUT_S, request_id: str = ""
    ) -> AsyncIterator[FileListing | FileBody]:
        """A folder's listing, or a file's bytes."""
        deadline = moment(timeout_s)
        async with self._send("GET", _file(path), deadline, request_id) as response:
            if response.headers.get(FOLDER_HEADER) == "1":
                async with within(deadline):
                    listing = await read_message(response.content, FileListing)
                yield listing
            else:
                yield FileBody(response.content_length, read_chunks(response.content))

    async def put_file(
        self,
        path: str,
        body: AsyncIterable[bytes],
        timeout_s: float = UPLOAD_TIMEOUT_S,
        request_id: str = "",
    ) -> FileWritten:
        """Put a file in place; an error of `body` itself comes out as it is."""
        deadline = moment(timeout_s)
        upload = _Upload(body)
        try:
            sending = self._send("PUT", _file(path), deadline, request_id, upload.chunks())
            async with sending as response, within(deadline):
                return await read_message(response.content, FileWritten)
        except Exception:
            if upload.error is not None:
                raise upload.error from None
            raise

    async def delete_file(
        self, path: str, timeout_s: float = FILE_TIMEOUT_S, request_id: str = ""
    ) -> None:
        """Delete a file or an empty folder."""
        deadline = moment(timeout_s)
        sending = self._send("DELETE", _file(path), deadline, request_id)
        async with sending as response, within(deadline):
            await read_message(response.content, Ok)

    async def close(self) -> None:
        """Close the connections; the agent goes on. Closing twice is fine."""
        session, self._session = self._session, None
        for response in self._answers:
            # aiohttp lets whoever reads from a connection that we close wait for ever.
            response.content.set_exception(aiohttp.ClientConnectionError("given up"))
        if session is not None:
            await session.close()

    @asynccontextmanager
    async def _ask(
        self,
        request: Request | StreamRequest | RelayRequest | PieceRequest,
        deadline: float,
        request_id: str,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        method = getattr(request, "method", "POST")
        body = None if method == "GET" else encode(request)
        url = URL.build(scheme="http", host="agent", path=request.path)
        async with self._send(method, url, deadline, request_id, body) as response:
            yield response

    @asynccontextmanager
    async def _send(
        self,
        method: str,
        url: URL,
        deadline: float,
        request_id: str,
        body: bytes | AsyncIterator[bytes] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = {REQUEST_ID_HEADER: request_id} if request_id else None
        began = time.monotonic()
        async with within(deadline):
            response = await self._opened().request(
                method, url, data=body, headers=headers, allow_redirects=False
            )
        self.observe(_call_name(url), time.monotonic() - began)
        self._answers.add(response)
        try:
            async with within(deadline):
                await check_status(response)
            yield response
        finally:
            self._answers.discard(response)
            # Read to its end the connection is kept, else it is closed.
            response.release()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=SafeConnector(self.socket, self._uid),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                # What is compressed could be anything in size, and none of ours is.
                auto_decompress=False,
                skip_auto_headers=("Accept-Encoding", "User-Agent"),
            )
        return self._session


class _Upload:
    """A body on its way to an agent; remembers its own error, which aiohttp would rename."""

    def __init__(self, body: AsyncIterable[bytes]) -> None:
        self._body = body
        self.error: Exception | None = None

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._body:
                yield chunk
        except Exception as error:
            self.error = error
            raise


def _unobserved(call: str, seconds: float) -> None:
    """Nobody measures."""


def _call_name(url: URL) -> str:
    """The call without a file's path, which is a tenant's own."""
    return "/v1/files" if url.path.startswith("/v1/files/") else url.path


def _message(request: Asks[R]) -> Request | RelayRequest:
    if not isinstance(request, Request | RelayRequest):
        raise TypeError(type(request).__name__)
    return request


def _file(path: str) -> URL:
    return URL.build(
        scheme="http", host="agent", path=f"/v1/files/{quote(path, safe='/')}", encoded=True
    )


def _payload_length(head: Message, max_bytes: int) -> int:
    length = getattr(head, "content_length", None)
    if not isinstance(length, int) or not 0 <= length <= max_bytes:
        raise AgentMisbehaved(f"a payload of {length} bytes, at most {max_bytes} may be")  # noqa: EM102
    return length
