"""The driver without an engine: the same agent as a plain process of the control plane's user.

One user, one machine, no isolation. Each agent has a shim that outlives the control plane.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from control.engine.driver import (
    INSTALLATION_LABEL,
    SANDBOX_LABEL,
    ContainerPlan,
    ContainerState,
    ContainerStatus,
    EngineEvent,
    Usage,
)
from control.engine.environment import agent_env
from control.engine.event_feed import EventFeed
from control.engine.process_record import ProcessRecord
from control.engine.process_spawn import (
    KILL_TIMEOUT_S,
    end_process,
    passed_on,
    spawn,
    wait_for_end,
)
from control.engine.process_tree import usage_of
from control.errors import EngineError, NameTaken

LOG_BYTES: Final = 5 * 1024**2


class ProcessDriver:
    """Agents as processes; `command` starts one and is the same for all."""

    name = "process"

    def __init__(
        self,
        folder: Path,
        command: Sequence[str],
        samples_dir: Path,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = folder
        self._command = list(command)
        self._samples_dir = samples_dir
        self._environment = passed_on(os.environ) if environment is None else dict(environment)
        self._feed: EventFeed[tuple[str, EngineEvent]] = EventFeed()
        # The mutable state, the event loop's alone: who waits for the end of which process.
        self._watchers: dict[str, asyncio.Task[None]] = {}

    async def ping(self) -> str:
        """What runs the agents, in words."""
        return f"processes of this machine (Python {sys.version.split()[0]}), no isolation"

    async def host_uid(self, uid: int) -> int:
        """Our own user, whoever `uid` is: agents run as that."""
        return os.geteuid()

    async def memory_bytes(self) -> int | None:
        """This machine's, which everybody can see."""
        return None

    async def has_image(self, image: str) -> bool:
        """Whether the agents' command is there; no image is needed."""
        return shutil.which(self._command[0]) is not None

    async def create(self, plan: ContainerPlan) -> str:
        """Write down what is to run, and give its id; raises NameTaken."""
        with _translated(f"create {plan.name}"):
            self._check_name(plan.name)
            record = self._record(uuid.uuid4().hex)
            record.write(self._described(plan))
            return record.id

    async def start(self, id: str) -> None:
        """Start it; starting a running one is success."""
        record = self._record(id)
        with _translated(f"start {id[:12]}"):
            state = record.status().state
            if state is ContainerState.ABSENT:
                raise FileNotFoundError(f"there is no process {id}")  # noqa: EM102
            if state is not ContainerState.RUNNING:
                await asyncio.to_thread(spawn, record)
                self._publish(record, "start")
            self._watch(record)

    async def stop(self, id: str, grace_s: float) -> None:
        """End it, by force after `grace_s`; already stopped or absent is success."""
        with _translated(f"stop {id[:12]}"), self._record(id).opened() as fd:
            if fd is not None and not await end_process(fd, grace_s):
                raise OSError("it does not end")  # noqa: EM101

    async def remove(self, id: str) -> None:
        """Make it gone, running or not; absent is success."""
        await self.stop(id, grace_s=0)
        if watcher := self._watchers.get(id):
            await asyncio.wait({watcher}, timeout=KILL_TIMEOUT_S)
        record = self._record(id)
        with _translated(f"remove {id[:12]}"):
            event = self._event(record, "destroy")
            record.delete()
        if event is not None:
            self._feed.publish(event)

    async def status(self, id: str) -> ContainerStatus:
        """One look; state ABSENT where there is none of that id."""
        with _translated(f"look at {id[:12]}"):
            return self._record(id).status()

    async def list(self, installation: str) -> list[ContainerStatus]:
        """Every process with this installation's label, whatever its state."""
        with _translated("list"):
            found = [record.status() for record in self._records()]
        return [each for each in found if each.labels.get(INSTALLATION_LABEL) == installation]

    async def rename(self, id: str, name: str) -> None:
        """Give it another name; raises NameTaken."""
        with _translated(f"rename {id[:12]}"):
            self._check_name(name)
            record = self._record(id)
            described = record.read()
            if described is None:
                raise FileNotFoundError(f"there is no process {id}")  # noqa: EM102
            record.write({**described, "name": name})
            self._publish(record, "rename")

    async def logs(self, id: str, tail: int) -> str:
        """The last `tail` lines that it wrote; empty where it is absent."""
        with _translated(f"read the log of {id[:12]}"):
            return self._record(id).log_tail(tail)

    async def usage(self, id: str) -> Usage:
        """What its processes use now; all None where it does not run. There is no limit."""
        with _translated(f"measure {id[:12]}"):
            pid = self._record(id).pid()
            return Usage() if pid is None else await asyncio.to_thread(usage_of, pid)

    def events(self, installation: str) -> AsyncIterator[EngineEvent]:
        """Events from this call on, of processes that another control plane started too."""
        for record in self._records():
            if record.status().state is ContainerState.RUNNING:
                self._watch(record)
        return self._of(installation, self._feed.follow())

    async def _of(
        self, installation: str, feed: AsyncIterator[tuple[str, EngineEvent]]
    ) -> AsyncIterator[EngineEvent]:
        async for whose, event in feed:
            if whose == installation:
                yield event

    async def close(self) -> None:
        """Watch no more; the processes keep running."""
        watchers = list(self._watchers.values())
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)

    def _record(self, id: str) -> ProcessRecord:
        if not id.isalnum():
            raise EngineError(f"find process {id!r}", "it is no id of this driver")  # noqa: EM102
        return ProcessRecord(self._folder / id)

    def _records(self) -> Iterator[ProcessRecord]:
        folders = sorted(self._folder.iterdir()) if self._folder.is_dir() else []
        return map(ProcessRecord, folders)

    def _check_name(self, name: str) -> None:
        for record in self._records():
            described = record.read()
            if described is not None and described["name"] == name:
                raise NameTaken(name)

    def _described(self, plan: ContainerPlan) -> dict[str, Any]:
        data = msgspec.json.encode({target: str(source) for source, target in plan.data}).decode()
        # The uid is that of everything else this user runs, so its processes are not counted.
        agent = msgspec.structs.replace(plan.agent, data_dirs=data, kernel_pids=0)
        env = agent_env(agent, str(plan.scope_dir), str(self._samples_dir))
        return {
            "name": plan.name,
            "labels": plan.labels,
            "command": self._command,
            "env": {**self._environment, **env},
            "log_bytes": LOG_BYTES,
        }

    def _watch(self, record: ProcessRecord) -> None:
        if record.id not in self._watchers:
            watcher = asyncio.create_task(self._until_end(record))
            self._watchers[record.id] = watcher
            watcher.add_done_callback(lambda _: self._watchers.pop(record.id, None))

    async def _until_end(self, record: ProcessRecord) -> None:
        event = self._event(record, "die")
        with record.opened() as fd:
            if fd is not None:
                await wait_for_end(fd, timeout_s=None)
        if event is not None:
            self._feed.publish(event)

    def _publish(self, record: ProcessRecord, action: str) -> None:
        if event := self._event(record, action):
            self._feed.publish(event)

    def _event(self, record: ProcessRecord, action: str) -> tuple[str, EngineEvent] | None:
        described = record.read()
        if described is None:
            return None
        labels = described["labels"]
        event = EngineEvent(
            container_id=record.id, sandbox_id=labels.get(SANDBOX_LABEL, ""), action=action
        )
        return labels.get(INSTALLATION_LABEL, ""), event


@contextmanager
def _translated(action: str) -> Iterator[None]:
    """Within it the system's errors, and a damaged record, become ours."""
    try:
        yield
    except (OSError, ValueError, KeyError) as error:
        raise EngineError(action, str(error) or type(error).__name__) from error
