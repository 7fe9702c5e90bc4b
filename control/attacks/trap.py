"""A port of this host that nobody has a reason to connect to, and who did."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

WORD = b"you are out"


@dataclass
class Trap:
    """Listens on every address of the host. The mutable state is `caught`."""

    port: int = 0
    caught: list[str] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def set(cls) -> AsyncIterator[Self]:
        """A trap for as long as the block lasts."""
        trap = cls()
        # Every address: an attacker may come by any.
        server = await asyncio.start_server(trap._note, "0.0.0.0", 0)  # noqa: S104
        trap.port = server.sockets[0].getsockname()[1]
        async with server:
            yield trap

    @property
    def addresses(self) -> list[str]:
        """Where it can be reached on this host."""
        found = {"127.0.0.1", "172.17.0.1"}
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                # Nothing is sent: the kernel says which address it would take.
                probe.connect(("192.0.2.1", 9))
                found.add(probe.getsockname()[0])
            except OSError:
                found.discard("")
        return sorted(found)

    async def _note(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.caught.append(str(writer.get_extra_info("peername")))
        writer.write(WORD)
        writer.close()
