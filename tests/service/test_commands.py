"""POST /command."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from control.scopes.queue import MAX_WAITING
from tests.fakes.agent import Raw, ScriptedAgent, executed
from tests.service.client import ErrorCode, Server, User, until
from wire import messages as wire

BODY = {"scope": "taxi", "command": "1+1"}
FIGURE = {"image/png": "iVBORw0KGgo="}


def ended(**reply: Any) -> list[wire.ExecuteEvent]:
    return [wire.DoneEvent(reply=wire.ExecuteReply(**reply))]


async def test_value_output_and_displays_come_back(ann: User, agent: ScriptedAgent) -> None:
    agent.on(
        wire.ExecuteRequest,
        [
            wire.OutputEvent(name="stdout", text="a"),
            wire.OutputEvent(name="stderr", text="warned"),
            wire.OutputEvent(name="stdout", text="b"),
            wire.DisplayEvent(mime=FIGURE),
            *ended(status="ok", result={"x": [1, None]}),
        ],
    )

    body = (await ann.post("/command", BODY)).good()

    assert body["message"] == "execute command successfully!"
    assert (body["result"], body["stdout"], body["stderr"]) == ({"x": [1, None]}, "ab", "warned")
    assert body["display"] == [FIGURE]


async def test_code_travels_as_it_is(ann: User, agent: ScriptedAgent) -> None:
    code = "print(\"'''\n\\\")\n# \u00e4\u0000"

    (await ann.post("/command", {"scope": "taxi", "command": code})).good()

    assert agent.asked_for(wire.ExecuteRequest)[0].code == code


async def test_an_exception_of_user_code_is_400_with_its_traceback(
    ann: User, agent: ScriptedAgent
) -> None:
    agent.on(
        wire.ExecuteRequest,
        [
            wire.OutputEvent(name="stdout", text="before"),
            *ended(
                status="error",
                code=ErrorCode.PYTHON_ERROR,
                ename="ZeroDivisionError",
                evalue="division by zero",
                traceback=["line 1"],
            ),
        ],
    )

    reply = await ann.post("/command", BODY)

    assert reply.error == (400, 400, "python_error")
    assert reply.body["ename"] == "ZeroDivisionError"
    assert reply.body["evalue"] == "division by zero"
    assert reply.body["traceback"] == ["line 1"]
    assert reply.body["stdout"] == "before"


async def test_a_timeout_is_504(ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.ExecuteRequest, ended(status="error", code=ErrorCode.TIMEOUT, message="slow"))

    assert (await ann.post("/command", BODY)).error == (504, 504, "timeout")


async def test_a_dead_kernel_says_why(ann: User, agent: ScriptedAgent) -> None:
    agent.on(
        wire.ExecuteRequest,
        ended(
            status="error",
            code=ErrorCode.KERNEL_DIED,
            message="the kernel ran out of memory",
            namespace_lost=True,
            exit_code=-9,
            out_of_memory=True,
        ),
    )

    reply = await ann.post("/command", BODY)

    assert reply.error == (400, 400, "kernel_died")
    assert reply.body["out_of_memory"] is True
    assert (reply.body["exit_code"], reply.body["namespace_lost"]) == (-9, True)


async def test_the_timeout_and_the_output_limit_reach_the_agent(
    ann: User, agent: ScriptedAgent
) -> None:
    (await ann.post("/command", {**BODY, "timeout": 7.5})).good()

    [asked] = agent.asked_for(wire.ExecuteRequest)
    assert 7 < asked.timeout_s <= 7.5
    assert asked.max_output_bytes == 10 * 1024**2


async def test_commands_run_one_at_a_time_in_order(ann: User, agent: ScriptedAgent) -> None:
    gate = asyncio.Event()

    async def slow(request: wire.ExecuteRequest) -> list[wire.ExecuteEvent]:
        await gate.wait()
        return executed(request.code)

    agent.on(wire.ExecuteRequest, slow)
    tasks = []
    for number in range(3):
        tasks.append(asyncio.create_task(ann.post("/command", {**BODY, "command": str(number)})))
        await until(lambda n=number: _waiting(agent) == min(1, n + 1))
        await asyncio.sleep(0)
    assert len(agent.asked_for(wire.ExecuteRequest)) == 1

    gate.set()
    replies = await asyncio.gather(*tasks)

    assert [reply.good()["result"] for reply in replies] == ["0", "1", "2"]


async def test_the_seventeenth_that_waits_is_refused(
    server: Server, ann: User, agent: ScriptedAgent
) -> None:
    gate = asyncio.Event()

    async def slow(_: wire.ExecuteRequest) -> list[wire.ExecuteEvent]:
        await gate.wait()
        return executed()

    agent.on(wire.ExecuteRequest, slow)
    tasks = [asyncio.create_task(ann.post("/command", BODY)) for _ in range(MAX_WAITING + 1)]
    await until(lambda: server.services.registry.waiting_commands("ann", "taxi") == MAX_WAITING)

    reply = await ann.post("/command", BODY)

    assert reply.error == (429, 429, "too_many_commands")
    assert "Retry-After" in reply.headers
    gate.set()
    assert {reply.status for reply in await asyncio.gather(*tasks)} == {200}


async def test_waiting_counts_in_the_timeout(ann: User, agent: ScriptedAgent) -> None:
    gate = asyncio.Event()

    async def slow(_: wire.ExecuteRequest) -> list[wire.ExecuteEvent]:
        await gate.wait()
        return executed()

    agent.on(wire.ExecuteRequest, slow)
    first = asyncio.create_task(ann.post("/command", BODY))
    await until(lambda: _waiting(agent) == 1)

    reply = await ann.post("/command", {**BODY, "timeout": 0.05})

    assert reply.error == (504, 504, "timeout")
    gate.set()
    (await first).good()


async def test_a_stream_has_every_event_and_ends_with_the_reply(
    ann: User, agent: ScriptedAgent
) -> None:
    agent.on(
        wire.ExecuteRequest,
        [
            wire.StateEvent(state="running"),
            wire.OutputEvent(name="stdout", text="a"),
            wire.OutputEvent(name="stderr", text="b"),
            wire.DisplayEvent(mime=FIGURE),
            *ended(status="ok", result=2),
        ],
    )

    reply = await ann.post("/command", {**BODY, "stream": True})

    assert reply.headers["Content-Type"].startswith("text/event-stream")
    events = _events(reply.raw)
    assert [name for name, _ in events] == ["state", "stdout", "stderr", "display", "done"]
    assert events[1][1] == {"text": "a"}
    assert events[3][1] == FIGURE
    plain = (await ann.post("/command", BODY)).good()
    assert events[-1][1] == plain


async def test_accept_asks_for_a_stream_too(ann: User, agent: ScriptedAgent) -> None:
    reply = await ann.post("/command", BODY, headers={"Accept": "text/event-stream"})

    assert [name for name, _ in _events(reply.raw)] == ["state", "done"]


async def test_an_error_in_a_stream_is_its_last_event(ann: User, agent: ScriptedAgent) -> None:
    agent.on(
        wire.ExecuteRequest,
        [
            wire.StateEvent(state="running"),
            *ended(status="error", code=ErrorCode.PYTHON_ERROR, ename="E", evalue="v"),
        ],
    )

    reply = await ann.post("/command", {**BODY, "stream": True})

    assert reply.status == 200
    name, body = _events(reply.raw)[-1]
    assert (name, body["status"], body["code"], body["ename"]) == ("done", "error", 400, "E")


async def test_an_error_before_the_stream_is_an_error(ann: User) -> None:
    reply = await ann.post("/command", {"scope": "none", "command": "1", "stream": True})

    assert reply.error == (404, 404, "scope_not_found")


async def test_an_agent_that_talks_nonsense_is_502(ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.ExecuteRequest, Raw(b"<html>\n"))

    assert (await ann.post("/command", BODY)).error == (502, 502, "agent_misbehaved")


async def test_an_agent_without_a_last_word_is_502(ann: User, agent: ScriptedAgent) -> None:
    agent.on(wire.ExecuteRequest, [wire.StateEvent(state="running")])

    assert (await ann.post("/command", BODY)).error == (502, 502, "agent_misbehaved")


def _waiting(agent: ScriptedAgent) -> int:
    return len(agent.asked_for(wire.ExecuteRequest))


def _events(raw: bytes) -> list[tuple[str, dict[str, Any]]]:
    events = []
    for block in raw.decode().strip().split("\n\n"):
        first, second = block.split("\n")
        events.append((first.removeprefix("event: "), json.loads(second.removeprefix("data: "))))
    return events


async def test_more_output_than_may_be_is_no_answer_of_an_agent_of_ours(
    ann: User, agent: ScriptedAgent
) -> None:
    flood = [wire.OutputEvent(name="stdout", text="x" * 1024**2)] * 11
    agent.on(wire.ExecuteRequest, [*flood, *ended(status="ok")])

    reply = await ann.post("/command", BODY)

    assert reply.error == (502, 502, "agent_misbehaved")


async def test_a_large_value_comes_back_as_it_was(ann: User, agent: ScriptedAgent) -> None:
    value = [{"a": None}, [], 1.5, "\u00e4"] * 1000
    agent.on(wire.ExecuteRequest, ended(status="ok", result=value))

    assert (await ann.post("/command", BODY)).good()["result"] == value
