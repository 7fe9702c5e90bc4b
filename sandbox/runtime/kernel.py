"""One kernel: the process of the tenant's Python, from its start to its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sandbox.runtime.channels import Channels, IsStopping, Sink
from sandbox.runtime.folders import ScopeFolders
from sandbox.runtime.kernel_link import Attached, Link
from sandbox.runtime.processes import oom_kills
from sandbox.runtime.relay import AccumulatorRelay

if TYPE_CHECKING:
    # The first kernel starts while the agent has not yet imported pyspark.
    from sandbox.runtime.spark import SparkRuntime

START_DEADLINE_S: Final = 60.0
LAST_WORDS_BYTES: Final = 4096
ASK_S: Final = 2.0


class KernelGone(Exception):
    """The kernel ended while it was needed; `code` as subprocess gives it."""

    def __init__(self, code: int, words: str, *, out_of_memory: bool | None) -> None:
        super().__init__(f"the kernel ended with code {code}")
        self.code = code
        self.words = words
        self.out_of_memory = out_of_memory


class JavaSide:
    """A gateway of the JVM for one kernel: what it holds there goes with it (blocking calls)."""

    def __init__(self, runtime: SparkRuntime) -> None:
        self._server = runtime.jvm.org.apache.spark.api.python.Py4JServer(
            runtime.sc._jsc.sc().conf()
        )
        self._server.start()
        self.port = int(self._server.getListeningPort())
        self.secret = str(self._server.secret())

    def put(self, name: str, session: Any) -> str:
        """Put a session where the kernel finds it; the id it has there."""
        target = f"session-{name}"
        gateway = self._server.server().getJavaServer().getGateway()
        gateway.putObject(target, session._jsparkSession)
        return target

    def close(self) -> None:
        """Let go of everything that the kernel held in the JVM."""
        self._server.shutdown()


class Kernel:
    """A kernel process; `start`, then `attach` once Spark is up, then statements, then `close`."""

    def __init__(self, process: asyncio.subprocess.Process, channels: Channels) -> None:
        self._process = process
        self._channels = channels
        self._java: JavaSide | None = None
        self._relay: tuple[AccumulatorRelay, str] | None = None
        self._oom_kills = oom_kills()
        self._words = b""
        self._is_attached = False
        self._listener = asyncio.create_task(self._listen())
        self.exited = asyncio.create_task(process.wait())

    @classmethod
    async def start(cls, folders: ScopeFolders, env: Mapping[str, str]) -> Kernel:
        """Start the process, which imports what it needs and waits."""
        channels = Channels(folders.run, f"k{secrets.token_hex(3)}")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # a file of the tenant's must not take the place of a module at our start
            "-m",
            "sandbox.runtime.kernel_boot",
            str(channels.connection_file),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=folders.files,
            env=dict(env),
            start_new_session=True,
        )
        return cls(process, channels)

    @property
    def pid(self) -> int:
        """The process's id, which is its process group's too."""
        return self._process.pid

    @property
    def statement(self) -> str:
        """The id of the last statement; empty before the first."""
        return self._channels.statement

    @property
    def is_alive(self) -> bool:
        """Whether the process has not ended."""
        return not self.exited.done()

    @property
    def is_attached(self) -> bool:
        """Whether it serves statements."""
        return self._is_attached

    async def attach(
        self, runtime: SparkRuntime, relay: AccumulatorRelay, envs: dict[str, str]
    ) -> None:
        """Join it with the JVM and hear from it; raises KernelGone, TimeoutError."""
        self._java = await asyncio.to_thread(JavaSide, runtime)
        token = relay.open()
        self._relay = (relay, token)
        link = Link(
            port=self._java.port,
            secret=self._java.secret,
            relay_port=relay.port,
            relay_token=token,
            sessions=await asyncio.to_thread(self._put_all, runtime),
            envs=envs,
        )
        attached = await self._handshake(link)
        relay.connect(token, attached.port, attached.secret)
        await self._channels.connect()
        self._is_attached = True

    async def execute(self, code: str, sink: Sink, is_stopping: IsStopping) -> dict[str, Any]:
        """Run one statement; raises KernelGone."""
        self._oom_kills = oom_kills()
        run = asyncio.create_task(self._channels.execute(code, sink, is_stopping))
        try:
            await asyncio.wait({run, self.exited}, return_when=asyncio.FIRST_COMPLETED)
            if not run.done():
                raise self.gone()
            return run.result()
        finally:
            run.cancel()

    async def tell_session(self, name: str, session: Any, envs: dict[str, str]) -> None:
        """A session was made; a kernel that cannot listen now hears of it when it is free."""
        java = self._java
        if java is not None and self.is_alive:
            target = await asyncio.to_thread(java.put, name, session)
            with contextlib.suppress(TimeoutError):
                await self._channels.ask("session", ASK_S, name=name, target=target, envs=envs)

    async def forget_session(self, name: str) -> None:
        """A session was deleted."""
        if self.is_alive:
            with contextlib.suppress(TimeoutError):
                await self._channels.ask("forget", ASK_S, name=name)

    async def variables(self) -> list[tuple[str, str, int | None]]:
        """(name, type, bytes) as of the last finished statement; raises TimeoutError."""
        return [(v[0], v[1], v[2]) for v in await self._channels.ask("variables", ASK_S)]

    def interrupt(self) -> None:
        """SIGINT to the process and to those in its group."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL to the process and to those in its group."""
        self._signal(signal.SIGKILL)

    def gone(self) -> KernelGone:
        """How it ended."""
        code = self.exited.result()
        words = self._words.decode(errors="replace")
        return KernelGone(code, words, out_of_memory=self._lacked_memory(code))

    def _lacked_memory(self, code: int) -> bool | None:
        """Whether the lack of memory ended it: another process may be what was killed for that."""
        if code != -signal.SIGKILL:
            return False
        before, after = self._oom_kills, oom_kills()
        return None if before is None or after is None else after > before

    async def close(self) -> None:
        """End it, and let go of what it held; ending twice is fine."""
        if self.is_alive:
            self.kill()
            await self.exited
        self._listener.cancel()
        self._channels.close()
        if self._relay is not None:
            self._relay[0].disconnect(self._relay[1])
        if self._java is not None:
            java, self._java = self._java, None
            with contextlib.suppress(Exception):  # the JVM may be the one that is gone
                await asyncio.to_thread(java.close)

    def _put_all(self, runtime: SparkRuntime) -> dict[str, str]:
        assert self._java is not None  # noqa: S101
        extra = {n: s for n, s in runtime.sessions.items() if n != "spark"}
        return {name: self._java.put(name, session) for name, session in extra.items()}

    async def _handshake(self, link: Link) -> Attached:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None  # noqa: S101, PT018
        with contextlib.suppress(ConnectionError):
            stdin.write(msgspec.json.encode(link) + b"\n")
            await stdin.drain()
        async with asyncio.timeout(START_DEADLINE_S):
            line = await stdout.readline()
            if not line:
                await self.exited
                await self._listener
                raise self.gone()
        return msgspec.json.decode(line, type=Attached)

    async def _listen(self) -> None:
        """Keep the last of what the process writes to its own standard error."""
        stderr = self._process.stderr
        assert stderr is not None  # noqa: S101
        while piece := await stderr.read(65536):
            self._words = (self._words + piece)[-LAST_WORDS_BYTES:]

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)
