"""What failures are injected into, and who watches: a neighbour, and a count of what is held."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import requests

from control.engine.driver import SANDBOX_LABEL
from tests.e2e.server import ADMIN_PASSWORD, Server, User, until

PROBE_PAUSE_S = 0.15
SETTLE_S = 30
PAUSES = (0.002, 0.02)
NO_WORK = "sc.statusTracker().getActiveJobsIds()"


class Asking(threading.Thread):
    """A request that goes on beside the test; `outcome` is its answer, or what became of it."""

    def __init__(self, ask: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._ask = ask
        self._outcome: Any = None
        self.start()

    def run(self) -> None:
        try:
            self._outcome = self._ask()
        except (AssertionError, requests.RequestException) as error:
            self._outcome = error

    def outcome(self) -> Any:
        """Its answer or its error, once there is one."""
        self.join(120)
        assert not self.is_alive(), "the request hangs"
        return self._outcome


class Neighbour(threading.Thread):
    """Works in a scope of its own all the time; whatever does not go as it should is in `harm`.

    What may fail is only a request during which the control plane itself was down.
    """

    def __init__(self, user: User, scope: str, command: str) -> None:
        super().__init__(daemon=True)
        self._user = user
        self._scope = scope
        self._command = command
        self._no_more = threading.Event()
        self._rests = False
        self._last = 0
        self.answers = 0
        self.harm: list[str] = []

    def run(self) -> None:
        while not self._no_more.wait(PROBE_PAUSE_S):
            if self._rests:
                continue
            server = self._user.server
            life, was_up = server.life, bool(server.url)
            try:
                self._ask()
            except (AssertionError, requests.RequestException, KeyError) as error:
                if was_up and server.url and server.life == life:
                    self.harm.append(f"{type(error).__name__}: {error}")

    def _ask(self) -> None:
        count = self._user.post("/command", scope=self._scope, command=self._command)["result"]
        # It only ever grows while its namespace is the same.
        assert count > self._last, f"{count} after {self._last}"
        self._last = count
        self.answers += 1

    def rest(self) -> None:
        """No requests for now: nothing is done from which anybody could be harmed."""
        self._rests = True

    def wake(self) -> None:
        """Work again."""
        self._rests = False

    def stop(self) -> None:
        """No more requests."""
        self._no_more.set()
        self.join(60)


@dataclass
class Place:
    """A control plane, somebody whose scopes are harmed, and a neighbour who must not notice."""

    server: Server
    engine: docker.DockerClient
    user: User
    neighbour: Neighbour

    def check(self) -> None:
        """Nothing leaks, and the neighbour went on."""
        self.check_no_leak()
        before = self.neighbour.answers
        until(lambda: self.neighbour.answers, lambda count: count > before, SETTLE_S)
        harm, self.neighbour.harm = self.neighbour.harm, []
        assert harm == [], f"the neighbour noticed: {harm[:5]}"

    def check_no_leak(self) -> None:
        """What is there on the host is what the store has, once moves have come to their end."""
        until(self.leaks, lambda found: found == [], SETTLE_S)

    def leaks(self) -> list[str]:
        """What is there and should not be, or the other way round."""
        rows = self.rows()
        known = {row["sandbox_id"] for row in rows}
        held = {"disks": self._folders(), "mounts": self._mounts(), "loop devices": self._loops()}
        found = [f"{name}: {sorted(ids ^ known)}" for name, ids in held.items() if ids ^ known]
        containers = self._containers()
        if containers != {row["sandbox_id"] for row in rows if row["container_id"]}:
            found.append(f"containers: {containers}, rows: {rows}")
        if any(row["intent"] for row in rows):
            found.append(f"unfinished: {rows}")
        if len({row["uid"] for row in rows}) != len(rows):
            found.append(f"a uid twice: {rows}")
        return found

    def rows(self) -> list[dict[str, Any]]:
        """The scopes of the store."""
        path = self.server.state_dir / "geoscope.db"
        store = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        store.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in store.execute("SELECT * FROM scopes")]
        finally:
            store.close()

    def row(self, scope: str) -> dict[str, Any] | None:
        """The scope of that name, as the store has it."""
        return next((row for row in self.rows() if row["name"] == scope), None)

    def container(self, scope: str) -> Any:
        """The container of the user's scope."""
        row = self.row(scope)
        assert row is not None
        return self.engine.containers.get(row["container_id"])

    def disk(self, scope: str) -> Path:
        """The disk of the user's scope, as the host sees it."""
        row = self.row(scope)
        assert row is not None
        return self.server.state_dir / "berths" / str(row["sandbox_id"]) / "disk"

    def admin(self) -> User:
        """The admin of its first start."""
        return User.log_in(self.server, "admin", ADMIN_PASSWORD)

    def kill_and_start(self) -> None:
        """SIGKILL the control plane, and start another one."""
        self.server.kill()
        self.server.start()

    def idle_jobs(self, scope: str) -> bool:
        """Whether Spark works at nothing in that scope."""
        found: list[int] = self.user.post("/command", scope=scope, command=NO_WORK)["result"]
        return found == []

    @contextmanager
    def scope(self, name: str, **wish: Any) -> Iterator[str]:
        """A scope for a test, deleted at its end."""
        self.user.post("/scope", scope=name, **wish)
        try:
            yield name
        finally:
            self.user.ask("DELETE", f"/scope/{name}")

    def _containers(self) -> set[str]:
        return {str(each.labels[SANDBOX_LABEL]) for each in self.server.containers(self.engine)}

    def _folders(self) -> set[str]:
        berths = self.server.state_dir / "berths"
        return {each.name for each in berths.iterdir() if not each.name.startswith(".")}

    def _mounts(self) -> set[str]:
        lines = Path("/proc/mounts").read_text().splitlines()
        return self._sandboxes(line.split()[1] for line in lines)

    def _loops(self) -> set[str]:
        return self._sandboxes(_backing_files())

    def _sandboxes(self, paths: Iterator[str] | Any) -> set[str]:
        berths = f"{self.server.state_dir}/berths/"
        return {
            path.removeprefix(berths).split("/")[0] for path in paths if path.startswith(berths)
        }


def _backing_files() -> Iterator[str]:
    for file in Path("/sys/block").glob("loop*/loop/backing_file"):
        try:
            yield file.read_text().strip()
        except OSError:
            # A device that goes while it is looked at.
            continue


def soon(reached: Callable[[], bool], deadline_s: float = 30) -> None:
    """Return as soon as it is so: moments pass quickly."""
    ends = threading.Event()
    timer = threading.Timer(deadline_s, ends.set)
    timer.start()
    try:
        while not reached():
            assert not ends.wait(PAUSES[0]), "the moment never came"
    finally:
        timer.cancel()


def pids_of(container: Any, *words: str) -> list[int]:
    """The host's numbers of the container's processes whose command line has all these words."""
    listed = container.top(ps_args="-eo pid,args")["Processes"]
    return [int(pid) for pid, command in listed if all(word in command for word in words)]


def kill_process(pid: int) -> None:
    """SIGKILL, as the kernel's own killer or a program of the host sends it: not by the engine."""
    os.kill(pid, 9)
