"""A real control plane in a process of its own, and users who talk to it over HTTP."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar

import docker
import requests

from control.engine.driver import INSTALLATION_LABEL

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
ADMIN_PASSWORD = "an-admin-of-tests"
TEST_RUNTIME = os.environ.get("TEST_RUNTIME", "")
RUNTIME = {"GEOSCOPE_RUNTIME": TEST_RUNTIME, "GEOSCOPE_PEER_UID": "any"} if TEST_RUNTIME else {}
"""Of the scopes of every test's server: `make test-gvisor` sets it."""
START_DEADLINE_S = 60
CALL_DEADLINE_S = 120
SERVES = re.compile(r"serves at (http://\S+?),")


@dataclass
class Server:
    """`python -m control` with a state directory of its own; may be killed and started again."""

    state_dir: Path
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    url: str = ""
    life: int = 0
    """Grows with every end: a request that spans one may fail."""
    output: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Start it and wait until it says that it serves."""
        self.process = self._launch()
        assert self.process.stdout is not None
        ready = threading.Event()
        threading.Thread(target=self._read, args=(self.process.stdout, ready), daemon=True).start()
        assert ready.wait(START_DEADLINE_S), "it did not start:\n" + "".join(self.output[-50:])
        assert self.url, "it ended:\n" + "".join(self.output[-50:])

    def run(self) -> tuple[int, str]:
        """Exit code and output of one that ends by itself."""
        process = self._launch()
        try:
            output, _ = process.communicate(timeout=START_DEADLINE_S)
        finally:
            process.kill()
        return process.returncode, output

    def _launch(self) -> subprocess.Popen[str]:
        environment = {
            **{name: value for name, value in os.environ.items() if "GEOSCOPE" not in name},
            "GEOSCOPE_PORT": "0",
            "GEOSCOPE_STATE_DIR": str(self.state_dir),
            "GEOSCOPE_ADMIN_PASSWORD": ADMIN_PASSWORD,
            "GEOSCOPE_DRIVER": "docker",
            **RUNTIME,
            **self.settings,
        }
        return subprocess.Popen(
            [sys.executable, "-m", "control"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.url = ""
        self.life += 1
        self.process.send_signal(number)
        return self.process.wait(timeout=30)

    def _read(self, stream: IO[str], ready: threading.Event) -> None:
        with stream:
            for line in stream:
                self.output.append(line)
                found = SERVES.search(line)
                if found:
                    self.url = found[1]
                    ready.set()
        ready.set()

    @property
    def installation(self) -> str:
        """What its containers are labelled with."""
        store = sqlite3.connect(f"file:{self.state_dir / 'geoscope.db'}?mode=ro", uri=True)
        try:
            return str(store.execute("SELECT id FROM installation").fetchone()[0])
        finally:
            store.close()

    def containers(self, engine: docker.DockerClient) -> Sequence[Any]:
        """Its containers, whatever their state."""
        label = f"{INSTALLATION_LABEL}={self.installation}"
        return engine.containers.list(all=True, filters={"label": label})  # type: ignore[no-any-return]

    def destroy(self, engine: docker.DockerClient) -> None:
        """End it and remove its containers and mounts."""
        if self.process is not None and self.process.poll() is None:
            self.stop()
        for container in self.containers(engine):
            container.remove(force=True, v=True)
        mounts = Path("/proc/mounts").read_text().splitlines()
        for place in [line.split()[1] for line in mounts]:
            if place.startswith(str(self.state_dir)):
                subprocess.run(["umount", "-l", place], check=True)


def until(look: Callable[[], T], wanted: Callable[[T], bool], deadline_s: float = 60) -> T:
    """What `look` gave once it was as wanted; the last look is in the failure."""
    ends = time.monotonic() + deadline_s
    pause_s = 0.02
    while not wanted(seen := look()):
        assert time.monotonic() < ends, f"not within {deadline_s} s: {seen}"
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 0.5)
    return seen


@dataclass
class User:
    """A client with a token."""

    server: Server
    name: str
    token: str = ""

    @classmethod
    def log_in(cls, server: Server, name: str, password: str) -> User:
        """A user who has a token."""
        body = {"username": name, "password": password}
        answer = requests.post(f"{server.url}/token", json=body, timeout=CALL_DEADLINE_S)
        assert answer.status_code == 200, answer.text
        return cls(server, name, answer.json()["data"]["token"])

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        """One request, whatever its answer."""
        headers = {"Authorization": f"Token {self.token}", **more.pop("headers", {})}
        url = self.server.url + path
        more = {"timeout": CALL_DEADLINE_S, **more}
        return requests.request(method, url, json=body, headers=headers, **more)

    def post(self, path: str, **body: Any) -> Any:
        """The members of a reply that must be a success."""
        return self._success(self.ask("POST", path, body))

    def get(self, path: str) -> Any:
        """The members of a reply that must be a success."""
        return self._success(self.ask("GET", path))

    def delete(self, path: str) -> Any:
        """The members of a reply that must be a success."""
        return self._success(self.ask("DELETE", path))

    def fails(self, status: int, path: str, **body: Any) -> Any:
        """The members of a reply to a POST that must be this error."""
        answer = self.ask("POST", path, body)
        assert answer.status_code == status, answer.text
        members = answer.json()
        assert members["status"] == "error"
        assert members["code"] == status
        return members

    def state(self, scope: str) -> tuple[str, str]:
        """State and reason of a scope."""
        [found] = [each for each in self.get("/scope")["scopes"] if each["scope"] == scope]
        return found["state"], found["reason"] or ""

    @staticmethod
    def _success(answer: requests.Response) -> Any:
        assert answer.status_code == 200, answer.text
        members = answer.json()
        assert members["status"] == "success"
        assert members["code"] == 200
        return members
