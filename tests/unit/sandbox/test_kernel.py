"""The kernel as a tenant meets it: through the agent that owns it."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from control.agent_client import AgentClient
from control.errors import AgentFailed
from tests.contract.real_agent import interrupted, query, run, socket_of, start_agent, until_ready
from wire import messages as wire
from wire.protocol import ErrorCode

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(400)]
PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The disk of a scope whose agent all tests here share."""
    folder = tmp_path_factory.mktemp("kernel") / "disk"
    process = start_agent(folder, kernel_memory_bytes=3 * 1024**3)
    yield folder
    process.terminate()
    process.wait(30)


@pytest.fixture
async def client(folder: Path) -> AsyncIterator[AgentClient]:
    client = AgentClient(socket_of(folder), uid=os.getuid())
    await until_ready(client)
    yield client
    await client.close()


async def value(client: AgentClient, code: str) -> object:
    reply = (await run(client, code)).reply
    assert reply.status == "ok", reply
    return reply.result


async def test_the_namespace_has_what_users_expect(client: AgentClient) -> None:
    assert await value(client, "spark.version.split('.')[0], SparkSession.__name__") == [
        "4",
        "SparkSession",
    ]
    assert await value(client, "arctern.__name__") == "arctern"


async def test_a_value_is_json_or_its_repr(client: AgentClient) -> None:
    assert await value(client, "{'a': [1, None, float('nan')]}") == {"a": [1, None, None]}
    assert await value(client, "{1, 2}") == "{1, 2}"
    assert await value(client, "x = 3") is None
    assert await value(client, "3;") is None


async def test_statements_are_counted_and_leave_nothing_of_themselves(client: AgentClient) -> None:
    names = "len(get_ipython().user_ns)"
    first = (await run(client, names)).reply
    for _ in range(3):
        await value(client, "1 + 1")
    last = (await run(client, names)).reply

    assert last.result == first.result
    assert last.execution_count == first.execution_count + 4


async def test_top_level_await_works(client: AgentClient) -> None:
    code = "import asyncio\nawait asyncio.sleep(0)\n'after'"
    assert await value(client, code) == "after"


async def test_the_agent_learns_which_statements_used_spark(client: AgentClient) -> None:
    calls = "get_ipython().kernel.attachment.calls"
    before = await value(client, calls)
    assert await value(client, calls) == before
    await value(client, "spark.sql('select 1').collect()")
    assert await value(client, calls) != before


async def test_a_figure_is_displayed_as_png(client: AgentClient) -> None:
    notes = await run(client, "import matplotlib.pyplot as plt\nplt.plot([1, 2]);")

    (picture,) = [mime["image/png"] for mime in notes.displays]
    assert base64.b64decode(picture).startswith(PNG)


async def test_a_frame_is_a_value_and_displayed_as_html(client: AgentClient) -> None:
    notes = await run(client, "import pandas\npandas.DataFrame({'a': [1]})")

    assert notes.reply.result == "   a\n0  1"
    assert "<table" in notes.displays[0]["text/html"]


async def test_an_exception_has_name_value_and_lines(client: AgentClient) -> None:
    reply = (await run(client, "def f():\n    return 1 / 0\nf()")).reply

    assert (reply.code, reply.ename) == (ErrorCode.PYTHON_ERROR, "ZeroDivisionError")
    assert reply.evalue == "division by zero"
    assert reply.traceback is not None
    assert reply.traceback[-1] == "ZeroDivisionError: division by zero"
    assert not any("\x1b" in line or "\n" in line for line in reply.traceback)


async def test_views_and_functions_are_seen_on_both_sides(client: AgentClient) -> None:
    await run(client, "spark.range(3).createOrReplaceTempView('from_python')")
    await run(client, "spark.udf.register('plus_one', lambda x: x + 1, 'long')")
    await query(client, "create or replace temp view from_sql as select 7 as x", collect=False)

    assert await query(client, "select sum(plus_one(id)) from from_python") == b"[[6]]"
    assert await value(client, "spark.table('from_sql').first().x") == 7


async def test_accumulators_count_once(client: AgentClient) -> None:
    code = """
        total = sc.accumulator(0)
        sc.parallelize(range(10), 4).foreach(lambda x: total.add(x))
        total.value
    """

    assert await value(client, code) == 45


async def test_modules_in_the_scopes_files_work_in_spark_too(client: AgentClient) -> None:
    code = """
        from pathlib import Path
        Path("mine.py").write_text("def double(x):\\n    return 2 * x\\n")
        import mine
        sc.parallelize([1, 2]).map(mine.double).collect()
    """

    assert await value(client, code) == [2, 4]


async def test_a_session_is_a_variable_with_its_own_configuration(client: AgentClient) -> None:
    configs = {"spark.sql.shuffle.partitions": "3"}
    envs = {"GREETING": "hello"}
    await client.call(wire.CreateSession(name="second", configs=configs, envs=envs), 60)

    assert await value(client, "second.conf.get('spark.sql.shuffle.partitions')") == "3"
    greeting = "__import__('os').environ['GREETING']"
    workers = f"sc.parallelize([1]).map(lambda _: {greeting}).first()"
    assert await value(client, f"{greeting}, {workers}") == ["hello", "hello"]
    await run(client, "second.range(1).createOrReplaceTempView('apart')")
    assert await query(client, "select * from apart", session="second") == b"[[0]]"
    with pytest.raises(AgentFailed):
        await query(client, "select * from apart")

    await client.call(wire.DeleteSession(name="second"), 60)
    assert (await run(client, "second")).reply.ename == "NameError"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"master": "yarn"}, ErrorCode.SESSION_NEEDS_OWN_CONTEXT),
        ({"configs": {"spark.executor.memory": "9g"}}, ErrorCode.SESSION_NEEDS_OWN_CONTEXT),
        ({"configs": {"spark.sql.warehouse.dir": "/x"}}, ErrorCode.SESSION_NEEDS_OWN_CONTEXT),
        ({"configs": {"spark.sql.shuffle.partitions": "x"}}, ErrorCode.SESSION_FAILED),
        ({"name": "spark"}, ErrorCode.SESSION_EXISTS),
        ({"name": "not a name"}, ErrorCode.BAD_PARAMETER),
    ],
)
async def test_a_session_that_cannot_be_is_refused(
    client: AgentClient, changes: dict[str, object], code: ErrorCode
) -> None:
    with pytest.raises(AgentFailed) as error:
        await client.call(wire.CreateSession(**({"name": "odd"} | changes)), 60)  # type: ignore[arg-type]

    assert error.value.code is code


async def test_variables_are_as_of_the_last_statement(client: AgentClient) -> None:
    await run(client, "numbers = [1, 2, 3]")

    facts = await client.call(wire.FactsRequest(), 60)

    assert "numbers" in [variable.name for variable in facts.variables]
    assert "spark" not in [variable.name for variable in facts.variables]


async def test_an_interrupt_reaches_processes_too(client: AgentClient) -> None:
    code = "import subprocess\nprint('up')\nsubprocess.run(['sleep', '1000'])"
    running = asyncio.create_task(run(client, code))
    await repeated(client, wire.InterruptRequest())

    reply = (await running).reply

    assert (reply.code, reply.namespace_lost) == (ErrorCode.INTERRUPTED, False)


@pytest.mark.parametrize("after_s", [0.0, 0.02, 0.1, 0.3])
async def test_no_job_outlives_an_interrupted_statement(
    client: AgentClient, after_s: float
) -> None:
    """Python has given up the call by which the JVM plans, and is yet to begin, the job."""
    code = 'print("up")\nspark.range(10**13).selectExpr("sum(id % 7)").collect()'

    reply = await interrupted(client, code, after_s)

    assert (reply.code, reply.namespace_lost) == (ErrorCode.INTERRUPTED, False)
    await asyncio.sleep(0.5)  # for a job that begins late
    async with asyncio.timeout(30):
        while await value(client, "sc.statusTracker().getActiveJobsIds()"):
            continue
    assert await value(client, "spark.range(5).count()") == 5


async def repeated(
    client: AgentClient, request: wire.InterruptRequest | wire.CancelRequest
) -> None:
    """Ask until there was something to stop."""
    async with asyncio.timeout(30):
        while not (await client.call(request, 10)).command:
            continue


async def test_a_waiting_statement_can_be_cancelled(client: AgentClient) -> None:
    first = asyncio.create_task(run(client, "import time\ntime.sleep(1000)", work_id="first"))
    second = asyncio.create_task(run(client, "1", work_id="second"))
    for work_id in ("second", "first"):
        await repeated(client, wire.CancelRequest(work_id=work_id))

    assert (await first).reply.code is ErrorCode.CANCELLED
    assert (await second).reply.code is ErrorCode.CANCELLED


async def test_input_and_exit_do_no_harm(client: AgentClient) -> None:
    asked = (await run(client, "input()")).reply
    notes = await run(client, "exit()")

    assert asked.code is ErrorCode.PYTHON_ERROR
    assert "restart the scope" in notes.text("stderr")
    assert await value(client, "1 + 1") == 2


async def test_awaiting_and_threads_work(client: AgentClient) -> None:
    assert await value(client, "import asyncio\nawait asyncio.sleep(0)\n7") == 7
    notes = await run(
        client,
        "import threading\nt = threading.Thread(target=print, args=('out',))\nt.start(); t.join()",
    )
    assert notes.text() == "out\n"


async def test_functions_outlive_the_kernel_that_made_them(client: AgentClient) -> None:
    await run(client, "spark.udf.register('lasting', lambda x: x + 1, 'long')")

    reply = (await run(client, "import os\nos._exit(3)")).reply

    assert (reply.code, reply.exit_code) == (ErrorCode.KERNEL_DIED, 3)
    assert await query(client, "select sum(lasting(id)) from range(4)") == b"[[10]]"
    assert await value(client, "1 + 1") == 2


async def test_a_memory_error_costs_the_statement_only(client: AgentClient) -> None:
    await run(client, "kept = 7")

    reply = (await run(client, "x = bytearray(4 * 1024**3)")).reply

    assert (reply.code, reply.ename) == (ErrorCode.PYTHON_ERROR, "MemoryError")
    assert await value(client, "kept") == 7
