"""What only the process driver does: its shim, orphans, and a control plane that was killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from control.engine.driver import ContainerPlan, ContainerState
from control.engine.process import ProcessDriver
from control.engine.process_record import ProcessRecord, is_alive
from control.engine.process_spawn import passed_on
from control.engine.shim import children, identity
from control.errors import EngineError
from tests.docker.harness import until
from wire.settings import AgentSettings

PARENT_OF_TWO = """
import os, signal, sys, time
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        signal.pause()
print("ready", flush=True)
{end}
"""

TELL_PIDS = "import os; print('pids', os.environ['GEOSCOPE_AGENT_KERNEL_PIDS'], flush=True)"
TELL_DATA = "import os; print('data', os.environ['GEOSCOPE_AGENT_DATA_DIRS'], flush=True)"


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[Path]:
    yield tmp_path
    driver = make_driver(tmp_path, "")
    for status in await driver.list("i"):
        await driver.remove(status.id)
    await driver.close()


def make_driver(folder: Path, code: str) -> ProcessDriver:
    command = [sys.executable, "-I", "-S", "-c", code]
    return ProcessDriver(folder / "processes", command, folder / "samples")


def plan(folder: Path) -> ContainerPlan:
    return ContainerPlan(
        name="a",
        sandbox_id="s1",
        uid=1,
        gid=1,
        labels={"geoscope.installation": "i", "geoscope.sandbox": "s1"},
        image="",
        memory_bytes=1,
        cpus=1.0,
        pids=1,
        scope_dir=folder / "disk",
    )


async def running(driver: ProcessDriver, folder: Path) -> tuple[str, int]:
    """Its id and its shim's process, once it has printed something."""
    id = await driver.create(plan(folder))
    await driver.start(id)
    await until(lambda: driver.logs(id, 10), lambda text: "ready" in text)
    pid = ProcessRecord(folder / "processes" / id).pid()
    assert pid is not None
    return id, pid


def family(pid: int) -> list[dict[str, Any]]:
    """The descendants of a process."""
    below = children(pid)
    return [identity(child) for child in below] + [
        more for child in below for more in family(child)
    ]


async def ended(driver: ProcessDriver, id: str) -> int | None:
    status = await until(
        lambda: driver.status(id), lambda seen: seen.state is ContainerState.EXITED
    )
    return status.exit_code


async def test_the_agent_is_told_where_the_operators_data_lies(folder: Path) -> None:
    driver = make_driver(folder, TELL_DATA)
    given = replace(plan(folder), data=((folder / "real", "/data/taxi"),))
    id = await driver.create(given)
    await driver.start(id)

    told = await until(lambda: driver.logs(id, 10), lambda text: "data" in text)

    assert f'{{"/data/taxi":"{folder}/real"}}' in told


async def test_processes_of_a_user_who_runs_other_things_are_not_counted(folder: Path) -> None:
    driver = make_driver(folder, TELL_PIDS)
    id = await driver.create(replace(plan(folder), agent=AgentSettings(kernel_pids=448)))
    await driver.start(id)

    told = await until(lambda: driver.logs(id, 10), lambda text: "pids" in text)

    assert "pids 0" in told


async def test_orphans_end_with_their_agent(folder: Path) -> None:
    driver = make_driver(folder, PARENT_OF_TWO.format(end="time.sleep(0.2); sys.exit(70)"))
    id, shim = await running(driver, folder)
    below = family(shim)
    code = await ended(driver, id)
    await driver.close()

    assert code == 70
    assert not any(map(is_alive, below))


async def test_force_ends_the_whole_family(folder: Path) -> None:
    driver = make_driver(folder, PARENT_OF_TWO.format(end="signal.pause()"))
    id, shim = await running(driver, folder)
    below = family(shim)
    await driver.remove(id)
    await driver.close()

    assert len(below) == 3
    assert not any(map(is_alive, below))
    assert not (folder / "processes" / id).exists()


async def test_the_agent_does_not_outlive_a_killed_shim(folder: Path) -> None:
    driver = make_driver(folder, "import signal; print('ready', flush=True); signal.pause()")
    id, shim = await running(driver, folder)
    [agent] = family(shim)
    os.kill(shim, signal.SIGKILL)

    assert await ended(driver, id) == 137
    await until(lambda: asyncio.to_thread(is_alive, agent), lambda seen: not seen)
    await driver.close()


async def test_a_signal_is_told_as_a_code(folder: Path) -> None:
    driver = make_driver(folder, "import os; os.kill(os.getpid(), 11)")
    id = await driver.create(plan(folder))
    await driver.start(id)

    assert await ended(driver, id) == 128 + signal.SIGSEGV
    await driver.close()


async def test_a_command_that_is_not_there_is_said(folder: Path) -> None:
    driver = ProcessDriver(folder / "processes", ["/nobody/has/this"], folder)
    id = await driver.create(plan(folder))

    assert not await driver.has_image("")
    with pytest.raises(EngineError, match="/nobody/has/this"):
        await driver.start(id)

    assert (await driver.status(id)).state is ContainerState.CREATED
    await driver.close()


async def test_a_damaged_record_is_said(folder: Path) -> None:
    driver = make_driver(folder, "")
    id = await driver.create(plan(folder))
    (folder / "processes" / id / "record.json").write_text("{")
    with pytest.raises(EngineError):
        await driver.status(id)

    (folder / "processes" / id / "record.json").unlink()
    await driver.close()


@pytest.mark.parametrize("id", ["", "..", "../x", "a/b"])
async def test_an_id_leads_nowhere_else(folder: Path, id: str) -> None:
    driver = make_driver(folder, "")

    with pytest.raises(EngineError):
        await driver.status(id)


def test_no_secret_is_passed_on() -> None:
    environment = {"PATH": "/bin", "GEOSCOPE_ADMIN_PASSWORD": "secret", "HOME": "/root"}

    assert passed_on(environment) == {"PATH": "/bin"}


START_AND_SLEEP = """
import asyncio, sys, os
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.unit.control.test_process import PARENT_OF_TWO, make_driver, running
async def main():
    folder = Path({folder!r})
    driver = make_driver(folder, PARENT_OF_TWO.format(end="signal.pause()"))
    id, _ = await running(driver, folder)
    print(id, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


async def test_a_killed_control_plane_leaves_them_running(folder: Path) -> None:
    root = str(Path(__file__).parents[3])
    code = START_AND_SLEEP.format(root=root, folder=str(folder))
    control = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    assert control.stdout is not None
    id = (await control.stdout.readline()).decode().strip()
    control.kill()
    await control.wait()
    heir = make_driver(folder, "")
    [status] = await heir.list("i")

    assert (status.id, status.state) == (id, ContainerState.RUNNING)
    await heir.stop(id, 5)
    assert await ended(heir, id) == 143
    await heir.close()
