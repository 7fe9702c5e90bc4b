"""`python -m control` as a process: starts, serves, ends, and says why it does not start."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.conftest import ROOT

START_S = 30.0


def environment(state_dir: Path, **settings: str) -> dict[str, str]:
    plain = {k: v for k, v in os.environ.items() if not k.startswith("GEOSCOPE_")}
    given = {"state_dir": str(state_dir), "port": "0", "pool_size": "0", **settings}
    ours = {f"GEOSCOPE_{name.upper()}": value for name, value in given.items()}
    return {**plain, **ours, "DOCKER_HOST": "unix:///nowhere/docker.sock"}


@contextmanager
def control(state_dir: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running server and what it said at its start."""
    process = subprocess.Popen(
        [sys.executable, "-m", "control"],
        cwd=ROOT,
        env=environment(state_dir, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, read_welcome(process)
    finally:
        process.kill()
        process.communicate()


def read_welcome(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said, deadline = "", time.monotonic() + START_S
    while "0.5}}'" not in said:
        ready, _, _ = select.select([process.stdout], [], [], deadline - time.monotonic())
        # Past the file object's own buffer, of which select knows nothing.
        piece = os.read(process.stdout.fileno(), 65536).decode() if ready else ""
        if not piece:
            process.kill()
            raise AssertionError(said + process.communicate()[1])
        said += piece
    return said


def test_a_first_start_tells_url_password_and_notices(tmp_path: Path) -> None:
    with control(tmp_path) as (_, said):
        url = re.search(r"serves at (\S+),", said)
        password = re.search(r"password \(shown this once\): (\S+)", said)
        assert url
        assert password
        body = {"username": "admin", "password": password[1]}
        reply = requests.post(f"{url[1]}/token", json=body, timeout=10)

        assert reply.status_code == 200
        assert said.count("without any isolation") == 1
        ready = requests.get(f"{url[1]}/ready", timeout=10).json()
        assert "without any isolation" in ready["warnings"][0]


def test_it_ends_when_told_and_keeps_its_admin(tmp_path: Path) -> None:
    with control(tmp_path) as (process, _):
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=20) == 0
    with control(tmp_path) as (_, said):
        assert "shown this once" not in said


def test_a_second_one_on_the_same_state_does_not_start(tmp_path: Path) -> None:
    with control(tmp_path):
        assert "another control plane uses" in refused(tmp_path)


def test_a_bad_setting_is_named(tmp_path: Path) -> None:
    assert "GEOSCOPE_PORTT: unknown setting" in refused(tmp_path, portt="1")


def test_processes_are_not_for_other_hosts(tmp_path: Path) -> None:
    assert "not loopback" in refused(tmp_path, host="0.0.0.0", driver="process")


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with control(tmp_path / "a") as (_, said):
        port = re.search(r"serves at http://127.0.0.1:(\d+)", said)
        assert port

        assert "in use" in refused(tmp_path / "b", port=port[1])


def refused(state_dir: Path, **settings: str) -> str:
    """What it says when it does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "control"],
        cwd=ROOT,
        env=environment(state_dir, **settings),
        capture_output=True,
        text=True,
        timeout=START_S,
        check=False,
    )
    assert done.returncode == 78, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr
