"""Starting a shim, and waiting for the end of a process that need not be our child."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from control.engine import shim
from control.engine.process_record import ProcessRecord

PASSED_ON: Final = ("PATH", "LANG", "JAVA_HOME", "PYTHONPATH", "SPARK_HOME", "LD_LIBRARY_PATH")
START_TIMEOUT_S: Final = 30.0
KILL_TIMEOUT_S: Final = 20.0


def passed_on(environment: Mapping[str, str]) -> dict[str, str]:
    """What an agent's process gets of the control plane's environment: no setting, no secret."""
    return {name: environment[name] for name in PASSED_ON if name in environment}


def spawn(record: ProcessRecord) -> None:
    """Start the shim and wait until the agent's process exists; raises OSError."""
    record.forget_run()
    reading, writing = os.pipe2(os.O_CLOEXEC)
    try:
        pid = _spawn_shim(record.folder, writing)
    finally:
        os.close(writing)
    try:
        said = _read(reading, START_TIMEOUT_S)
    finally:
        os.close(reading)
    if said != b"started":
        os.waitpid(pid, 0)
        record.forget_run()
        raise OSError(said.decode(errors="replace") or "its shim ended at once")


def _spawn_shim(folder: Path, writing: int) -> int:
    """In a session of its own, so that what ends the control plane does not end it."""
    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-I", "-S", shim.__file__, str(folder)],
        passed_on(os.environ),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, writing, 1),
            (os.POSIX_SPAWN_OPEN, 2, str(folder / "log"), os.O_WRONLY | os.O_CREAT, 0o600),
        ],
        setsid=True,
        setsigmask=[],
    )


def _read(fd: int, timeout_s: float) -> bytes:
    ready, _, _ = select.select([fd], [], [], timeout_s)
    return os.read(fd, 4096) if ready else b""


async def end_process(fd: int, grace_s: float) -> bool:
    """Ask the shim, then have it kill everything, then kill it; whether it is gone."""
    steps = [
        (signal.SIGTERM, grace_s),
        (signal.SIGUSR1, KILL_TIMEOUT_S),
        (signal.SIGKILL, KILL_TIMEOUT_S),
    ]
    for number, patience_s in steps if grace_s > 0 else steps[1:]:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(fd, number)
        if await wait_for_end(fd, patience_s):
            return True
    return False


async def wait_for_end(fd: int, timeout_s: float | None) -> bool:
    """Whether the process of this pidfd ended in time; it is reaped where it was our child."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    # A copy: one loop watches a number once, and several may wait for one process.
    watched = os.dup(fd)
    loop.add_reader(watched, ended.set)
    try:
        async with asyncio.timeout(timeout_s):
            await ended.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(watched)
        os.close(watched)
    _reap(fd)
    return True


def _reap(fd: int) -> None:
    with suppress(ChildProcessError):
        os.waitid(os.P_PIDFD, fd, os.WEXITED | os.WNOHANG)
