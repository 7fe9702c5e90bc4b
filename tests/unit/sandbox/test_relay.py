from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from sandbox.runtime.relay import ACKNOWLEDGED, AccumulatorRelay

UPDATE = b"\0\0\0\2" + b"\0\0\0\1a" + b"\0\0\0\3bcd"


class AccumulatorServer:
    """What pyspark's server in a kernel does; deaf when it is not to answer."""

    def __init__(self, *, deaf: bool = False) -> None:
        self.deaf = deaf
        self.heard = b""

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard += await reader.readexactly(len("secret"))
        while piece := await reader.read(len(UPDATE)):
            self.heard += piece
            if not self.deaf:
                writer.write(ACKNOWLEDGED)
        writer.close()

    def stop(self) -> None:
        self._server.close()


@pytest.fixture
async def relay() -> AsyncIterator[AccumulatorRelay]:
    relay = AccumulatorRelay()
    await relay.start()
    yield relay
    await relay.stop()


async def update(relay: AccumulatorRelay, token: str, times: int = 1) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    writer.write(token.encode() + UPDATE * times)
    try:
        async with asyncio.timeout(5):
            return await reader.readexactly(times)
    finally:
        writer.close()


async def test_updates_reach_the_kernel(relay: AccumulatorRelay) -> None:
    server, token = AccumulatorServer(), relay.open()
    relay.connect(token, await server.start(), "secret")

    assert await update(relay, token, 2) == ACKNOWLEDGED * 2
    assert server.heard == b"secret" + UPDATE * 2
    relay.disconnect(token)
    server.stop()


async def test_a_dead_kernels_updates_are_acknowledged(relay: AccumulatorRelay) -> None:
    token = relay.open()
    relay.connect(token, 1, "secret")

    assert await update(relay, token) == ACKNOWLEDGED
    relay.disconnect(token)
    assert await update(relay, token) == ACKNOWLEDGED


async def test_a_busy_kernel_delays_no_more_than_its_patience(
    relay: AccumulatorRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.runtime.relay.PATIENCE_S", 0.05)
    server, token = AccumulatorServer(deaf=True), relay.open()
    relay.connect(token, await server.start(), "secret")

    assert await update(relay, token) == ACKNOWLEDGED
    relay.disconnect(token)
    server.stop()


async def test_a_stranger_is_not_served(relay: AccumulatorRelay) -> None:
    with pytest.raises(asyncio.IncompleteReadError):
        await update(relay, "0" * 64)
