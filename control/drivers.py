"""Which driver serves: containers wherever an engine answers, processes only where that is safe."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from control.engine.berths import FolderBerths, choose_berths
from control.engine.docker import DockerDriver
from control.engine.driver import Berths, EngineDriver
from control.engine.hardening import EngineOptions
from control.engine.process import ProcessDriver
from control.engine.process_spawn import passed_on
from control.errors import DriverRefused, EngineError, EngineUnavailable
from control.settings import Settings
from control.store.database import BERTHS_FOLDER
from control.web.proxies import is_loopback

ROOT: Final = Path(__file__).parents[1]
AGENT_COMMAND: Final = (sys.executable, "-m", "sandbox.agent")
LOCAL_NAMES: Final = frozenset({"localhost", "ip6-localhost"})
NO_ISOLATION: Final = (
    "scopes run as processes of this machine without any isolation: "
    "whoever may log in may do what this user may do"
)
IGNORE_CGROUPS: Final = "--ignore-cgroups"
NO_MEMORY_LIMIT: Final = (
    "the runtime {runtime} runs with --ignore-cgroups: no limit on memory, processors or processes "
    "holds, and one scope can take all that the host has"
)
MAYBE_NO_MEMORY_LIMIT: Final = (
    "the runtime {runtime} may run with --ignore-cgroups, and then no memory limit holds"
)


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A driver, its disks, and what an operator must know about them."""

    driver: EngineDriver
    berths: Berths
    notices: tuple[str, ...] = ()


async def choose(settings: Settings, held: set[str], environ: dict[str, str]) -> Chosen:
    """The driver for these settings; `held` are those that ever held scopes in this state dir.

    Raises DriverRefused where the wanted one must not serve.
    """
    docker = DockerDriver(settings.state_dir / "identity", options=_options(settings))
    if await _is_docker(settings, docker, held):
        berths = await choose_berths(settings.state_dir / BERTHS_FOLDER)
        return Chosen(driver=docker, berths=berths, notices=await _engine_notices(settings, docker))
    await docker.close()
    _check_process(settings, held)
    return Chosen(
        driver=_process(settings, environ),
        berths=FolderBerths(settings.state_dir / BERTHS_FOLDER, why="there is no engine"),
        notices=(NO_ISOLATION,),
    )


def is_local(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    return host in LOCAL_NAMES or is_loopback(host)


async def _is_docker(settings: Settings, docker: DockerDriver, held: set[str]) -> bool:
    """Never processes where strangers can reach us, or where containers may still hold scopes."""
    if settings.driver != "auto":
        return settings.driver == "docker"
    return not is_local(settings.host) or "docker" in held or await _answers(docker)


async def _answers(driver: EngineDriver) -> bool:
    try:
        await driver.ping()
    except (EngineUnavailable, EngineError):
        return False
    return True


def _check_process(settings: Settings, held: set[str]) -> None:
    if not is_local(settings.host):
        raise DriverRefused("process", f"it isolates nobody, and {settings.host} is not loopback")  # noqa: EM101
    if "docker" in held:
        raise DriverRefused("process", f"{settings.state_dir} holds scopes in containers")  # noqa: EM101


def _options(settings: Settings) -> EngineOptions:
    defaults = EngineOptions()
    return EngineOptions(
        runtime=settings.runtime,
        open_files=settings.scope_open_files,
        # The engine begins the next file when one is full, and drops the oldest.
        log_bytes=max(1, settings.scope_log // defaults.log_files),
    )


async def _engine_notices(settings: Settings, docker: DockerDriver) -> tuple[str, ...]:
    if settings.runtime == "runc":
        return ()
    try:
        arguments = await docker.runtime_arguments(settings.runtime)
    except (EngineUnavailable, EngineError):
        return (MAYBE_NO_MEMORY_LIMIT.format(runtime=settings.runtime),)
    if not any(argument.startswith(IGNORE_CGROUPS) for argument in arguments):
        return ()
    return (NO_MEMORY_LIMIT.format(runtime=settings.runtime),)


def _process(settings: Settings, environ: dict[str, str]) -> ProcessDriver:
    environment = {
        **passed_on(environ),
        "PYTHONPATH": str(ROOT),
        "GEOSCOPE_JARS_DIR": str(ROOT / ".cache" / "jars"),
    }
    folder = settings.state_dir / "processes"
    return ProcessDriver(folder, AGENT_COMMAND, ROOT / "samples", environment=environment)
