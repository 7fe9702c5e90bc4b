"""The three sockets to a kernel, in Jupyter's protocol."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import zmq
import zmq.asyncio
from jupyter_client.connect import write_connection_file
from jupyter_client.session import Session

PORTS: Final = {"shell": 1, "iopub": 2, "stdin": 3, "control": 4, "hb": 5}
WELCOME_S: Final = 10.0
IDLE_S: Final = 5.0
LATE_S: Final = 1.0
"""A reply is sent before the kernel says that it is idle: later than this after an interrupt, it
will not come."""
LOST_S: Final = 30.0
"""The same where nobody interrupted: the kernel's own code may have, or we are just busy."""
INTERRUPTED: Final = {"status": "error", "ename": "KeyboardInterrupt", "evalue": ""}
LOST: Final = {
    "status": "error",
    "ename": "ReplyLost",
    "evalue": "the command ended, but its kernel lost the reply; what it did is done",
}

Sink = Callable[[str, dict[str, Any]], None]
"""Takes (message type, content) of what a statement sends while it runs."""
IsStopping = Callable[[], bool]
"""Whether somebody asked for the statement's end."""


class _Header(msgspec.Struct):
    """What we look at of a message's header, or of its parent's."""

    msg_id: str = ""
    msg_type: str = ""


class _Received(msgspec.Struct):
    """A message whose signature was right; all but the headers still as it came."""

    header: _Header
    parent: _Header
    metadata: bytes
    content: bytes


_header: Final = msgspec.json.Decoder(_Header)
_content: Final = msgspec.json.Decoder(dict[str, Any])


class Channels:
    """Requests to one kernel and what it publishes; everything runs on the event loop.

    The mutable state is `_replies` (who waits for which answer), `statement` and whether it runs.
    """

    def __init__(
        self, folder: Path, name: str, *, late_s: float = LATE_S, lost_s: float = LOST_S
    ) -> None:
        self._late_s, self._lost_s = late_s, lost_s
        self.connection_file = folder / f"{name}.json"
        # Relative to the scope's files, where both ends work: an address holds 107 bytes.
        self._prefix = f"../{folder.name}/{name}"
        key = secrets.token_hex(32).encode()
        self._session = Session(key=key)
        self._context = zmq.asyncio.Context()
        self._sockets: dict[str, zmq.asyncio.Socket] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._replies: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._welcome = asyncio.Event()
        self._idle = asyncio.Event()
        self._current = ""
        self.statement = ""
        """The id of the last statement that was sent."""
        self._sink: Sink = _ignore
        self._is_stopping: IsStopping = _never
        ports = {f"{channel}_port": port for channel, port in PORTS.items()}
        write_connection_file(
            str(self.connection_file), transport="ipc", ip=self._prefix, key=key, **ports
        )

    async def connect(self) -> None:
        """Connect to a kernel that listens, and hear from it; raises TimeoutError."""
        self._open("shell", zmq.DEALER)
        self._open("control", zmq.DEALER)
        self._open("iopub", zmq.SUB).setsockopt(zmq.SUBSCRIBE, b"")
        readers = (self._read_replies("shell"), self._read_replies("control"), self._read_iopub())
        self._tasks = [asyncio.create_task(reader) for reader in readers]
        async with asyncio.timeout(WELCOME_S):
            await self._welcome.wait()

    async def execute(self, code: str, sink: Sink, is_stopping: IsStopping) -> dict[str, Any]:
        """Run code; its output goes to `sink` before the reply's content is returned."""
        content = {
            "code": code,
            "silent": False,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        message = self._session.msg("execute_request", content)
        self._current = self.statement = message["header"]["msg_id"]
        self._sink = sink
        self._is_stopping = is_stopping
        self._idle.clear()
        try:
            reply = await self._request("shell", message)
            async with asyncio.timeout(IDLE_S):
                await self._idle.wait()
        finally:
            self._current, self._sink, self._is_stopping = "", _ignore, _never
        return reply

    async def ask(self, kind: str, timeout_s: float, **content: Any) -> Any:
        """The kernel's answer on the control channel; raises TimeoutError."""
        message = self._session.msg("geoscope_request", {"kind": kind, **content})
        async with asyncio.timeout(timeout_s):
            reply = await self._request("control", message)
        return reply["answer"]

    def close(self) -> None:
        """Close the sockets and remove their files; who waits for a reply is cancelled."""
        for task in self._tasks:
            task.cancel()
        for reply in self._replies.values():
            reply.cancel()
        for socket in self._sockets.values():
            socket.close(linger=0)
        self._context.term()
        self.connection_file.unlink(missing_ok=True)
        for port in PORTS.values():
            Path(f"{self._prefix}-{port}").unlink(missing_ok=True)

    def _open(self, channel: str, kind: int) -> zmq.asyncio.Socket:
        socket = self._context.socket(kind)
        socket.connect(f"ipc://{self._prefix}-{PORTS[channel]}")
        self._sockets[channel] = socket
        return socket

    async def _request(self, channel: str, message: dict[str, Any]) -> dict[str, Any]:
        message_id = message["header"]["msg_id"]
        reply: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._replies[message_id] = reply
        try:
            await self._sockets[channel].send_multipart(self._session.serialize(message))
            return await reply
        finally:
            del self._replies[message_id]

    async def _read_replies(self, channel: str) -> None:
        while True:
            message = await self._receive(channel)
            waiting = self._replies.get(message.parent.msg_id)
            if waiting is not None and not waiting.done():
                content = _content.decode(message.content)
                waiting.set_result({**content, "metadata": _content.decode(message.metadata)})

    async def _read_iopub(self) -> None:
        while True:
            message = await self._receive("iopub")
            kind = message.header.msg_type
            self._welcome.set()
            if message.parent.msg_id != self._current:
                continue
            content = _content.decode(message.content)
            if kind == "status" and content["execution_state"] == "idle":
                self._idle.set()
                self._expect_reply(self._current, waited_s=0.0)
            self._sink(kind, content)

    def _expect_reply(self, message_id: str, waited_s: float) -> None:
        """An interrupt that meets the kernel on its way to the statement costs it the reply."""
        waiting = self._replies.get(message_id)
        if waiting is None or waiting.done():
            return
        if waited_s >= self._late_s and self._is_stopping():
            waiting.set_result(INTERRUPTED)
        elif waited_s >= self._lost_s:
            waiting.set_result(LOST)
        else:
            loop, waited_s = asyncio.get_running_loop(), waited_s + self._late_s
            loop.call_later(self._late_s, self._expect_reply, message_id, waited_s)

    async def _receive(self, channel: str) -> _Received:
        """The next message that is signed with our key.

        Not `Session.deserialize`: it parses every date of both headers, which took longer than
        all else that a message costs here.
        """
        while True:
            frames = await self._sockets[channel].recv_multipart()
            _, (signature, *parts) = self._session.feed_identities(frames)
            if hmac.compare_digest(signature, self._session.sign(parts[:4])):
                header, parent = (_header.decode(part) for part in parts[:2])
                return _Received(header, parent, parts[2], parts[3])


def _never() -> bool:
    """Nobody runs anything that could be stopped."""
    return False


def _ignore(_kind: str, _content: dict[str, Any]) -> None:
    """Nobody listens: output of a thread that outlived its statement."""
