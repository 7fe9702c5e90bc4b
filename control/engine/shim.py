"""Stands between the process driver and one agent: `python -I -S shim.py <folder>`.

It outlives the control plane, so an agent's exit code, the end of its children and the bound on its
log need nobody else. SIGTERM is passed on to the agent; SIGUSR1 ends everything at once.
Standard library only: it is run as a file, outside of any environment.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
READ_BYTES = 64 * 1024
SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD)


def main() -> None:
    """Run the agent that the folder's `record.json` describes, and write down how it ended."""
    folder = Path(sys.argv[1])
    record = json.loads((folder / "record.json").read_text())
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signals = _signal_pipe()
    write_json(folder / "started.json", {**identity(os.getpid()), "at": time.time()})
    log = Log(folder / "log", record["log_bytes"])
    pid, output = _start(record)
    _say_started()
    code = Watch(pid, output, log, signals).until_ended()
    log.close()
    write_json(folder / "exited.json", {"code": code, "at": time.time()})


def identity(pid: int) -> dict[str, Any]:
    """What tells a process from a later one of the same number."""
    stat = Path(f"/proc/{pid}/stat").read_text()
    ticks = int(stat.rpartition(")")[2].split()[19])
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return {"pid": pid, "ticks": ticks, "boot": boot}


def write_json(path: Path, value: dict[str, Any]) -> None:
    """All of it or nothing, whenever the machine stops."""
    made = path.with_suffix(".new")
    made.write_text(json.dumps(value))
    made.replace(path)


def _signal_pipe() -> int:
    read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    for number in SIGNALS:
        # Python drops the numbers of ignored signals; a handler that does nothing keeps them.
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    return read


def _start(record: dict[str, Any]) -> tuple[int, int]:
    """The agent's process number and the end of the pipe that it writes into."""
    output, writing = os.pipe2(os.O_CLOEXEC)
    try:
        agent = subprocess.Popen(  # noqa: S603
            record["command"],
            env=record["env"],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_the_shim,
        )
    except OSError as error:
        os.write(1, str(error).encode())
        os._exit(1)
    os.close(writing)
    os.set_blocking(output, False)
    return agent.pid, output


def _die_with_the_shim() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _say_started() -> None:
    os.write(1, b"started")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)
    os.close(nothing)


class Log:
    """Two files of at most `limit` bytes each, the older one named `.1`."""

    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._limit = limit
        self._file = path.open("ab")

    def write(self, chunk: bytes) -> None:
        """Add it, and begin a new file where this one is full; a full disk loses it."""
        with contextlib.suppress(OSError):
            if self._file.tell() + len(chunk) > self._limit:
                self._file.close()
                self._path.replace(self._path.with_suffix(".1"))
                self._file = self._path.open("ab")
            self._file.write(chunk)
            self._file.flush()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class Watch:
    """The mutable state is the exit code, None until the agent has ended."""

    def __init__(self, pid: int, output: int, log: Log, signals: int) -> None:
        self._pid = pid
        self._output = output
        self._log = log
        self._signals = signals
        self._code: int | None = None

    def until_ended(self) -> int:
        """Pass output and signals on; the exit code, once no descendant is left."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._signals, selectors.EVENT_READ, self._on_signals)
            selector.register(self._output, selectors.EVENT_READ, self._on_output)
            while self._code is None:
                for key, _ in selector.select():
                    if not key.data():
                        selector.unregister(key.fd)
        self._kill_the_rest()
        while self._on_output():
            pass
        return self._code

    def _on_output(self) -> bool:
        """Whether something came; the agent may close its output long before it ends."""
        try:
            chunk = os.read(self._output, READ_BYTES)
        except BlockingIOError:
            return False
        self._log.write(chunk)
        return bool(chunk)

    def _on_signals(self) -> bool:
        """Always true: signals come until the end."""
        for number in os.read(self._signals, 64):
            if number == signal.SIGTERM:
                self._send(self._pid, signal.SIGTERM)
            elif number == signal.SIGUSR1:
                self._send(self._pid, signal.SIGKILL)
            elif number == signal.SIGCHLD:
                self._reap()
        return True

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._note(*ended)

    def _note(self, pid: int, status: int) -> None:
        if pid == self._pid:
            code = os.waitstatus_to_exitcode(status)
            self._code = code if code >= 0 else 128 - code

    def _kill_the_rest(self) -> None:
        """Whoever loses its parent becomes a child of the shim: the last one is gone at the end."""
        with contextlib.suppress(ChildProcessError):
            while True:
                for pid in children(os.getpid()):
                    self._send(pid, signal.SIGKILL)
                os.waitpid(-1, 0)

    def _send(self, pid: int, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def children(parent: int) -> list[int]:
    """The processes whose parent is this one."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            stat = (entry / "stat").read_text() if entry.name.isdigit() else ""
            if stat and int(stat.rpartition(")")[2].split()[1]) == parent:
                found.append(int(entry.name))
    return found


if __name__ == "__main__":
    main()
