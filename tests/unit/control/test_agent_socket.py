from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from control.agent_client import AgentClient
from control.agent_socket import connect
from control.errors import AgentUnreachable
from wire.messages import HealthRequest

STRANGER = 65_534

LISTEN = """
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
os.setgroups([])
os.setgid(int(sys.argv[2]))
os.setuid(int(sys.argv[2]))
s.listen()
print("listening", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A scope's run folder, `<berth>/disk/run`."""
    folder = tmp_path / "berth" / "disk" / "run"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Path]:
    """A socket that no tenant may reach: the engine's, or another scope's."""
    path = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        yield path


def test_a_socket_is_connected(run_dir: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(run_dir / "agent.sock"))
        listener.listen()
        with connect(run_dir / "agent.sock", os.getuid()) as connection:
            connection.send(b"x")
            accepted, _ = listener.accept()

        with accepted:
            assert accepted.recv(1) == b"x"


def test_a_link_to_another_socket_is_refused(run_dir: Path, victim: Path) -> None:
    (run_dir / "agent.sock").symlink_to(victim)

    with pytest.raises(AgentUnreachable, match="not a socket"):
        connect(run_dir / "agent.sock", None)


def test_a_relative_link_is_refused(run_dir: Path, victim: Path) -> None:
    (run_dir / "agent.sock").symlink_to(Path("../../..") / victim.name)

    with pytest.raises(AgentUnreachable, match="not a socket"):
        connect(run_dir / "agent.sock", None)


@pytest.mark.parametrize("depth", [0, 1])
def test_a_linked_folder_is_refused(run_dir: Path, tmp_path: Path, depth: int) -> None:
    folder = [run_dir, run_dir.parent][depth]
    other = tmp_path / "other"
    folder.rename(other)
    folder.symlink_to(other)
    (run_dir / "agent.sock").touch()

    with pytest.raises(AgentUnreachable, match="cannot be opened"):
        connect(run_dir / "agent.sock", None)


@pytest.mark.parametrize("kind", ["file", "folder", "fifo"])
def test_what_is_no_socket_is_refused(run_dir: Path, kind: str) -> None:
    path = run_dir / "agent.sock"
    {"file": path.touch, "folder": path.mkdir, "fifo": lambda: os.mkfifo(path)}[kind]()

    with pytest.raises(AgentUnreachable, match="not a socket"):
        connect(path, None)


def test_what_is_absent_is_said(run_dir: Path) -> None:
    with pytest.raises(AgentUnreachable, match="No such file"):
        connect(run_dir / "agent.sock", None)


def test_nobody_listening_is_said(run_dir: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(run_dir / "agent.sock"))

    with pytest.raises(AgentUnreachable, match="refused"):
        connect(run_dir / "agent.sock", None)


def test_a_full_queue_does_not_wait(run_dir: Path) -> None:
    held: list[socket.socket] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(run_dir / "agent.sock"))
        listener.listen(0)
        held.append(connect(run_dir / "agent.sock", None))
        with pytest.raises(AgentUnreachable, match="temporarily unavailable"):
            held.append(connect(run_dir / "agent.sock", None))

    held[0].close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can listen as another user")
def test_another_user_is_refused(run_dir: Path) -> None:
    path = run_dir / "agent.sock"
    command = [sys.executable, "-I", "-S", "-c", LISTEN, str(path), str(STRANGER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"listening\n"

        with pytest.raises(AgentUnreachable, match=f"belongs to user {STRANGER}, not to 20001"):
            connect(path, 20_001)

        connect(path, STRANGER).close()
        other.communicate(b"")


async def test_the_client_refuses_the_attack(run_dir: Path, victim: Path) -> None:
    (run_dir / "agent.sock").symlink_to(victim)
    client = AgentClient(run_dir / "agent.sock", uid=None)

    with pytest.raises(AgentUnreachable, match="not a socket"):
        await client.call(HealthRequest(), 5)

    await client.close()
