"""Where the engine is, and whether anybody listens there."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any, Final

from docker.utils import kwargs_from_env

from control.errors import EngineUnavailable

DEFAULT_ADDRESS: Final = "unix:///var/run/docker.sock"
KNOCK_TIMEOUT_S: Final = 5.0


def engine_address(address: str | None = None) -> dict[str, Any]:
    """What the SDK's client takes for this address, or for DOCKER_HOST's."""
    return {"base_url": address} if address else dict(kwargs_from_env())


def knock(where: Mapping[str, Any]) -> None:
    """Raise EngineUnavailable where nobody listens on a Unix socket.

    The SDK leaves a socket open there, and has words of its own.
    """
    address = where.get("base_url", DEFAULT_ADDRESS)
    if not address.startswith("unix://"):
        return
    path = address.removeprefix("unix://")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(KNOCK_TIMEOUT_S)
        try:
            probe.connect(path)
        except OSError as error:
            raise EngineUnavailable(f"{path}: {error.strerror or error}") from error  # noqa: EM102
