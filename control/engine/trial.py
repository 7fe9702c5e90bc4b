"""A container with the limits of a scope that tries to break them, to see whether they hold."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from control.engine.driver import ContainerPlan
from control.engine.hardening import EngineOptions, Identity, container_config
from control.engine.view import EngineView
from control.errors import EngineError

TRIAL_LABEL: Final = "geoscope.trial"
TIMEOUT_S: Final = 60.0
MEMORY_BYTES: Final = 96 * 1024**2
PIDS: Final = 48
WANTED_PIDS: Final = 200
WANTED_BYTES: Final = 512 * 1024**2
SCRIPT: Final = """
import json, os, signal, sys, time
from wire.protocol import PROTOCOL

children = []
try:
    while len(children) < %(pids)d:
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
        children.append(child)
except OSError:
    pass
for child in children:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
print(json.dumps({"protocol": PROTOCOL, "pids": len(children)}), flush=True)
block = bytearray(%(bytes)d)
for at in range(0, len(block), 4096):
    block[at] = 1
print("filled", flush=True)
"""


class _Said(msgspec.Struct, frozen=True):
    protocol: int
    pids: int


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of it."""

    protocol: int
    """The one that the image's agent speaks."""
    pids_hold: bool
    memory_holds: bool


def try_limits(view: EngineView, image: str, uid: int, runtime: str) -> Trial:
    """Run the trial; raises EngineError where it did not come to a result."""
    code, output = view.run(
        _config(image, uid, runtime), f"gs-trial-{secrets.token_hex(4)}", TIMEOUT_S
    )
    first, _, rest = output.partition("\n")
    try:
        said = msgspec.json.decode(first, type=_Said)
    except msgspec.DecodeError as error:
        shown = output.strip()[-300:] or "nothing"
        why = f"it ended with {code} and said: {shown}"
        raise EngineError("try the limits", why) from error  # noqa: EM101
    return Trial(
        protocol=said.protocol,
        pids_hold=said.pids < PIDS,
        memory_holds="filled" not in rest,
    )


def _config(image: str, uid: int, runtime: str) -> dict[str, object]:
    plan = ContainerPlan(
        name="trial",
        sandbox_id="trial",
        uid=uid,
        gid=uid,
        labels={TRIAL_LABEL: str(os.getpid())},
        image=image,
        memory_bytes=MEMORY_BYTES,
        cpus=1.0,
        pids=PIDS,
        scope_dir=Path("/"),
    )
    none = Identity(passwd=Path("/"), group=Path("/"))
    config = container_config(plan, none, EngineOptions(runtime=runtime))
    config["HostConfig"]["Mounts"] = []
    script = SCRIPT % {"pids": WANTED_PIDS, "bytes": WANTED_BYTES}
    return {**config, "Entrypoint": ["python", "-c", script], "Cmd": []}
