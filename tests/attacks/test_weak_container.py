"""Attacks from inside succeed where a container is not locked down: so their judgement can fail.

Each weakness is what the attack needs and no more; none reaches beyond the container but to look.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import docker
import pytest

from control.attacks.attack import Attack, Outcome, Verdict, judged
from control.attacks.people import LAST, PREAMBLE
from control.attacks.suite import every
from tests.attacks.conftest import Stage
from tests.attacks.playing import MARKS
from tests.docker.harness import RUN_LABEL

pytestmark = MARKS
ATTACKS = {attack.name: attack for attack in every() if attack.code}
SOCKET = {"/var/run/docker.sock": {"bind": "/var/run/docker.sock", "mode": "rw"}}
FREE = {"security_opt": ["seccomp=unconfined", "apparmor=unconfined"]}
WEAK: dict[str, dict[str, Any]] = {
    "find the engine's socket": {"volumes": SOCKET},
    "become root": {},
    "raise its capabilities": {},
    "write over the image": {},
    "trace a process with more rights": {},
    "make the host's disk a device": {"cap_add": ["MKNOD"]},
    "mount something": {"cap_add": ["SYS_ADMIN"], **FREE},
    "make namespaces of its own": {"cap_add": ["SYS_ADMIN"], **FREE},
    "leave its root": {"cap_add": ["SYS_CHROOT"], **FREE},
    "open raw and packet sockets": {"cap_add": ["NET_RAW"]},
    "see the host's connections": {"network_mode": "host"},
    "send a datagram to the local net": {"network_mode": "host"},
    "count the neighbours by their disks": {},
    "see or signal its processes": {"pid_mode": "host"},
    "find keys and credentials in the image": {"command": "echo x > /root/.netrc"},
}


@pytest.fixture
def weak(
    stage: Stage, engine: docker.DockerClient, agent_image: str, run_id: str
) -> Callable[..., Outcome]:
    """Plays an attack's code as root in a container that is weak in some way."""

    def play(attack: Attack, command: str = "true", **weakness: Any) -> Outcome:
        code = f"{PREAMBLE}{attack.code}".rstrip()
        *lines, last = LAST.strip().splitlines()
        text = "\n".join([code, *lines, f"print({last})"])
        said = engine.containers.run(
            agent_image,
            entrypoint=["sh", "-c", f'{command}; exec python -c "$0"', text],
            command=[],
            user="0:0",
            tmpfs={"/scope/files": "exec"},
            labels={RUN_LABEL: run_id},
            remove=True,
            **{"network_mode": "none", **weakness},
        )
        loot, refusals = json.loads(said.decode().splitlines()[-1])
        return judged(loot, "; ".join(refusals))

    return play


@pytest.mark.parametrize("name", WEAK)
def test_it_succeeds_where_the_container_is_weak(weak: Callable[..., Outcome], name: str) -> None:
    outcome = weak(ATTACKS[name], **WEAK[name])

    assert outcome.verdict is Verdict.SUCCEEDED, outcome.seen
