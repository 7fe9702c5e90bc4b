"""A Docker Engine of the tests' own, which may be stopped and killed: nobody else uses it."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import docker

from tests.e2e.server import until

START_DEADLINE_S = 60
STOP_DEADLINE_S = 60
NAMESPACE = "geoscope-tests"
BRIDGE = Path("/sys/class/net/docker0")
"""Of the machine's own engine."""


@dataclass
class PrivateEngine:
    """`dockerd` with folders, socket and containerd of its own; no network of any kind."""

    folder: Path
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """What DOCKER_HOST is."""
        return f"unix://{self.folder}/engine.sock"

    @property
    def log(self) -> str:
        """The last lines that it wrote."""
        lines = (self.folder / "log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-30:])

    def client(self) -> docker.DockerClient:
        """A client of it."""
        return docker.DockerClient(base_url=self.address, timeout=120)

    def start(self, *, keeps_containers: bool = False) -> None:
        """Start it and wait until it answers; `keeps_containers`: they outlive its next end."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self._command(), *(["--live-restore"] if keeps_containers else [])],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self.answers, bool, START_DEADLINE_S)

    def revive(self) -> None:
        """Start it where a failed test left it down."""
        if self.process is None or self.process.poll() is not None:
            self.start()

    def answers(self) -> bool:
        """Whether it answers; fails where it has ended."""
        assert self.process is not None
        assert self.process.poll() is None, f"dockerd ended:\n{self.log}"
        with socket.socket(socket.AF_UNIX) as asking, suppress(OSError):
            asking.settimeout(10)
            asking.connect(f"{self.folder}/engine.sock")
            asking.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 OK" in asking.recv(100)
        return False

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it, and wait for that."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(STOP_DEADLINE_S)
        if number is signal.SIGKILL:
            # Its containerd was killed with it, but where nobody reaps it the number seems alive.
            (self.folder / "run" / "containerd" / "containerd.pid").unlink(missing_ok=True)

    def _command(self) -> list[str]:
        return [
            # Without a bridge it would remove docker0, which belongs to the machine's own engine.
            *("unshare", "--net", "dockerd"),
            f"--data-root={self.folder}/images",
            f"--exec-root={self.folder}/run",
            f"--pidfile={self.folder}/pid",
            f"--host={self.address}",
            "--bridge=none",
            "--iptables=false",
            "--ip-forward=false",
            "--ip-masq=false",
            # Where the host has a containerd of its own, ours are not seen by it.
            f"--containerd-namespace={NAMESPACE}",
            f"--containerd-plugins-namespace={NAMESPACE}-plugins",
            "--log-level=warn",
            *self.options,
        ]


@contextmanager
def private_engine(
    image: str, source: docker.DockerClient, *options: str
) -> Iterator[PrivateEngine]:
    """An engine that has this one image; nothing of it is left at the end."""
    folder = Path(tempfile.mkdtemp(prefix="gs-engine-"))
    folder.chmod(0o711)  # users of containers may be others of the host
    engine = PrivateEngine(folder, options)
    had_bridge = BRIDGE.exists()
    try:
        engine.start(keeps_containers=True)
        client = engine.client()
        [name, _, tag] = image.partition(":")
        client.images.load(source.images.get(image).save(named=f"{name}:{tag}"))
        client.close()
        yield engine
    finally:
        _remove(engine)
        assert BRIDGE.exists() == had_bridge


def _remove(engine: PrivateEngine) -> None:
    """Its containers, its process, its mounts, its folder."""
    engine.revive()
    client = engine.client()
    for container in client.containers.list(all=True):
        container.remove(force=True, v=True)
    client.close()
    engine.end()
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for place in sorted(mounts, reverse=True):
        if place.startswith(f"{engine.folder}/"):
            subprocess.run(["umount", "-l", place], check=True)
    shutil.rmtree(engine.folder)
