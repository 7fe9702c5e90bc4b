"""What a tenant may do to its own scope, in the shipped image, locked down as every scope is.

The kernel or the scope itself may fall, nothing else does, and the reason is right.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import docker
import pytest
import pytest_asyncio

from control.agent_client import AgentClient
from control.engine.docker import DockerDriver
from control.engine.driver import ContainerState
from control.errors import AgentFailed, GeoscopeError
from tests.contract.real_agent import Notes, interrupted, query, run, until_ready
from tests.docker.fixtures import engine, run_id
from tests.docker.harness import SCOPE_UID, World, inside, until
from wire import messages as wire
from wire.protocol import ErrorCode, ExitCode
from wire.settings import AgentSettings

__all__ = ["engine", "run_id"]

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.docker,
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.asyncio(loop_scope="module"),
]
IMAGE = os.environ.get("GEOSCOPE_IMAGE", "geoscope-sandbox:latest")
MEMORY_BYTES = 1700 * 1024**2
HEAP_BYTES = 600 * 1024**2
PIDS = 300
KERNEL_PIDS = 236
OTHER_UID = SCOPE_UID + 1
KILLED = 137
FOREVER = """
def forever(value):
    while True:
        pass
spark.udf.register("forever", forever, "int")
"""


FORK_BOMB = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""


BALLOON = """
held = []
while True:
    held.append(b'x' * 10**7)
"""


AS_MANY_AS_FIT = """
import os, signal
pids = []
try:
    while True:
        pid = os.fork()
        if pid == 0:
            signal.pause()
        pids.append(pid)
except OSError as error:
    why = error.strerror
why, len(pids)
"""
ALL_OF_THEM = """
for pid in pids:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
"""


@dataclass
class Scope:
    """One container with an agent in it."""

    world: World
    id: str
    client: AgentClient

    async def run(self, code: str, **changes: Any) -> Notes:
        """Run a statement to its end."""
        return await run(self.client, code, **changes)

    async def value(self, code: str) -> object:
        """The value of an expression, which must have one."""
        reply = (await self.run(code)).reply
        assert reply.status == "ok", reply
        return reply.result

    async def interrupted(self, code: str) -> wire.ExecuteReply:
        """The reply of a statement that is interrupted once it has printed something."""
        return await interrupted(self.client, code)

    async def falls(self, code: str) -> int:
        """The exit code of the container that this statement ends."""
        with contextlib.suppress(GeoscopeError):  # its connection ends with it
            await self.run(code, timeout_s=30.0)
        status = await self.world.until_state(self.id, ContainerState.EXITED, 60)
        exit_code: int = status.exit_code
        return exit_code

    async def is_idle(self) -> None:
        """Spark works on nothing any more: a cancelled job ends when its tasks have seen it."""
        jobs = "sc.statusTracker().getActiveJobsIds()"
        await until(lambda: self.value(jobs), lambda active: active == [])

    async def is_well(self) -> None:
        """Python, Spark, Spark's workers and SQL all answer."""
        assert await self.value("sc.parallelize([1, 2]).map(lambda x: x + 1).sum()") == 5
        assert await query(self.client, "select 1") == b"[[1]]"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(
    engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory, run_id: str
) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("world")
    world = World(lambda: DockerDriver(folder / "identity"), IMAGE, folder, run_id)
    yield world
    for status in await world.driver.list(world.installation):
        await world.driver.remove(status.id)
    await world.driver.close()


async def opened(world: World, name: str, uid: int = SCOPE_UID) -> Scope:
    """A scope whose agent is ready."""
    agent = AgentSettings(
        sandbox_id=name,
        cpus=2,
        memory_bytes=MEMORY_BYTES,
        heap_bytes=HEAP_BYTES,
        kernel_pids=KERNEL_PIDS,
    )
    limits = {"memory_bytes": MEMORY_BYTES, "cpus": 2.0, "pids": PIDS}
    # A uid of its own, as every scope has: processes are counted by it.
    world.uid = uid
    id = await world.run(name, agent=agent, **limits)
    client = AgentClient(world.socket(name), uid=uid)
    try:
        await until_ready(client)
    except AssertionError:
        print(await world.driver.logs(id, 100))  # noqa: T201  (pytest shows it)
        raise
    return Scope(world, id, client)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scope(world: World) -> AsyncIterator[Scope]:
    """One for all who must leave it well: a JVM takes seconds to start."""
    scope = await opened(world, "lasting")
    yield scope
    await scope.client.close()


@pytest_asyncio.fixture(loop_scope="module")
async def doomed(world: World) -> AsyncIterator[Scope]:
    """A scope that does not outlive its test."""
    scope = await opened(world, "doomed", OTHER_UID)
    yield scope
    await scope.client.close()
    await world.driver.remove(scope.id)


async def test_spark_stop_closes_a_handle_and_nothing_else(scope: Scope) -> None:
    await scope.run('spark.range(3).createOrReplaceTempView("kept")')

    notes = await scope.run("spark.stop()\nsc.stop()")

    assert notes.reply.status == "ok"
    assert "keeps running" in notes.text("stderr")
    assert await scope.value('spark.table("kept").count()') == 3
    assert await query(scope.client, "select count(*) from kept") == b"[[3]]"
    await scope.is_well()


async def test_an_interrupt_ends_a_collect_and_keeps_the_namespace(scope: Scope) -> None:
    await scope.run("kept = 7")

    reply = await scope.interrupted(
        'print("up")\nspark.range(10**13).selectExpr("sum(id % 7)").collect()'
    )

    assert (reply.code, reply.namespace_lost) == (ErrorCode.INTERRUPTED, False)
    assert await scope.value("kept") == 7
    await scope.is_idle()
    await scope.is_well()


async def test_an_endless_function_ends_with_its_statement(scope: Scope) -> None:
    await scope.run(FOREVER + "kept = 7")

    with pytest.raises(AgentFailed) as error:
        await query(scope.client, "select forever(1)", timeout_s=5.0)
    reply = (await scope.run('spark.sql("select forever(2)").collect()', timeout_s=5.0)).reply

    assert error.value.code is ErrorCode.TIMEOUT
    assert (reply.code, reply.namespace_lost) == (ErrorCode.TIMEOUT, False)
    assert await scope.value("kept") == 7
    await scope.is_idle()
    await scope.is_well()


async def test_a_statement_that_ignores_its_end_loses_its_namespace(scope: Scope) -> None:
    code = """
        import subprocess, time
        subprocess.Popen(["sleep", "4242"], start_new_session=True)
        while True:
            try:
                time.sleep(100)
            except KeyboardInterrupt:
                pass
    """

    reply = (await scope.run(code, timeout_s=2.0)).reply

    assert (reply.code, reply.namespace_lost) == (ErrorCode.TIMEOUT, True)
    assert reply.exit_code == KILLED
    await scope.is_well()
    assert (await scope.run("code")).reply.ename == "NameError"
    assert "4242" not in processes(scope)


def processes(scope: Scope) -> str:
    """The command lines of everything in the container."""
    client = docker.from_env()
    script = "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"
    try:
        return inside(client, scope.id, script)[1]
    finally:
        client.close()


async def test_a_balloon_takes_the_kernel_and_not_the_jvm(scope: Scope) -> None:
    await scope.run('spark.range(3).createOrReplaceTempView("kept")')

    reply = (await scope.run(BALLOON)).reply

    assert reply.code is ErrorCode.KERNEL_DIED
    assert (reply.exit_code, reply.out_of_memory, reply.namespace_lost) == (KILLED, True, True)
    assert "memory" in reply.message
    assert await query(scope.client, "select count(*) from kept") == b"[[3]]"
    await scope.is_well()


async def test_a_balloon_in_a_function_takes_spark_s_worker_only(scope: Scope) -> None:
    await scope.run(
        "kept = 7\n"
        "def balloon(value):\n"
        "    held = []\n"
        "    while True:\n"
        "        held.append(b'x' * 10**7)\n"
        'spark.udf.register("balloon", balloon, "int")'
    )

    with pytest.raises(AgentFailed) as error:
        await query(scope.client, "select balloon(1)", timeout_s=90.0)

    assert error.value.code in (ErrorCode.SQL_ERROR, ErrorCode.MEMORY_FULL)
    assert "worker" in str(error.value) or "memory" in str(error.value)
    assert await scope.value("kept") == 7
    await scope.is_well()


async def test_a_kernel_that_ends_itself_says_how(scope: Scope) -> None:
    """Whatever was killed for want of memory before."""
    await scope.run(BALLOON)
    reply = (await scope.run("import os\nos._exit(5)")).reply

    assert reply.code is ErrorCode.KERNEL_DIED
    assert (reply.exit_code, reply.out_of_memory) == (5, False)
    await scope.is_well()


async def test_three_hundred_megabytes_of_prints_are_cut_while_they_come(scope: Scope) -> None:
    notes = await scope.run(
        "for _ in range(300):\n    print('x' * 10**6)\n7", max_output_bytes=10**6
    )

    assert (notes.reply.result, notes.reply.truncated) == (7, True)
    assert len(notes.text()) <= 10**6
    await scope.is_well()


async def test_a_fork_bomb_stays_in_its_scope(scope: Scope, doomed: Scope) -> None:
    reply = (await doomed.run(FORK_BOMB, timeout_s=2.0)).reply

    await scope.is_well()
    # Whether the interrupt ends it, or the kernel goes with it, is a matter of luck.
    assert reply.code is ErrorCode.TIMEOUT
    assert await doomed.value("1 + 1") == 2
    await doomed.is_well()


async def test_processes_leave_agent_and_jvm_room_for_threads(doomed: Scope) -> None:
    why, forked = await doomed.value(AS_MANY_AS_FIT)  # type: ignore[misc]
    usage = await doomed.world.driver.usage(doomed.id)
    # Each answer takes threads of both that are not there yet.
    counts = [await query(doomed.client, f"select count(*) from range({n})") for n in range(3)]

    assert (why, usage.pids is not None) == ("Resource temporarily unavailable", True)
    assert forked > KERNEL_PIDS // 4
    assert usage.pids < PIDS - 32
    assert counts == [b"[[0]]", b"[[1]]", b"[[2]]"]
    await doomed.run(ALL_OF_THEM)
    await doomed.is_well()


async def test_ending_the_jvm_ends_the_scope_and_says_so(doomed: Scope) -> None:
    assert await doomed.falls("spark._jvm.java.lang.System.exit(0)") == ExitCode.JVM_DIED


async def test_stopping_the_context_in_the_jvm_ends_the_scope_and_says_so(doomed: Scope) -> None:
    assert await doomed.falls("sc._jsc.sc().stop()") == ExitCode.SPARK_STOPPED


async def test_killing_the_agent_ends_the_scope(doomed: Scope) -> None:
    assert await doomed.falls("import os\nos.kill(os.getppid(), 9)") == KILLED


async def test_waiting_statements_are_told_when_their_scope_falls(doomed: Scope) -> None:
    waiting = asyncio.create_task(query(doomed.client, "select 1", timeout_s=60.0))

    assert await doomed.falls("spark._jvm.java.lang.Runtime.getRuntime().halt(3)") == (
        ExitCode.JVM_OUT_OF_MEMORY
    )
    with pytest.raises(GeoscopeError):
        await asyncio.gather(waiting, query(doomed.client, "select 1", timeout_s=5.0))
