"""Replies that come late, or not at all, from a kernel that says that it is idle."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
import zmq
import zmq.asyncio
from jupyter_client.session import Session

from sandbox.runtime.channels import PORTS, Channels

LATE_S: Final = 0.05
LOST_S: Final = 1.5
OK: Final = {"status": "ok", "execution_count": 1}


class Kernel:
    """A stand-in that answers one statement: idle first, then its reply where there is one."""

    def __init__(self, connection_file: Path) -> None:
        facts = json.loads(connection_file.read_text())
        self._session = Session(key=facts["key"].encode())
        self._context = zmq.asyncio.Context()
        self._shell = self._bound(zmq.ROUTER, f"{facts['ip']}-{PORTS['shell']}")
        self._control = self._bound(zmq.ROUTER, f"{facts['ip']}-{PORTS['control']}")
        self._iopub = self._bound(zmq.XPUB, f"{facts['ip']}-{PORTS['iopub']}")

    async def welcome(self) -> None:
        """As ipykernel does once somebody listens."""
        await self._iopub.recv()
        await self._publish("iopub_welcome", {}, None)

    async def answer(self, reply_after_s: float | None) -> None:
        """Take one statement."""
        frames = await self._shell.recv_multipart()
        who, parts = self._session.feed_identities(frames)
        request = self._session.deserialize(parts)
        await self._publish("status", {"execution_state": "idle"}, request)
        if reply_after_s is not None:
            await asyncio.sleep(reply_after_s)
            reply = self._session.msg("execute_reply", OK, parent=request["header"])
            await self._shell.send_multipart([*who, *self._session.serialize(reply)])

    def close(self) -> None:
        """Close its sockets."""
        for socket in (self._shell, self._control, self._iopub):
            socket.close(linger=0)
        self._context.term()

    async def _publish(self, kind: str, content: dict[str, Any], parent: Any) -> None:
        message = self._session.msg(kind, content, parent=parent and parent["header"])
        await self._iopub.send_multipart(self._session.serialize(message))

    def _bound(self, kind: int, address: str) -> zmq.asyncio.Socket:
        socket = self._context.socket(kind)
        socket.bind(f"ipc://{address}")
        return socket


@pytest.fixture
async def ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Channels, Kernel]]:
    for name in ("files", "run"):
        (tmp_path / name).mkdir()
    # Addresses are relative to the scope's files, where agent and kernel work.
    monkeypatch.chdir(tmp_path / "files")
    channels = Channels(tmp_path / "run", "k", late_s=LATE_S, lost_s=LOST_S)
    kernel = Kernel(channels.connection_file)
    await asyncio.gather(channels.connect(), kernel.welcome())
    yield channels, kernel
    channels.close()
    kernel.close()


async def outcome(
    ends: tuple[Channels, Kernel], reply_after_s: float | None, *, stopping: bool
) -> dict[str, Any]:
    """The reply of one statement as the notebook gets it."""
    channels, kernel = ends
    run = channels.execute("1", lambda *_: None, lambda: stopping)
    async with asyncio.timeout(10):
        reply, _ = await asyncio.gather(run, kernel.answer(reply_after_s))
    return reply


async def test_a_late_reply_counts_where_nobody_interrupted(
    ends: tuple[Channels, Kernel],
) -> None:
    reply = await outcome(ends, LATE_S * 4, stopping=False)

    assert reply == {**OK, "metadata": {}}


async def test_an_interrupt_may_have_cost_the_reply(ends: tuple[Channels, Kernel]) -> None:
    reply = await outcome(ends, None, stopping=True)

    assert reply["ename"] == "KeyboardInterrupt"


async def test_a_lost_reply_is_no_interrupt_where_nobody_interrupted(
    ends: tuple[Channels, Kernel],
) -> None:
    reply = await outcome(ends, None, stopping=False)

    assert (reply["status"], reply["ename"]) == ("error", "ReplyLost")
