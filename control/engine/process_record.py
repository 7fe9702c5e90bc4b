"""One process of the process driver as its folder on disk tells it, so that a restart loses none.

`record.json` is what is to run, `started.json` which process runs it, `exited.json` how it ended;
the last two are the shim's.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from control.engine.driver import ContainerState, ContainerStatus
from control.engine.shim import identity, write_json

KILLED: Final = 128 + signal.SIGKILL
MAX_LOG_BYTES: Final = 1024**2


@dataclass(frozen=True)
class ProcessRecord:
    """The folder of one process."""

    folder: Path

    @property
    def id(self) -> str:
        """The process driver's id of it, not the system's."""
        return self.folder.name

    def write(self, described: dict[str, Any]) -> None:
        """Make the folder, or replace what is to run."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_json(self.folder / "record.json", described)

    def read(self) -> dict[str, Any] | None:
        """What is to run; None where there is no such process."""
        return self._json("record.json")

    def forget_run(self) -> None:
        """As if it had never been started."""
        for name in ("started.json", "exited.json"):
            (self.folder / name).unlink(missing_ok=True)

    def delete(self) -> None:
        """Remove the folder; absent is success."""
        with suppress(FileNotFoundError):
            # The record goes first: what is half deleted does not exist any more.
            (self.folder / "record.json").unlink()
        shutil.rmtree(self.folder, ignore_errors=True)

    def status(self) -> ContainerStatus:
        """One look at record and process."""
        described = self.read()
        if described is None:
            return ContainerStatus(id=self.id, state=ContainerState.ABSENT)
        started, exited = self._json("started.json"), self._json("exited.json")
        state = self._state(started, exited)
        code = exited["code"] if exited else KILLED
        return ContainerStatus(
            id=self.id,
            name=described["name"],
            state=state,
            labels=described["labels"],
            exit_code=code if state is ContainerState.EXITED else None,
            started_at=started["at"] if started else None,
            finished_at=exited["at"] if exited else None,
        )

    def _state(self, started: dict[str, Any] | None, exited: Any) -> ContainerState:
        if started is None:
            return ContainerState.CREATED
        if exited is None and is_alive(started):
            return ContainerState.RUNNING
        return ContainerState.EXITED

    @contextmanager
    def opened(self) -> Iterator[int | None]:
        """A pidfd of the running shim, which no later process can be mistaken for; else None."""
        started = self._json("started.json")
        fd = None if started is None else open_process(started)
        try:
            yield fd
        finally:
            if fd is not None:
                os.close(fd)

    def pid(self) -> int | None:
        """The running shim's process number."""
        started = self._json("started.json")
        return started["pid"] if started is not None and is_alive(started) else None

    def log_tail(self, lines: int) -> str:
        """The last lines of both log files."""
        written = b"".join(_end_of(self.folder / name) for name in ("log.1", "log"))
        found = written[-MAX_LOG_BYTES:].decode(errors="replace").splitlines(keepends=True)
        return "".join(found[max(0, len(found) - lines) :])

    def _json(self, name: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads((self.folder / name).read_text())
        except FileNotFoundError:
            return None
        return found


def open_process(wanted: dict[str, Any]) -> int | None:
    """A pidfd of that very process; None where it is gone or its number is another's by now."""
    try:
        fd = os.pidfd_open(wanted["pid"])
    except ProcessLookupError:
        return None
    if is_alive(wanted):
        return fd
    os.close(fd)
    return None


def is_alive(wanted: dict[str, Any]) -> bool:
    """Whether that very process runs; one that only waits to be reaped does not."""
    try:
        found = identity(wanted["pid"])
        stat = Path(f"/proc/{wanted['pid']}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    dead = stat.rpartition(")")[2].split()[0] in "ZX"
    return not dead and all(found[key] == wanted[key] for key in found)


def _end_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - MAX_LOG_BYTES))
            return file.read(MAX_LOG_BYTES)
    except FileNotFoundError:
        return b""
