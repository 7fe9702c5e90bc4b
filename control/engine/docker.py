"""The engine driver over the docker SDK, which blocks: every call runs in a bounded pool."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final, TypeVar

import docker
import requests

from control.engine.address import engine_address, knock
from control.engine.driver import (
    INSTALLATION_LABEL,
    ContainerPlan,
    ContainerState,
    ContainerStatus,
    EngineEvent,
    Usage,
)
from control.engine.event_pump import pump
from control.engine.hardening import EngineOptions, container_config
from control.engine.identity import write_identity
from control.engine.translation import (
    is_absent,
    is_removing,
    to_event,
    to_status,
    to_usage,
    translate,
)
from control.engine.user_mapping import first_host_uid
from control.errors import EngineUnavailable

T = TypeVar("T")
Client = Any
"""docker.APIClient, half of whose methods have no types."""

CALL_TIMEOUT_S: Final = 60
PING_TIMEOUT_S: Final = 5.0
MAX_LOG_LINES: Final = 10_000
MAX_LOG_BYTES: Final = 1024**2
ACTIONS: Final = [
    "create", "start", "kill", "stop", "die", "oom", "pause", "unpause", "rename", "destroy",
]  # fmt: skip


class DockerDriver:
    """Containers of a Docker engine; its address is DOCKER_HOST's, or the one given."""

    name = "docker"

    def __init__(
        self,
        identity_dir: Path,
        *,
        options: EngineOptions | None = None,
        address: str | None = None,
        threads: int = 16,
    ) -> None:
        self._identity_dir = identity_dir
        self._options = options or EngineOptions()
        self._connection = _Connection(address, threads)
        # The mutable state beside the connection's, and it changes once: no call tells it before.
        self._first_uid: int | None = None
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="engine")

    async def ping(self) -> str:
        """The engine's version in words; raises EngineUnavailable."""
        version = await self._call("say its version", lambda c: c.version(), PING_TIMEOUT_S)
        return f"docker {version['Version']} (API {version['ApiVersion']})"

    async def runtime_arguments(self, runtime: str) -> list[str]:
        """What the engine starts that runtime with."""
        info = await self._call("tell of itself", lambda c: c.info(), PING_TIMEOUT_S)
        found = (info.get("Runtimes") or {}).get(runtime) or {}
        return [str(argument) for argument in found.get("runtimeArgs") or []]

    async def host_uid(self, uid: int) -> int:
        """Whom the host sees where a container has user `uid`; asks the engine once."""
        if self._first_uid is None:
            self._first_uid = await self._call(
                "tell of its users", lambda c: first_host_uid(c.info()), PING_TIMEOUT_S
            )
        return self._first_uid + uid

    async def memory_bytes(self) -> int | None:
        """The memory of the machine it runs containers on; None where it does not say."""
        info = await self._call("tell its memory", lambda c: c.info(), PING_TIMEOUT_S)
        told = info.get("MemTotal")
        return told if isinstance(told, int) and told > 0 else None

    async def has_image(self, image: str) -> bool:
        """Whether the engine has that image."""

        def look(client: Client) -> bool:
            return _or_absent(lambda: bool(client.inspect_image(image)), absent=False)

        return await self._call(f"look at the image {image}", look)

    async def create(self, plan: ContainerPlan) -> str:
        """Make a container, not yet started, and give its id; raises NameTaken."""

        def make(client: Client) -> str:
            identity = write_identity(self._identity_dir, plan.uid, plan.gid)
            config = container_config(plan, identity, self._options)
            return str(client.create_container_from_config(config, plan.name)["Id"])

        return await self._call(f"create {plan.name}", make, name=plan.name)

    async def start(self, id: str) -> None:
        """Start it; starting a running one is success."""
        await self._call(f"start {id[:12]}", lambda c: c.start(id))

    async def stop(self, id: str, grace_s: float) -> None:
        """End it, by force after `grace_s`; already stopped or absent is success."""
        grace = math.ceil(grace_s)

        def end(client: Client) -> None:
            _or_absent(lambda: client.stop(id, timeout=grace), absent=None)

        await self._call(f"stop {id[:12]}", end, CALL_TIMEOUT_S + grace)

    async def remove(self, id: str) -> None:
        """Make it gone, running or not; absent is success."""
        await self._call(f"remove {id[:12]}", lambda c: _remove(c, id))

    async def status(self, id: str) -> ContainerStatus:
        """One look; state ABSENT where the engine has none of that id."""
        absent = ContainerStatus(id=id, state=ContainerState.ABSENT)

        def look(client: Client) -> ContainerStatus:
            return _or_absent(lambda: to_status(client.inspect_container(id)), absent)

        return await self._call(f"look at {id[:12]}", look)

    async def list(self, installation: str) -> list[ContainerStatus]:
        """Every container with this installation's label, whatever its state."""
        wanted = {"label": f"{INSTALLATION_LABEL}={installation}"}
        found = await self._call("list", lambda c: c.containers(all=True, filters=wanted))
        seen = await asyncio.gather(*(self.status(item["Id"]) for item in found))
        return [status for status in seen if status.state is not ContainerState.ABSENT]

    async def rename(self, id: str, name: str) -> None:
        """Give it another name; raises NameTaken."""
        await self._call(f"rename {id[:12]}", lambda c: c.rename(id, name), name=name)

    async def logs(self, id: str, tail: int) -> str:
        """The last `tail` lines that it wrote; empty where it is absent."""
        lines = max(0, min(tail, MAX_LOG_LINES))

        def read(client: Client) -> bytes:
            return _or_absent(lambda: bytes(client.logs(id, tail=lines)), b"")

        written = await self._call(f"read the log of {id[:12]}", read)
        return written[-MAX_LOG_BYTES:].decode(errors="replace")

    async def usage(self, id: str) -> Usage:
        """What it uses now; all None where it does not run."""

        def sample(client: Client) -> Usage:
            try:
                return _or_absent(
                    lambda: to_usage(client.stats(id, stream=False, one_shot=True)), Usage()
                )
            except requests.exceptions.JSONDecodeError:
                # The engine's answer is empty for a container that ends meanwhile.
                return Usage()

        return await self._call(f"measure {id[:12]}", sample)

    def events(self, installation: str) -> AsyncIterator[EngineEvent]:
        """Events from this call on; raises EngineUnavailable when the engine goes."""
        return self._events(installation, since=time.time())

    async def _events(self, installation: str, since: float) -> AsyncIterator[EngineEvent]:
        filters = {
            "type": "container",
            "event": ACTIONS,
            "label": f"{INSTALLATION_LABEL}={installation}",
        }

        def open_stream() -> Any:
            client = self._connection.client()
            return client.events(since=f"{since:.6f}", filters=filters, decode=True)

        async with aclosing(pump(open_stream)) as stream:
            async for event in stream:
                yield to_event(event)

    async def close(self) -> None:
        """Let go of threads and connections; containers keep running."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._connection.close()

    async def _call(
        self,
        action: str,
        ask: Callable[[Client], T],
        timeout_s: float = CALL_TIMEOUT_S,
        *,
        name: str = "",
    ) -> T:
        """Ask in a thread; whatever goes wrong comes out as an error of ours."""
        loop = asyncio.get_running_loop()
        try:
            work = loop.run_in_executor(self._threads, lambda: ask(self._connection.client()))
            async with asyncio.timeout(timeout_s):
                return await work
        except TimeoutError as error:
            why = f"no answer within {timeout_s:g} s when asked to {action}"
            raise EngineUnavailable(why) from error
        except Exception as error:
            raise translate(action, error, name) from error


class _Connection:
    """The SDK's client, made at first use because making it asks the engine for its version."""

    def __init__(self, address: str | None, threads: int) -> None:
        self._where = engine_address(address)
        self._threads = threads
        # The mutable state is the client, changed only under the lock.
        self._lock = threading.Lock()
        self._client: Client = None

    def client(self) -> Client:
        """The client; raises OSError or the SDK's error where no engine answers."""
        knock(self._where)
        with self._lock:
            if self._client is None:
                self._client = docker.APIClient(
                    **self._where,
                    version="auto",
                    timeout=CALL_TIMEOUT_S,
                    max_pool_size=self._threads,
                )
            return self._client

    def close(self) -> None:
        """Close its connections."""
        with self._lock:
            if self._client is not None:
                self._client.close()


def _or_absent(ask: Callable[[], T], absent: T) -> T:
    try:
        return ask()
    except Exception as error:
        if is_absent(error):
            return absent
        raise


def _remove(client: Client, id: str) -> None:
    try:
        client.remove_container(id, force=True, v=True)
    except Exception as error:
        if is_removing(error):
            _or_absent(lambda: client.wait(id, timeout=CALL_TIMEOUT_S, condition="removed"), None)
        elif not is_absent(error):
            raise
