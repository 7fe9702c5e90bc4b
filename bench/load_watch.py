"""What is looked at during the load: the control plane's process, the agents' memory, /health."""

from __future__ import annotations

import http.client
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from geoscope import Client

SAMPLE_S: Final = 5.0
HEALTH_S: Final = 0.1
NICENESS: Final = -10
MIB: Final = 2**20
KIB_A_MIB: Final = 1024


@dataclass(frozen=True)
class Sample:
    """One look; seconds from the first."""

    at_s: float
    memory_mib: float
    threads: float
    files: float
    agents_mib: float


class _Thread:
    """Does `_once` every so often in a thread of its own, from `with` to its end."""

    pause_s = 1.0

    def __init__(self) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join(60)

    def _run(self) -> None:
        while True:
            self._once()
            if self._over.wait(self.pause_s):
                self._once()
                return

    def _once(self) -> None:
        raise NotImplementedError


class Watch(_Thread):
    """Samples of the control plane with this process id, and of its agents."""

    pause_s = SAMPLE_S

    def __init__(self, pid: int, admin: Client) -> None:
        super().__init__()
        self._process = Path(f"/proc/{pid}")
        self._admin = admin
        self._began = time.monotonic()
        self.samples: list[Sample] = []

    def _once(self) -> None:
        status = dict(
            line.split(":", 1) for line in (self._process / "status").read_text().splitlines()
        )
        self.samples.append(
            Sample(
                at_s=time.monotonic() - self._began,
                memory_mib=int(status["VmRSS"].split()[0]) / KIB_A_MIB,
                threads=int(status["Threads"]),
                files=sum(1 for _ in (self._process / "fd").iterdir()),
                agents_mib=self._agents() / MIB,
            )
        )

    def _agents(self) -> float:
        scopes: list[dict[str, Any]] = self._admin.transport.ask(
            "GET", "/admin/scopes", params={"usage": "true"}
        )["scopes"]
        return float(sum(scope["memory_used"] or 0 for scope in scopes))


class Health(_Thread):
    """How long /health takes, over one connection that is kept."""

    pause_s = HEALTH_S

    def __init__(self, url: str) -> None:
        super().__init__()
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=30
        )
        self.times_ms: list[float] = []

    def _run(self) -> None:
        # A client elsewhere would not wait for this machine's processors to see its answer.
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
        super()._run()

    def _once(self) -> None:
        began = time.perf_counter()
        self._connection.request("GET", "/health")
        self._connection.getresponse().read()
        self.times_ms.append((time.perf_counter() - began) * 1000)
