"""The real agent as a process of this machine, for tests that ask it something."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from control.agent_client import AgentClient
from control.errors import AgentUnreachable
from wire import messages as wire
from wire.protocol import RUN_FOLDER, SOCKET_NAME
from wire.settings import AgentSettings

ROOT = Path(__file__).parents[2]
READY_S = 150.0


def start_agent(folder: Path, **settings: Any) -> subprocess.Popen[bytes]:
    """An agent over `folder`; its log is `agent.log` beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    told = AgentSettings(scope_dir=str(folder), samples_dir=str(ROOT / "samples"), **settings)
    with folder.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "sandbox.agent"],
            cwd=ROOT,
            env={
                **os.environ,
                **told.to_env(),
                "GEOSCOPE_JARS_DIR": str(ROOT / ".cache" / "jars"),
                "PYTHONPATH": str(ROOT),
            },
            stderr=log,
        )


def socket_of(folder: Path) -> Path:
    """Where the agent over `folder` listens."""
    return folder / RUN_FOLDER / SOCKET_NAME


async def until_ready(
    client: AgentClient, process: subprocess.Popen[bytes] | None = None
) -> wire.Health:
    """The health of an agent that serves; what it last said is in the failure."""
    deadline = asyncio.get_running_loop().time() + READY_S
    seen: object = None
    while asyncio.get_running_loop().time() < deadline:
        try:
            seen = health = await client.call(wire.HealthRequest(), 5)
            if health.ready:
                return health
        except AgentUnreachable as error:
            seen = error
        code = None if process is None else process.poll()
        assert code is None, f"the agent ended with {code}"
        await asyncio.sleep(0.05)
    raise AssertionError(f"not ready within {READY_S} s: {seen}")  # noqa: EM102


class Notes:
    """What one statement gave: its events and its reply."""

    def __init__(self, events: list[wire.ExecuteEvent]) -> None:
        self.events = events
        last = events[-1]
        assert isinstance(last, wire.DoneEvent)
        self.reply = last.reply

    def text(self, name: str = "stdout") -> str:
        """What it wrote."""
        written = [e for e in self.events if isinstance(e, wire.OutputEvent) and e.name == name]
        return "".join(event.text for event in written)

    @property
    def displays(self) -> list[dict[str, Any]]:
        """What it displayed."""
        return [event.mime for event in self.events if isinstance(event, wire.DisplayEvent)]


async def run(client: AgentClient, code: str, **changes: Any) -> Notes:
    """Run a statement to its end."""
    values: dict[str, Any] = {"timeout_s": 100.0, "max_output_bytes": 10**6}
    values |= {"work_id": os.urandom(6).hex(), "code": code, **changes}
    request = wire.ExecuteRequest(**values)
    return Notes([event async for event in client.stream(request, values["timeout_s"] + 60)])


async def query(client: AgentClient, sql: str, **changes: Any) -> bytes:
    """The rows of SQL as JSON."""
    values: dict[str, Any] = {"session": "spark", "timeout_s": 100.0, "format": "values"}
    values |= {"work_id": os.urandom(6).hex(), "sql": sql, **changes}
    request = wire.QueryRequest(**values)
    async with client.relay(request, values["timeout_s"] + 60, max_bytes=10**8) as (_, chunks):
        return b"".join([chunk async for chunk in chunks])


async def interrupted(client: AgentClient, code: str, after_s: float = 0.0) -> wire.ExecuteReply:
    """The reply of a statement that is interrupted so long after it has printed something."""
    request = wire.ExecuteRequest(
        work_id=os.urandom(6).hex(), code=code, timeout_s=120, max_output_bytes=10**6
    )
    async for event in client.stream(request, 180):
        if isinstance(event, wire.OutputEvent) and event.name == "stdout":
            await asyncio.sleep(after_s)
            await client.call(wire.InterruptRequest(), 30)
        if isinstance(event, wire.DoneEvent):
            return event.reply
    raise AssertionError
